import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { root, run } from "../package/pack.js";

/** Inside the repository, so that the build finds its dependencies as an installed package would. */
const home = path.join(root, "node_modules/.cache/convex-orm-cli");

/** Builds the package, and returns the file of its command. */
export function build(): string {
  fs.mkdirSync(home, { recursive: true });
  fs.copyFileSync(path.join(root, "package.json"), path.join(home, "package.json"));
  run(process.execPath, ["scripts/build.mjs", path.join(home, "dist")]);
  return path.join(home, "dist/cli/main.js");
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a shell would, stdout and stderr being pipes. */
export async function command(
  file: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Result> {
  const own = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/COLOR|^VITEST|^NODE_OPTIONS$/.test(name)),
  );
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env: { ...own, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
    let text = "";
    stream.setEncoding("utf8");
    for await (const part of stream) text += String(part);
    return text;
  };
  const ended = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  const [stdout, stderr, code] = await Promise.all([read(child.stdout), read(child.stderr), ended]);
  return { code, stdout, stderr };
}
