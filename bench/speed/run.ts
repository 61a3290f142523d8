import { mkdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import type * as program from "./program.js";

/** Microseconds of CPU a call, by product. */
export interface Speed {
  readonly queries: Readonly<Record<string, number>>;
  readonly clients: Readonly<Record<string, number>>;
}

/** Where the program is bundled to: one file of plain modules for all, as a function's bundle is. */
const outfile = path.resolve("bench/node_modules/.cache/speed.mjs");

/** Bundles the program as an app's function would be, and times it in this process. */
export async function speed(): Promise<Speed> {
  mkdirSync(path.dirname(outfile), { recursive: true });
  await build({
    entryPoints: ["bench/speed/program.ts"],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    tsconfig: "tsconfig.json",
    logLevel: "error",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  const { timed, queries, clients, freshContexts } = (await import(
    /* @vite-ignore */ pathToFileURL(outfile).href
  )) as typeof program;
  return { queries: await timed(queries, 200, 101), clients: await timed(clients, 500, 201, freshContexts) };
}
