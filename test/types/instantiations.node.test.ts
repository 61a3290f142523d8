import { execFileSync } from "node:child_process";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const project = "test/types/scale/tsconfig.json";

interface Figures {
  readonly instantiations: number;
  readonly types: number;
  readonly seconds: number;
}

/** Emits the package's declarations, which the fixture compiles against, as an app does. */
beforeAll(() => {
  const tsc = path.join(root, "node_modules/typescript7/bin/tsc");
  const out = path.join(root, "node_modules/.cache/convex-orm-types");
  const flags = [
    "--declaration",
    "--emitDeclarationOnly",
    "--noEmit",
    "false",
    "--declarationMap",
    "false",
    "--sourceMap",
    "false",
  ];
  execFileSync(process.execPath, [tsc, "--project", "tsconfig.build.json", ...flags, "--outDir", out], { cwd: root });
}, 120_000);

/** What a compiler says of checking the fixture: twenty tables, their relations and forty queries. */
function measure(compiler: string, ...flags: string[]): Figures {
  const tsc = path.join(root, "node_modules", compiler, "bin/tsc");
  const args = [tsc, "--extendedDiagnostics", "--project", project, ...flags];
  const output = execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  const figure = (name: string) => Number(new RegExp(`^${name}:\\s+([\\d.]+)`, "m").exec(output)?.[1]);
  return { instantiations: figure("Instantiations"), types: figure("Types"), seconds: figure("Total time") };
}

/**
 * TypeScript 7 checks files on four threads that each instantiate what they need again: its default figure depends on
 * how a project is cut into files, the single-threaded one does not.
 */
describe("the compiler's work on 20 tables and 40 queries stays below the ceiling", () => {
  test.each<[string, number, string[]]>([
    ["typescript7", 120_000, []],
    ["typescript7", 65_000, ["--singleThreaded"]],
    ["typescript5", 65_000, []],
  ])(
    "%s, at most %i instantiations, %j",
    (compiler, ceiling, flags) => {
      const figures = measure(compiler, ...flags);
      console.log(`${[compiler, ...flags].join(" ")}: ${JSON.stringify(figures)}, ceiling ${ceiling}`);
      expect(figures.instantiations).toBeGreaterThan(10_000);
      expect(figures.instantiations).toBeLessThanOrEqual(ceiling);
    },
    120_000,
  );
});
