#!/usr/bin/env node
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";
import { readArguments, type CommandName, type Invocation, type Values } from "./args.js";
import { CliError, messageOf } from "./errors.js";
import { helpOf, overview } from "./help.js";
import { print, styleFor } from "./terminal.js";

/** Runs one command line; the exit code. */
async function run(args: readonly string[]): Promise<number> {
  const invocation = readArguments(args);
  const { command, help, version, values } = invocation;
  if (help) await print(command === null ? overview : helpOf[command]);
  else if (version) await print(ownVersion());
  else if (command === null) {
    process.stderr.write(overview);
    return 2;
  } else return await runCommand(command, fileOf(invocation), values);
  return 0;
}

/** Imported when it is asked for: help and mistakes are answered at once. */
async function runCommand(command: CommandName, file: string, values: Values): Promise<number> {
  if (command === "diagram") return await (await import("./diagram/command.js")).diagram(file, values);
  return await (await import("./doctor/command.js")).doctor(file, values);
}

function ownVersion(): string {
  return (createRequire(import.meta.url)("../../package.json") as { version: string }).version;
}

/** The file given, or `orm.ts` in the folder that convex.json names. */
function fileOf({ file }: Invocation): string {
  if (file !== null) return file;
  const config = "convex.json";
  let folder = "convex";
  if (fs.existsSync(config)) {
    try {
      folder = (JSON.parse(fs.readFileSync(config, "utf8")) as { functions?: string }).functions ?? folder;
    } catch (error) {
      throw new CliError(`${config} is no JSON: ${messageOf(error)}`);
    }
  }
  return path.join(folder, "orm.ts");
}

function report(error: unknown): void {
  const style = styleFor(process.stderr);
  const expected = error instanceof CliError;
  const message = expected ? error.message : `unexpected: ${messageOf(error)}`;
  process.stderr.write(`${style.red("convex-orm:")} ${message}\n`);
  const hint = expected ? error.hint : "Please report this, with what `CONVEX_ORM_DEBUG=1 convex-orm ...` prints.";
  if (hint !== undefined) process.stderr.write(`${hint}\n`);
  if (!expected && process.env["CONVEX_ORM_DEBUG"] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}

// The app's module may have started timers: the command ends when it is done.
run(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    report(error);
    process.exit(2);
  },
);
