import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const file = path.join(root, "test/types/hover.ts");

/** What an editor shows for each `const` of the fixture: the same printer, without its line breaks. */
function hovers(): Record<string, string> {
  const config = ts.readConfigFile(path.join(root, "tsconfig.json"), (name) => ts.sys.readFile(name)).config as object;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram([file], { ...options, types: [] });
  const checker = program.getTypeChecker();
  const shown: Record<string, string> = {};
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.initializer !== undefined) {
      const type = checker.getTypeAtLocation(node.name);
      shown[node.name.getText()] = checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation);
    }
    ts.forEachChild(node, visit);
  };
  visit(program.getSourceFile(file)!);
  return shown;
}

test("hovers show plain object types", () => {
  const { plain, narrow, nested, junction } = hovers();
  const group = '{ _id: Id<"groups">; _creationTime: number; label: string; }';
  const team = '{ _id: Id<"teams">; _creationTime: number; name: string; }';
  expect(plain).toBe(`${group}[]`);
  expect(narrow).toBe("{ title: string; slug: string; }[]");
  expect(nested).toBe(`{ name: string; team: ${team} | null; posts: { title: string; }[]; } | null`);
  expect(junction).toBe(
    '{ name: string; groups: { _id: Id<"groups">; _creationTime: number; label: string; _through: ' +
      '{ _id: Id<"memberships">; _creationTime: number; userId: Id<"users">; groupId: Id<"groups">; since: number; }; }[]; }',
  );
});
