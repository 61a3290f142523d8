// Runs a TypeScript program of this repository in Node: `node scripts/run.mjs example/demo/main.ts [arguments]`.
//
// Why not a plain TypeScript runner: convex-test finds an app's functions with `import.meta.glob`, which only Vite
// expands, inside convex-test as well as in our files. Vite's module runner does that with no server and no port, and
// vitest.config.ts lends its aliases, so that a program says `convex-orm` as a user does.
import path from "node:path";
import { createServer, createServerModuleRunner } from "vite";

const [file, ...programArguments] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node scripts/run.mjs <file.ts> [arguments]");
  process.exit(2);
}
// The program sees its own name and arguments, as if Node had started it.
process.argv = [process.argv[0], path.resolve(file), ...programArguments];

const server = await createServer({
  configFile: "vitest.config.ts",
  logLevel: "error",
  appType: "custom",
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
  ssr: { noExternal: ["convex-test"] },
});
const runner = createServerModuleRunner(server.environments.ssr, { hmr: false });
let failed = false;
try {
  await runner.import(path.resolve(file));
} catch (error) {
  console.error(error);
  failed = true;
} finally {
  await runner.close();
  await server.close();
}
// A program that failed, or that set an exit code itself, ends with it.
if (failed) process.exitCode = 1;
