import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import type { App } from "./extract.js";

const root = path.resolve(import.meta.dirname, "../../..");
/** Below node_modules, so that the apps find their packages; not under git. */
const scratch = path.join(root, "node_modules/.cache/convex-orm-guides");

/** What `convex codegen` would write, short: the same names, and types from the app's own schema. */
const generated: App = {
  "convex/_generated/dataModel.ts": `
import type { DataModelFromSchemaDefinition } from "convex/server";
import type { GenericId } from "convex/values";
import type schema from "../schema";
export type DataModel = DataModelFromSchemaDefinition<typeof schema>;
export type Id<Table extends string> = GenericId<Table>;
`,
  "convex/_generated/server.ts": `
import { actionGeneric, internalMutationGeneric, mutationGeneric, queryGeneric } from "convex/server";
import type { ActionBuilder, GenericMutationCtx, GenericQueryCtx, MutationBuilder, QueryBuilder } from "convex/server";
import type { DataModel } from "./dataModel";
export const query = queryGeneric as QueryBuilder<DataModel, "public">;
export const mutation = mutationGeneric as MutationBuilder<DataModel, "public">;
export const action = actionGeneric as ActionBuilder<DataModel, "public">;
export const internalMutation = internalMutationGeneric as MutationBuilder<DataModel, "internal">;
export type QueryCtx = GenericQueryCtx<DataModel>;
export type MutationCtx = GenericMutationCtx<DataModel>;
`,
  "convex/_generated/api.ts": `
import { anyApi, componentsGeneric } from "convex/server";
import type { AnyApi } from "convex/server";
import type { ComponentApi } from "convex-orm/_generated/component.js";
import type { ComponentApi as AggregateApi } from "@convex-dev/aggregate/_generated/component.js";
import type { ComponentApi as MigrationsApi } from "@convex-dev/migrations/_generated/component.js";
export const components = componentsGeneric() as unknown as {
  orm: ComponentApi;
  migrations: MigrationsApi;
  aggregatePosts: AggregateApi;
  aggregatePostsByStatus: AggregateApi;
};
export const internal: AnyApi = anyApi;
`,
};

/** Where better-convex is, when the bench's own packages are installed. */
const better = path.join(root, "bench/node_modules/better-convex/dist/orm/index");
export const betterInstalled = fs.existsSync(`${better}.js`);

const tsconfig = {
  extends: path.join(root, "tsconfig.json"),
  compilerOptions: {
    types: [],
    jsx: "react-jsx",
    paths: {
      "convex-orm": [path.join(root, "src/client/index.ts")],
      "convex-orm/convex.config": [path.join(root, "src/component/convex.config.ts")],
      "convex-orm/_generated/component.js": [path.join(root, "src/component/_generated/component.ts")],
      ...(betterInstalled ? { "better-convex/orm": [`${better}.d.ts`] } : {}),
    },
  },
  include: ["*/convex/**/*"],
  exclude: [],
};

/** Writes the apps, each to a folder of its name, in place of what an earlier run wrote. */
export function writeApps(apps: Readonly<Record<string, App>>): void {
  fs.rmSync(scratch, { recursive: true, force: true });
  for (const [name, app] of Object.entries(apps)) {
    for (const [file, text] of Object.entries({ ...generated, ...app })) {
      const target = path.join(scratch, name, file);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, text);
    }
  }
  fs.writeFileSync(path.join(scratch, "tsconfig.json"), JSON.stringify(tsconfig));
}

/**
 * What the compiler says of the written apps, one error each: "after/convex/blog.ts(3,4): error TS...". What it says of
 * the sources that they import is left to the type check of those.
 */
export async function typeErrors(): Promise<string[]> {
  const tsc = path.join(root, "node_modules/typescript7/bin/tsc");
  const args = [tsc, "--noEmit", "--pretty", "false", "--project", scratch];
  const output = await promisify(execFile)(process.execPath, args, { cwd: scratch, maxBuffer: 1 << 24 }).then(
    () => "",
    (error: { stdout: string }) => error.stdout,
  );
  return output.split(/\n(?! )/).filter((error) => /^[^.]/.test(error));
}

export type Modules = Record<string, () => Promise<Record<string, unknown>>>;

/** Bundles a written app, its modules sharing what they import, and gives them as convex-test wants them. */
export async function loadApp(name: string): Promise<Modules> {
  const folder = path.join(scratch, name);
  const entries = fs.readdirSync(path.join(folder, "convex")).filter((file) => file.endsWith(".ts"));
  await build({
    entryPoints: ["_generated/api.ts", ...entries].map((file) => path.join(folder, "convex", file)),
    outbase: path.join(folder, "convex"),
    outdir: path.join(folder, "built"),
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    logLevel: "silent",
    alias: { "convex-orm": path.join(root, "src/client/index.ts"), "better-convex/orm": `${better}.js` },
    external: ["convex", "convex/*", "convex-helpers", "convex-helpers/*", "convex-ents"],
  });
  const load = (file: string) => async () =>
    (await import(/* @vite-ignore */ pathToFileURL(path.join(folder, "built", file)).href)) as Record<string, unknown>;
  return Object.fromEntries(
    ["_generated/api.ts", ...entries].map((file) => [`./convex/${file}`, load(file.replace(/\.ts$/, ".mjs"))]),
  );
}
