import { Console } from "node:console";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { CliError, messageOf } from "../errors.js";
import { bundle } from "./bundle.js";
import type { Recording } from "./recorder.js";

/** What an app declares: the recorded `new Orm(...)`, and the exports of its modules. */
export interface LoadedApp {
  /** The path as the user gave it. */
  readonly name: string;
  readonly file: string;
  readonly recording: Recording;
  readonly exports: Readonly<Record<string, unknown>>;
  /** The exports of the policies' module, or null when none was asked for. */
  readonly policies: Readonly<Record<string, unknown>> | null;
}

export interface LoadOptions {
  readonly policies?: string | undefined;
  /** The name of the export to take, where a module makes several clients. */
  readonly export?: string | undefined;
}

/** @throws CliError when there is no such file, when it does not compile or run, and when it makes no `Orm`. */
export async function loadApp(name: string, options: LoadOptions = {}): Promise<LoadedApp> {
  const file = existing(name);
  const policies = options.policies === undefined ? null : existing(options.policies);
  const { app, recordings, policies: spec } = await run(name, file, policies);
  const recording = choose(name, app, recordings, options.export);
  return { name, file, recording, exports: app, policies: spec };
}

function existing(name: string): string {
  const file = path.resolve(name);
  const found = fs.statSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw new CliError(`there is no file ${name}`, "Give the path of your orm.ts.");
  if (!found.isFile())
    throw new CliError(`${name} is no file`, `Give the path of your orm.ts: ${path.join(name, "orm.ts")}?`);
  return file;
}

interface Module {
  readonly app: Readonly<Record<string, unknown>>;
  readonly policies: Readonly<Record<string, unknown>> | null;
  readonly recordings: readonly Recording[];
}

/** Bundles and runs the modules. What the app prints meanwhile goes to stderr: stdout is the command's. */
async function run(name: string, file: string, policies: string | null): Promise<Module> {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "convex-orm-"));
  const out = path.join(folder, "app.mjs");
  const own = globalThis.console;
  try {
    fs.writeFileSync(out, await bundle(file, policies, out));
    process.setSourceMapsEnabled(true);
    globalThis.console = new Console(process.stderr);
    return (await import(pathToFileURL(out).href)) as Module;
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${placeOf(error) ?? name}: ${messageOf(error)}`, hintFor(error));
  } finally {
    globalThis.console = own;
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** The first place in the app's own sources that the stack names, relative to the current folder. */
function placeOf(error: unknown): string | null {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  for (const [, url, place] of stack.matchAll(/(?:\(|at )((?:file:\/\/)?\/?[^\s()]+):(\d+:\d+)\)?$/gm)) {
    const file = url!.startsWith("file://") ? new URL(url!).pathname : url!;
    if (file.includes("/node_modules/") || file.startsWith("node:")) continue;
    return `${path.relative(process.cwd(), file)}:${place}`;
  }
  return null;
}

function hintFor(error: unknown): string {
  const environment = /process\.env|environment|\benv\b/i.test(messageOf(error))
    ? " A variable of the deployment's environment is not set here: give it one for this command."
    : "";
  return `The module is run as it is imported, without a deployment.${environment}`;
}

function choose(
  name: string,
  app: Readonly<Record<string, unknown>>,
  recordings: readonly Recording[],
  wanted: string | undefined,
): Recording {
  const hint = "Write `export const orm = new Orm(components.orm, { schema, relations })` in it.";
  if (recordings.length === 0) throw new CliError(`${name} makes no Orm`, hint);
  const exported = Object.entries(app).flatMap(([key, value]) => {
    const recording = recordings.find(({ instance }) => instance === value);
    return recording === undefined ? [] : [{ key, recording }];
  });
  if (wanted !== undefined) {
    const found = exported.find(({ key }) => key === wanted);
    if (found !== undefined) return found.recording;
    const known = exported.map(({ key }) => key).join(", ");
    throw new CliError(`${name} exports no Orm by the name "${wanted}"`, known === "" ? hint : `It exports: ${known}.`);
  }
  const distinct = new Set(exported.map(({ recording }) => recording));
  if (distinct.size === 1) return exported[0]!.recording;
  if (distinct.size === 0 && recordings.length === 1) return recordings[0]!;
  if (distinct.size === 0) throw new CliError(`${name} exports no Orm`, hint);
  throw new CliError(
    `${name} exports several: ${exported.map(({ key }) => key).join(", ")}`,
    `Choose one: --export ${exported[0]!.key}`,
  );
}
