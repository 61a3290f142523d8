// Compiles src/ into dist/ (JavaScript, declarations, source maps). An argument names another output folder.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const outDir = process.argv[2] ?? "dist";
fs.rmSync(outDir, { recursive: true, force: true });
// What runs in Convex knows no Node, the command line does: each is compiled with its own globals.
for (const project of ["tsconfig.build.json", "tsconfig.cli.json"]) {
  const { status } = spawnSync(
    process.execPath,
    ["node_modules/typescript7/bin/tsc", "--project", project, "--outDir", outDir],
    { stdio: "inherit" },
  );
  if (status !== 0) process.exit(status ?? 1);
}
fs.chmodSync(path.join(outDir, "cli/main.js"), 0o755);
