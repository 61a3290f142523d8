import { builtinModules } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { CliError, messageOf } from "../errors.js";
import { findEsbuild, type BuildMessage, type PluginBuild } from "./esbuild.js";
import { stubOf, stubs } from "./stubs.js";

const recorder = fileURLToPath(new URL("./recorder.js", import.meta.url));
const stubNamespace = "convex-orm-stub";

/**
 * Bundles an app's `orm.ts`, and its policies, into one ES module as text. Everything is bundled, as Convex itself
 * would, so that the module can be imported from anywhere; only `_generated` is replaced, and `convex-orm` by the
 * recorder. The module exports `app`, `policies` and `recordings`; `out` is where it will be put.
 *
 * @throws CliError with esbuild's messages, each with its place.
 */
export async function bundle(file: string, policies: string | null, out: string): Promise<string> {
  const esbuild = await findEsbuild(file);
  const from = (module: string): string => JSON.stringify(module);
  const entry = [
    `export * as app from ${from(file)};`,
    policies === null ? "export const policies = null;" : `export * as policies from ${from(policies)};`,
    `export { recordings } from ${from(recorder)};`,
  ];
  try {
    const { outputFiles } = await esbuild.build({
      stdin: { contents: entry.join("\n"), resolveDir: path.dirname(file), sourcefile: "convex-orm", loader: "js" },
      bundle: true,
      write: false,
      outfile: out,
      format: "esm",
      // As Convex bundles functions, but that modules of Node are let through.
      platform: "browser",
      conditions: ["convex", "module"],
      external: [...builtinModules, "node:*"],
      target: "node20",
      jsx: "automatic",
      sourcemap: "inline",
      sourcesContent: false,
      logLevel: "silent",
      absWorkingDir: process.cwd(),
      plugins: [{ name: "convex-orm", setup }],
    });
    return outputFiles[0]!.text;
  } catch (error) {
    const messages = (error as { errors?: readonly BuildMessage[] }).errors;
    if (messages === undefined || messages.length === 0)
      throw new CliError(`cannot bundle ${file}: ${messageOf(error)}`);
    throw new CliError(messages.map(describe).join("\n"));
  }
}

function describe({ text, location }: BuildMessage): string {
  return location === null ? text : `${location.file}:${location.line}:${location.column + 1}: ${text}`;
}

function setup(build: PluginBuild): void {
  build.onResolve({ filter: /_generated\/\w+(\.[jt]s)?$/ }, ({ path: name, importer, resolveDir }) => {
    // A component's own `_generated`, in a package, is left alone.
    if (importer.split(path.sep).includes("node_modules")) return undefined;
    const stub = stubOf(name);
    return stub === null ? undefined : { path: stub, namespace: stubNamespace, pluginData: resolveDir };
  });
  build.onLoad({ filter: /.*/, namespace: stubNamespace }, ({ path: name, pluginData }) => ({
    contents: stubs[name],
    loader: "js",
    resolveDir: pluginData,
  }));
  build.onResolve({ filter: /^convex-orm$/ }, () => ({ path: recorder }));
}
