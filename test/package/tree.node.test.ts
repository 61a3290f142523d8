import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { outermost, rooms } from "../../scripts/rooms.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const read = (file: string) => fs.readFileSync(path.join(root, file), "utf8");
const isTest = (file: string) => /\.(test|test-d)\.ts$/.test(file);

/** Files that git tracks or would track, relative to the root. */
function files(...patterns: string[]): string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "--", ...patterns];
  const listed = execFileSync("git", args, { cwd: root, encoding: "utf8" }).split("\n").filter(Boolean);
  return [...new Set(listed)].filter((file) => fs.existsSync(path.join(root, file)));
}

const sources = files("src/*.ts").filter((file) => !file.includes("_generated/"));
const shipped = sources.filter((file) => !isTest(file));

/** Every line of `among` that matches, as "file:line: text". */
function linesMatching(among: string[], pattern: RegExp): string[] {
  return among.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, at) => (pattern.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [])),
  );
}

/** Module names in imports, re-exports and `import()`, types included. */
function importsOf(file: string): string[] {
  return ts.preProcessFile(read(file), true, true).importedFiles.map((imported) => imported.fileName);
}

/** The room of a file under src/client, "face" for its top level, and undefined elsewhere. */
function roomOf(file: string): string | undefined {
  const inside = path.relative("src/client", file);
  if (inside.startsWith("..")) return undefined;
  return inside.includes(path.sep) ? inside.split(path.sep)[0] : "face";
}

/** The arrows of one file that point up or out. */
function wrongArrows(file: string): string[] {
  const room = roomOf(file);
  const wrong: string[] = [];
  for (const name of importsOf(file)) {
    if (!name.startsWith(".")) continue;
    const target = path.normalize(path.join(path.dirname(file), name)).replace(/\.js$/, ".ts");
    const targetRoom = roomOf(target);
    const outside = !target.startsWith("src/");
    const folder = (source: string): string | undefined => outermost.find((name) => source.startsWith(`src/${name}/`));
    const entersTop = folder(target) !== undefined && folder(file) !== folder(target);
    const intoComponent = target.startsWith("src/component/") && !target.includes("_generated/");
    const up =
      room === undefined
        ? file.startsWith("src/component/") && targetRoom !== undefined
        : intoComponent ||
          (room !== "face" &&
            targetRoom !== undefined &&
            targetRoom !== room &&
            target !== "src/client/errors.ts" &&
            !(rooms[room] ?? []).includes(targetRoom));
    if (outside || up || entersTop) wrong.push(`${file} -> ${target}`);
  }
  return wrong;
}

/** The names of the public functions that a file registers. */
function publicFunctions(file: string): string[] {
  return [...read(file).matchAll(/^export const (\w+)[^=]*= (query|mutation|action)\(/gm)].map(
    ([, name]) => name as string,
  );
}

/** Modules of a Convex folder that its generated api does not list. */
function unlistedModules(folder: string, api: string): string[] {
  const listed = new Set(
    [...read(`${folder}/_generated/${api}`).matchAll(/^import type \* as \w+ from "\.\.\/(.+)\.js";$/gm)].map(
      ([, name]) => name,
    ),
  );
  return files(`${folder}/*.ts`)
    .map((file) => path.relative(folder, file).replace(/\.ts$/, ""))
    .filter((name) => !/^_generated\/|^schema$|\.|^README/.test(name) && !listed.has(name));
}

describe("the sources", () => {
  test("no file is over 400 lines, no test over 600", () => {
    const long = sources.filter((file) => read(file).split("\n").length - 1 > (isTest(file) ? 600 : 400));
    expect(long).toEqual([]);
  });

  test("no type is forced, no check silenced, nothing left for later", () => {
    expect(linesMatching(shipped, /\bas any\b|@ts-(ignore|expect-error|nocheck)|eslint-disable/)).toEqual([]);
    expect(linesMatching(sources, /@ts-(ignore|nocheck)|\b(TODO|FIXME)\b/)).toEqual([]);
  });

  test("every room has a place in scripts/rooms.mjs", () => {
    const found = new Set(sources.map(roomOf).filter((room) => room !== undefined && room !== "face"));
    expect([...found].filter((room) => !Object.hasOwn(rooms, room as string))).toEqual([]);
  });

  test("arrows between rooms point down only, and none leaves src/", () => {
    expect(shipped.flatMap(wrongArrows)).toEqual([]);
  });

  test("the room of types leaves nothing behind when compiled", () => {
    const code = shipped
      .filter((file) => roomOf(file) === "types")
      .map((file) =>
        ts.transpileModule(read(file), { compilerOptions: { verbatimModuleSyntax: true, removeComments: true } }),
      )
      .map(({ outputText }) => outputText.replace(/^export \{\};\s*$/m, "").trim());
    expect(code.filter((text) => text !== "")).toEqual([]);
  });

  test("relative imports say .js", () => {
    const bare = sources.flatMap((file) =>
      importsOf(file).flatMap((name) =>
        name.startsWith(".") && !/\.(js|json)$/.test(name) ? [`${file}: ${name}`] : [],
      ),
    );
    expect(bare).toEqual([]);
  });
});

describe("the component", () => {
  const component = shipped.filter((file) => file.startsWith("src/component/"));

  test("its generated API lists every public function: else, `npm run build:codegen`", () => {
    const api = read("src/component/_generated/component.ts");
    const names = component.flatMap(publicFunctions);
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !api.includes(`${name}: FunctionReference<`))).toEqual([]);
    expect(unlistedModules("src/component", "api.ts")).toEqual([]);
  });

  test("the root's convex.config.ts is a link to it: a re-export would bundle the whole repository", () => {
    expect(fs.readlinkSync(path.join(root, "convex.config.ts"))).toBe("src/component/convex.config.ts");
  });
});

describe("the repository", () => {
  test("the example's generated API lists every module: else, `npm run build:codegen`", () => {
    expect(unlistedModules("example/convex", "api.d.ts")).toEqual([]);
  });

  test("names no path of the machine that it was written on", () => {
    const text = files().filter((file) => !/\.(json|png|gif)$|^test\/package\/tree\.node\.test\.ts$/.test(file));
    expect(linesMatching(text, /(^|[\s"'`(])\/(work|home|root)\/|\.\.\/shared\//)).toEqual([]);
  });

  test("the lock file names no other registry than npm's", () => {
    const resolved = [...read("package-lock.json").matchAll(/"resolved": "(https?:\/\/[^/"]+)/g)].map(
      ([, host]) => host,
    );
    expect(resolved.filter((host) => host !== "https://registry.npmjs.org")).toEqual([]);
  });
});
