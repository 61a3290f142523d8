import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../package/pack.js";
import { build, command, type Result } from "./binary.js";
import { readMermaid } from "./read-mermaid.js";
import { readSvg, untidy } from "./read-svg.js";

const apps = path.join(root, "test/cli/apps");
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "convex-orm-cli-"));
let file: string;
/** Its temporary files go where they can be looked for. */
const temporary = path.join(scratch, "temporary");
const cli = (args: string[], cwd = root, env: NodeJS.ProcessEnv = {}): Promise<Result> =>
  command(file, args, cwd, { TMPDIR: temporary, ...env });

beforeAll(() => {
  file = build();
  fs.mkdirSync(temporary);
});
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }));

describe("diagram", () => {
  test("of the example, as Mermaid: docs/chinook.mmd is up to date", async () => {
    const { code, stdout, stderr } = await cli(["diagram", "example/convex/orm.ts"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await expect(stdout).toMatchFileSnapshot("../../docs/chinook.mmd");
    const { entities, relationships } = readMermaid(stdout);
    expect(entities.size).toBe(11);
    expect(entities.get("customers")!.alias).toBe("customers (protected)");
    expect(entities.get("tracks")!.attributes).toContain("id(albums) albumId FK");
    expect(relationships).toContainEqual({
      from: "employees",
      ends: "|o--o{",
      to: "employees",
      label: "manager / reports, on delete set null",
    });
  });

  test("of the example, as SVG: docs/chinook.svg is up to date, and tidy", async () => {
    const { code, stdout } = await cli(["diagram", "--format", "svg"]);
    expect(code).toBe(0);
    await expect(stdout).toMatchFileSnapshot("../../docs/chinook.svg");
    const drawing = readSvg(stdout);
    expect(drawing.boxes).toHaveLength(11);
    expect(drawing.edges).toHaveLength(11);
    expect(untidy(drawing)).toEqual([]);
  });

  test("tells every shape of table and relation apart, with what the app prints on stderr", async () => {
    const { code, stdout, stderr } = await cli(["diagram", "convex/orm.ts"], path.join(apps, "shapes"));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "loaded\n" });
    await expect(stdout).toMatchFileSnapshot("golden/shapes.mmd");
    const { relationships } = readMermaid(stdout);
    expect(Object.fromEntries(relationships.map(({ from, ends, to }) => [`${from} ${to}`, ends]))).toEqual({
      "teams users": "|o--o{",
      "users users": "|o--o{",
      "users profiles": "||--o|",
      "users teams": "|o--o{",
      "users memberships": "||--o{",
      "shelves boxes": "||--o{",
      "groups memberships": "|o..o{",
      "users events": "|o..o{",
      "boxes aisles": "}o..o{",
      "users groups": "}o..o{",
    });
  });

  test("writes files by their names, several at once", async () => {
    const [svg, mmd, md] = ["a.svg", "a.mmd", "a.md"].map((name) => path.join(scratch, name)) as [
      string,
      string,
      string,
    ];
    const outs = [svg, mmd, md].flatMap((out) => ["--out", out]);
    const { code, stdout } = await cli(["diagram", "convex/orm.ts", ...outs], path.join(apps, "shapes"));
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    const drawing = readSvg(fs.readFileSync(svg, "utf8"));
    expect(drawing.boxes.map(({ name }) => name)).toContain("title");
    expect(untidy(drawing)).toEqual([]);
    const text = fs.readFileSync(mmd, "utf8");
    expect(readMermaid(text).entities.size).toBe(10);
    expect(fs.readFileSync(md, "utf8")).toBe(`\`\`\`mermaid\n${text}\`\`\`\n`);
  });

  test("marks what policies protect", async () => {
    const open = await cli(["diagram", "example/convex/orm.ts"]);
    const policies = path.join(scratch, "genres.ts");
    fs.writeFileSync(policies, "export default { genres: {} };");
    const closed = await cli(["diagram", "example/convex/orm.ts", "--policies", policies]);
    expect(readMermaid(open.stdout).entities.get("genres")!.alias).toBeNull();
    expect(readMermaid(closed.stdout).entities.get("genres")!.alias).toBe("genres (protected)");
  });

  test("refuses what the client refuses, and says where the remedies are", async () => {
    const { code, stdout, stderr } = await cli(["diagram", "convex/orm.ts"], path.join(apps, "ill"));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/leads with authorId.*\(at relations -> users -> posts\) \(and \d+ more\)/);
    expect(stderr).toContain("convex-orm doctor convex/orm.ts");
  });
});

