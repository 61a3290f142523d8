import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import convex from "@convex-dev/eslint-plugin";
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";
import { describe, expect, test } from "vitest";
import { registeredFunctions, reviewComponent, type Tree } from "./review.js";

const root = path.resolve(import.meta.dirname, "../..");

/** What is committed or would be: a `_generated` folder that git ignores does not count. */
const tree: Tree = Object.fromEntries(
  execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "--", "package.json", "src", "docs", "*.md"],
    { cwd: root, encoding: "utf8" },
  )
    .split("\n")
    .filter((file) => /\.(ts|md|json)$/.test(file) && fs.existsSync(path.join(root, file)))
    .map((file) => [file, fs.readFileSync(path.join(root, file), "utf8")]),
);

describe("the component directory's rules", () => {
  test("hold", () => {
    expect(reviewComponent(tree)).toEqual([]);
    expect(registeredFunctions(tree).length).toBeGreaterThan(15);
  });

  const jobs = "src/component/jobs.ts";
  const put = (file: string, text: string): Tree => ({ ...tree, [file]: text });
  const edit = (file: string, from: string | RegExp, to: string): Tree => {
    const text = tree[file]!.replace(from, to);
    expect(text).not.toBe(tree[file]);
    return put(file, text);
  };
  const without = (...files: string[]): Tree =>
    Object.fromEntries(Object.entries(tree).filter(([file]) => !files.includes(file)));
  const manifest = (change: (manifest: { exports: Record<string, unknown>; [key: string]: unknown }) => void): Tree => {
    const parsed = JSON.parse(tree["package.json"]!) as { exports: Record<string, unknown> };
    change(parsed);
    return put("package.json", JSON.stringify(parsed));
  };

  test.each<[string, () => Tree, RegExp]>([
    ["no defineComponent", () => put("src/component/convex.config.ts", "export default {};"), /defineComponent/],
    ["no convex.config", () => without("src/component/convex.config.ts"), /convex\.config\.ts is missing/],
    ["a function without args", () => edit(jobs, /args: \{/, "parameters: {"), /lacks args/],
    ["a function without returns", () => edit(jobs, /returns: /, "gives: "), /lacks returns/],
    [
      "the old syntax",
      () => edit(jobs, /export const get = query\(\{/, "export const old = query(async () => 1);\n$&"),
      /old syntax/,
    ],
    [
      "ctx.auth",
      () => edit(jobs, /handler: async \(ctx[^{]*\{/, "$&\n await ctx.auth.getUserIdentity();"),
      /ctx\.auth/,
    ],
    ["pages", () => edit(jobs, /\.collect\(\)|\.take\(/, ".paginate("), /\.paginate/],
    ["the app's environment", () => edit(jobs, /^/, "export const key = process.env.KEY;\n"), /environment/],
    ["builders that are not its own", () => edit(jobs, "./_generated/server.js", "convex/server"), /builders/],
    [
      "a public function that no host calls",
      () => edit("src/component/driver.ts", "step = internalMutation(", "step = mutation("),
      /driver\.step is public/,
    ],
    [
      "an internal one that nobody calls",
      () => edit(jobs, "list = query(", "list = internalQuery("),
      /jobs\.list is internal/,
    ],
    [
      "generated code left out",
      () => without("src/component/_generated/component.ts"),
      /component\.ts is not committed/,
    ],
    ["no test helper", () => put("src/test.ts", "export const nothing = 1;"), /register\(t, name\)/],
    ["no client", () => put("src/client/index.ts", ""), /client class/],
    ["an export left out", () => manifest(({ exports }) => delete exports["./convex.config.js"]), /convex\.config\.js/],
    [
      "types after code",
      () =>
        manifest(
          ({ exports }) => (exports["."] = { default: "./dist/client/index.js", types: "./dist/client/index.d.ts" }),
        ),
      /types come first/,
    ],
    [
      "an export of nothing",
      () => manifest(({ exports }) => (exports["."] = { types: "./dist/index.d.ts", default: "./dist/index.js" })),
      /built from no source/,
    ],
    ["no ./test", () => manifest(({ exports }) => delete exports["./test"]), /\.\/test/],
    ["sources not shipped", () => manifest((all) => (all.files = ["dist"])), /files lacks "src"/],
    ["convex of its own", () => manifest((all) => (all.dependencies = { convex: "^1.48.0" })), /peer dependency/],
  ])("would be found broken: %s", (_name, broken, message) => {
    expect(reviewComponent(broken()).join("\n")).toMatch(message);
  });
});

describe("Convex's ESLint rules", () => {
  /**
   * All of the plugin's rules but two: one asks for a naming style of access checks, one is for files of "use node".
   * (Two more, of process.env and of imports of the schema, wake only in a folder `convex` beside a package.json; that
   * the component reads no environment is in the review above.)
   */
  const rules = Object.keys(convex.rules).filter(
    (name) => !["require-access-control", "import-wrong-runtime"].includes(name),
  );
  const folders = ["src/component", "example/convex"];

  // Without types, so that it is quick: every rule has a syntactic way. `npm run lint` asks them with types.
  const eslint = new ESLint({
    cwd: root,
    overrideConfigFile: true,
    overrideConfig: [
      {
        files: ["**/*.ts"],
        ignores: ["**/_generated/**", "**/*.test.ts"],
        plugins: { "@convex-dev": convex as never },
        languageOptions: { parser: tseslint.parser as never },
        linterOptions: { reportUnusedDisableDirectives: "off" },
        rules: Object.fromEntries(rules.map((name) => [`@convex-dev/${name}`, "error"])),
      },
    ],
  });
  const shown = (results: ESLint.LintResult[]) =>
    results.flatMap(({ filePath, messages }) =>
      messages.map(({ line, ruleId, message }) => `${path.relative(root, filePath)}:${line} ${ruleId ?? message}`),
    );

  test("hold in the component and in the example", async () => {
    const results = await eslint.lintFiles(folders.map((folder) => `${folder}/**/*.ts`));
    expect(results.length).toBeGreaterThan(20);
    expect(shown(results)).toEqual([]);
  });

  test("are asked by `npm run lint`, as errors, of every file in both", async () => {
    const own = new ESLint({ cwd: root });
    for (const file of ["src/component/jobs.ts", "example/convex/schema.ts", "example/convex/lib/load.ts"]) {
      const config = (await own.calculateConfigForFile(path.join(root, file))) as { rules: Record<string, [number]> };
      expect(rules.filter((name) => config.rules[`@convex-dev/${name}`]?.[0] !== 2)).toEqual([]);
    }
  });

  const header = `import { query } from "./_generated/server";\n`;
  test.each<[string, string, string]>([
    ["no-old-registered-function-syntax", "seeded.ts", `${header}export const old = query(async () => 1);`],
    [
      "require-args-validator",
      "seeded.ts",
      `${header}export const bare = query({ handler: async (ctx, { id }) => id });`,
    ],
    [
      "explicit-table-ids",
      "seeded.ts",
      `${header}export const one = query({ args: {}, handler: (ctx) => ctx.db.get(id) });`,
    ],
    [
      "no-filter-in-query",
      "seeded.ts",
      `${header}export const some = query({ args: {}, handler: (ctx) => ctx.db.query("t").filter((q) => q.eq(q.field("a"), 1)).first() });`,
    ],
    [
      "no-collect-in-query",
      "seeded.ts",
      `${header}export const all = query({ args: {}, handler: (ctx) => ctx.db.query("t").collect() });`,
    ],
    [
      "no-duplicate-indexes",
      "schema.ts",
      `import { defineTable } from "convex/server"; export default defineSchema({ t: defineTable({ a: v.string(), b: v.string() }).index("a", ["a"]).index("a_b", ["a", "b"]) });`,
    ],
    [
      "no-top-of-hour-crons",
      "crons.ts",
      `const crons = cronJobs(); crons.hourly("x", { minuteUTC: 0 }, internal.x.y); export default crons;`,
    ],
  ])("would find a breach of %s", async (rule, file, code) => {
    for (const folder of folders) {
      const found = shown(await eslint.lintText(code, { filePath: path.join(root, folder, file) }));
      expect(found.join("\n")).toContain(`@convex-dev/${rule}`);
    }
  });
});
