// Type-checks the sources, the tests, the example and the example's convex folder with TypeScript 7, then with the
// older compilers that users may still have. `npm run typecheck -- --fast` stops after TypeScript 7.
import { spawnSync } from "node:child_process";
import fs from "node:fs";

const everything = ["tsconfig.json", "example/convex/tsconfig.json"];
const runs = [{ compiler: "typescript7", projects: [...everything, "tsconfig.build.json", "tsconfig.nodenext.json"] }];
if (!process.argv.includes("--fast")) {
  runs.push({ compiler: "typescript", projects: everything }, { compiler: "typescript5", projects: everything });
}

let failed = false;
for (const { compiler, projects } of runs) {
  const { version } = JSON.parse(fs.readFileSync(`node_modules/${compiler}/package.json`, "utf8"));
  for (const project of projects) {
    const started = performance.now();
    const { status } = spawnSync(
      process.execPath,
      [`node_modules/${compiler}/bin/tsc`, "--noEmit", "--project", project],
      { stdio: "inherit" },
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${status === 0 ? "ok  " : "FAIL"} TypeScript ${version}  ${project}  ${seconds} s`);
    failed ||= status !== 0;
  }
}
process.exit(failed ? 1 : 0);
