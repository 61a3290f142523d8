import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const tests = (kind: string) => ["src", "example", "test"].map((folder) => `${folder}/**/*${kind}.ts`);

export default defineConfig({
  resolve: {
    // The same names as `paths` in tsconfig.json: tests and the example run on the sources, not on a build.
    alias: [
      { find: /^convex-orm$/, replacement: at("src/client/index.ts") },
      { find: /^convex-orm\/test$/, replacement: at("src/test.ts") },
      { find: /^convex-orm\/convex\.config(\.js)?$/, replacement: at("src/component/convex.config.ts") },
      {
        find: /^convex-orm\/_generated\/component(\.js)?$/,
        replacement: at("src/component/_generated/component.ts"),
      },
    ],
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "edge",
          environment: "edge-runtime",
          include: tests(".test"),
          exclude: [...configDefaults.exclude, "**/*.node.test.ts", "test/package/app/**"],
          // convex-test finds functions with import.meta.glob, which only Vite can expand.
          server: { deps: { inline: ["convex-test"] } },
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "node",
          environment: "node",
          include: tests(".node.test"),
          server: { deps: { inline: ["convex-test"] } },
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
