import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

export const root = path.resolve(import.meta.dirname, "../..");

/** Runs a program to its end; throws with all that it printed when it fails. Returns what it wrote to stdout. */
export function run(command: string, args: string[], cwd: string = root): string {
  // What vitest sets for its own workers would make a nested vitest or Node behave otherwise than a user's.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$|npm_|TEST$|MODE$|DEV$|PROD$)/.test(name),
    ),
  );
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** A command line tool of this repository's own development dependencies. */
export function runTool(file: string, args: string[], cwd: string = root): string {
  return run(process.execPath, [path.join(root, "node_modules", file), ...args], cwd);
}

/**
 * Builds and packs the package beside the working tree, whose `dist` stays as it is, and returns the tarball's path.
 * The packed files are those that `npm publish` would send.
 */
export function pack(folder: string): string {
  const stage = path.join(folder, "stage");
  fs.mkdirSync(stage, { recursive: true });
  for (const name of ["package.json", "README.md", "LICENSE", "src"]) {
    if (fs.existsSync(path.join(root, name)))
      fs.cpSync(path.join(root, name), path.join(stage, name), { recursive: true });
  }
  run(process.execPath, ["scripts/build.mjs", path.join(stage, "dist")]);
  const printed = run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], stage);
  const [packed] = Object.values(JSON.parse(printed) as Record<string, { filename: string }>);
  if (packed === undefined) throw new Error(`npm pack printed no file name: ${printed}`);
  return path.join(folder, packed.filename);
}
