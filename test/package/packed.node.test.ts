import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pack, root, run, runTool } from "./pack.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "convex-orm-packed-"));
const app = path.join(folder, "app");
let tarball: string;

beforeAll(() => {
  tarball = pack(folder);
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** The version of a development dependency here, for the app to install the same. */
function version(name: string): string {
  const file = path.join(root, "node_modules", name, "package.json");
  return (JSON.parse(fs.readFileSync(file, "utf8")) as { version: string }).version;
}

function installApp(): void {
  fs.cpSync(path.join(root, "test/package/app"), app, { recursive: true });
  const manifest = {
    name: "app",
    private: true,
    type: "module",
    dependencies: { convex: version("convex"), "convex-orm": `file:${tarball}` },
    devDependencies: Object.fromEntries(
      ["@edge-runtime/vm", "convex-test", "vite", "vitest"].map((name) => [name, version(name)]),
    ),
  };
  fs.writeFileSync(path.join(app, "package.json"), JSON.stringify(manifest, null, 2));
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"], app);
}

describe("the packed tarball", () => {
  test("holds the build, the sources, the licence, and no tests", () => {
    const names = run("tar", ["-tzf", tarball]).trim().split("\n");
    for (const name of [
      "LICENSE",
      "README.md",
      "dist/client/index.js",
      "dist/client/index.d.ts",
      "dist/cli/main.js",
      "src/test.ts",
    ]) {
      expect(names).toContain(`package/${name}`);
    }
    expect(names.filter((name) => /\.test(-d)?\./.test(name))).toEqual([]);
    expect(names.filter((name) => !/^package\/(dist\/|src\/|LICENSE$|README\.md$|package\.json$)/.test(name))).toEqual(
      [],
    );
  });

  test("publint finds nothing to say", async () => {
    const bytes = fs.readFileSync(tarball);
    const { messages, pkg } = await publint({
      pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
      strict: true,
    });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  test("attw finds that every entry resolves, with types that tell the truth", () => {
    // esm-only: a Convex app is bundled, and the package has no CommonJS build. attw ends with 1 at any problem.
    const printed = runTool("@arethetypeswrong/cli/dist/index.js", [
      tarball,
      "--profile",
      "esm-only",
      "--format",
      "json",
    ]);
    const { analysis } = JSON.parse(printed) as { analysis: { entrypoints: Record<string, unknown> } };
    const { exports } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as { exports: object };
    expect(Object.keys(analysis.entrypoints).sort()).toEqual(Object.keys(exports).sort());
  });
});

describe("an app that installs the tarball in an empty folder", () => {
  beforeAll(installApp);

  test.each(["typescript7", "typescript", "typescript5"])("type-checks with %s", (compiler) => {
    runTool(`${compiler}/bin/tsc`, ["--project", "tsconfig.json"], app);
  });

  test("type-checks under Node's own resolution", () => {
    const stricter = ["--module", "NodeNext", "--moduleResolution", "NodeNext"];
    runTool("typescript7/bin/tsc", ["--project", "tsconfig.json", ...stricter], app);
  });

  test("has the command line, which finds esbuild and the app's modules by itself", () => {
    const { version: own } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as {
      version: string;
    };
    expect(run("npx", ["--no-install", "convex-orm", "--version"], app)).toBe(`${own}\n`);
    const drawn = run("npx", ["--no-install", "convex-orm", "diagram"], app);
    expect(drawn).toContain('users ||--o{ posts : "author / posts, on delete cascade"');
    expect(run("npx", ["--no-install", "convex-orm", "doctor"], app)).toContain("nothing found in convex/orm.ts");
  });

  test("runs", () => {
    const printed = run(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "--no-color"], app);
    expect(printed).toMatch(/Tests\s+1 passed/);
  });
});
