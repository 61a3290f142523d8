// Compiles src/ into dist/ (JavaScript, declarations, source maps). An argument names another output folder.
import { spawnSync } from "node:child_process";
import fs from "node:fs";

const outDir = process.argv[2] ?? "dist";
fs.rmSync(outDir, { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  ["node_modules/typescript7/bin/tsc", "--project", "tsconfig.build.json", "--outDir", outDir],
  { stdio: "inherit" },
);
process.exit(status ?? 1);