describe("doctor", () => {
  interface Report {
    readonly counts: { readonly errors: number; readonly warnings: number; readonly notes: number };
    readonly examined: Record<string, number | null>;
    readonly findings: readonly {
      readonly severity: string;
      readonly rule: string;
      readonly path: string;
      readonly remedy: string;
      readonly table: string | null;
    }[];
  }
  const ill = path.join(apps, "ill");
  const args = ["doctor", "convex/orm.ts", "--policies", "convex/policies.ts"];

  test("finds nothing in the example, under --strict, its policies included", async () => {
    const { code, stdout, stderr } = await cli(["doctor", "--policies", "example/convex/policies.ts", "--strict"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      "nothing found in example/convex/orm.ts: 11 tables, 22 relations, 11 foreign keys, 16 policies\n",
    );
  });

  test("finds every kind of finding, all at once, as JSON", async () => {
    const { code, stdout, stderr } = await cli([...args, "--json"], ill);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    const { findings, counts, examined } = JSON.parse(stdout) as Report;
    await expect(findings.map((f) => `${f.severity} ${f.rule} ${f.path}\n`).join("")).toMatchFileSnapshot(
      "golden/ill.txt",
    );
    const of = (severity: string): number => findings.filter((finding) => finding.severity === severity).length;
    expect(counts).toEqual({ errors: of("error"), warnings: of("warning"), notes: of("note") });
    expect(examined).toEqual({ tables: 7, relations: 9, foreignKeys: 3, policies: 12 });
    const remedy = (place: string): string[] => findings.filter((f) => f.path === place).map((f) => f.remedy);
    expect(remedy("relations -> users -> posts")).toEqual([
      'Add .index("by_authorId", ["authorId"]) to "posts" in the schema.',
    ]);
    expect(remedy("relations -> posts -> tags")).toEqual([
      'Add .index("by_postId", ["postId"]) to "taggings" in the schema.',
      'Add .index("by_tagId", ["tagId"]) to "taggings" in the schema.',
    ]);
    expect(remedy("policies -> posts -> live")).toEqual([
      'Add .index("by_status", ["status"]) to "posts" in the schema.',
    ]);
    expect(remedy("policies -> posts -> loud")[0]).toContain("No index can");
  });

  test("for people: by table, with place and remedy, in colour only where it is wanted", async () => {
    const plain = await cli(args, ill);
    expect(plain.stdout).toContain("\nusers\n  error   relations -> users -> posts  missing-index\n");
    expect(plain.stdout).toContain('\n          → Add .index("by_authorId", ["authorId"]) to "posts" in the schema.\n');
    expect(plain.stdout).toMatch(/\d+ errors, \d+ warnings, \d+ notes in convex\/orm\.ts: 7 tables/);
    expect(plain.stdout).not.toContain("\u001b");
    expect((await cli(args, ill, { FORCE_COLOR: "1" })).stdout).toContain("\u001b[31merror");
    expect((await cli(args, ill, { FORCE_COLOR: "1", NO_COLOR: "1" })).stdout).not.toContain("\u001b");
  });

  test("warnings fail under --strict alone", async () => {
    const lenient = await cli(["doctor", "convex/orm.ts"], path.join(apps, "shapes"));
    expect(lenient.code).toBe(0);
    expect(lenient.stdout).toMatch(/\n0 errors, 1 warning, 0 notes in .*no policies given/);
    expect((await cli(["doctor", "convex/orm.ts", "--strict"], path.join(apps, "shapes"))).code).toBe(1);
  });
});

describe("the command line", () => {
  const at = (name: string, text: string): string => {
    fs.writeFileSync(path.join(scratch, name), text);
    return name;
  };

  test.each([
    [["--help"], /Usage: convex-orm <command>/],
    [["help", "doctor"], /Usage: convex-orm doctor/],
    [["diagram", "--help"], /--format mermaid\|svg/],
    [["doctor", "-h"], /--policies FILE/],
    [["--version"], /^\d+\.\d+\.\d+\n$/],
  ])("%j", async (args, expected) => {
    const { code, stdout, stderr } = await cli(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(expected);
    expect(stdout.split("\n").filter((line) => line.length > 120)).toEqual([]);
  });

  test.each([
    [[], /^convex-orm: looks at[^]*Usage/],
    [["diagrma"], /^convex-orm: there is no command "diagrma"\nDid you mean diagram\?\n$/],
    [["frobnicate"], /Known: diagram, doctor\./],
    [["diagram", "--fromat", "svg"], /there is no option --fromat\nDid you mean --format\?/],
    [["doctor", "--fix"], /there is no option --fix\nKnown: /],
    [["diagram", "--format", "sgv"], /there is no format "sgv"\nDid you mean svg\?/],
    [["diagram", "--format"], /--format needs a value\nSee convex-orm diagram --help/],
    [["doctor", "a.ts", "b.ts"], /one file is expected, not 2/],
    [["diagram", "nowhere/orm.ts"], /there is no file nowhere\/orm\.ts/],
    [["diagram", "example"], /example is no file/],
    [["diagram", "example/convex/orm.ts", "--out", "nowhere/a.svg"], /cannot write nowhere\/a\.svg/],
    [["diagram", "example/convex/orm.ts", "--export", "arm"], /exports no Orm by the name "arm"\nIt exports: orm\./],
    [["doctor", "--policies", "example/convex/schema.ts"], /schema\.ts exports no policies\nExport what you give/],
  ])("%j is wrong usage: 2, with a way out and no stack", async (args, expected) => {
    const { code, stdout, stderr } = await cli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(expected);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test.each([
    [
      "a file that does not compile",
      "syntax.ts",
      "export const a = 1;\nexport const b = (;\n",
      /^convex-orm: syntax\.ts:2:19: Unexpected ";"\n$/,
    ],
    [
      "an import that is not there",
      "missing.ts",
      'import a from "./gone";\nexport const b = a;\n',
      /^convex-orm: missing\.ts:1:15: Could not resolve "\.\/gone"/,
    ],
    [
      "a module that throws, at its place in the source",
      "throws.ts",
      'interface A { b: string }\nconst read = (name: string): A => {\n  throw new Error(`no environment variable ${name}`);\n};\nexport const a = read("KEY");\n',
      /^convex-orm: throws\.ts:3:\d+: no environment variable KEY\n.*without a deployment.*give it one/,
    ],
    ["a module without an Orm", "none.ts", "export const orm = 1;\n", /none\.ts makes no Orm\nWrite `export const orm/],
  ])("%s: 2, without a stack", async (_, name, text, expected) => {
    const { code, stdout, stderr } = await cli(["diagram", at(name, text)], scratch);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(expected);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("leaves nothing behind", () => expect(fs.readdirSync(temporary)).toEqual([]));
});
