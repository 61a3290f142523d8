import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { CliError } from "../errors.js";

/** The part of esbuild's API in use here. It is no dependency of this package, and its types are not either. */
export interface Esbuild {
  build(
    options: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
}

/** How a plugin of esbuild talks to it, as far as it is used here. */
export interface PluginBuild {
  onResolve(options: { filter: RegExp }, callback: (args: ResolveArgs) => ResolveResult | undefined): void;
  onLoad(options: { filter: RegExp; namespace: string }, callback: (args: LoadArgs) => object): void;
}
export interface ResolveArgs {
  readonly path: string;
  readonly importer: string;
  readonly resolveDir: string;
}
interface LoadArgs {
  readonly path: string;
  readonly pluginData: unknown;
}
interface ResolveResult {
  readonly path: string;
  readonly namespace?: string;
  readonly pluginData?: unknown;
}

/** One message of a failed build. */
export interface BuildMessage {
  readonly text: string;
  readonly location: { readonly file: string; readonly line: number; readonly column: number } | null;
}

/** The esbuild that the app has: its own, or that of its `convex`, which bundles with it. */
export async function findEsbuild(file: string): Promise<Esbuild> {
  for (const from of [file, import.meta.url]) {
    const app = createRequire(from);
    for (const through of ["convex/package.json", null]) {
      try {
        const base = through === null ? app : createRequire(app.resolve(through));
        const found = (await import(pathToFileURL(base.resolve("esbuild")).href)) as { default?: Esbuild } & Esbuild;
        return found.default ?? found;
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
  }
  throw new CliError(
    "esbuild was not found: it comes with the `convex` package",
    "Run `npm install convex` in the app, then try again.",
  );
}

const isMissing = (error: unknown): boolean =>
  ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes((error as { code?: string } | null)?.code ?? "");
