// How much the client adds to a function bundle: minified and gzipped, with `convex` left out (the app has it anyway).
// `npm run size` prints it; a test keeps it below a ceiling, for functions are cold-started with it.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What an app's orm.ts and one query use of the package. */
const program = `
  import { defineRelations, Orm } from "./src/client/index.js";
  export const setUp = (component, schema, define, options) =>
    new Orm(component, { schema, relations: defineRelations(schema, define), ...options });
  export const list = (orm, ctx, args) => orm.with(ctx).query.posts.findMany(args);
`;

/** The least that could answer `findMany`: rows by a plan, without relations to load, policies, pages or explain. */
const core = `
  export { defineRelations } from "./src/client/schema/relations.js";
  export { buildCatalog } from "./src/client/schema/build.js";
  export { selectRows } from "./src/client/executor/select-rows.js";
`;

/**
 * Bundles what an app uses.
 * @returns {Promise<{ minified: number, gzipped: number, rooms: Record<string, number> }>} bytes; `rooms` splits the
 *   minified ones by folder of src/client.
 */
export const measureClient = () => measure(program);

async function measure(contents) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    external: ["convex", "convex/*"],
    logLevel: "error",
  });
  const [file] = outputFiles;
  const rooms = {};
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const [, room] = /src\/client\/(?:([^/]+)\/)?/.exec(input) ?? [
        undefined,
        /node_modules\/([^/]+)/.exec(input)?.[1],
      ];
      rooms[room ?? "face"] = (rooms[room ?? "face"] ?? 0) + bytesInOutput;
    }
  }
  return { minified: file.contents.length, gzipped: gzipSync(file.contents, { level: 9 }).length, rooms };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { minified, gzipped, rooms } = await measureClient();
  const least = await measure(core);
  const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1).padStart(6)} KB`;
  for (const [room, bytes] of Object.entries(rooms).sort(([, a], [, b]) => b - a)) {
    console.log(`${room.padEnd(16)} ${kilobytes(bytes)} minified`);
  }
  console.log(`${"whole".padEnd(16)} ${kilobytes(minified)} minified, ${kilobytes(gzipped).trim()} gzipped`);
  console.log(
    `${"rows alone".padEnd(16)} ${kilobytes(least.minified)} minified, ${kilobytes(least.gzipped).trim()} gzipped`,
  );
}
