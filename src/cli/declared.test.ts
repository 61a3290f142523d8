import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import { readDeclared } from "./declared.js";
import { defineRelations, Orm, recordings, type Recording } from "./load/recorder.js";

const schema = defineSchema({
  users: defineTable({ email: v.string(), name: v.string() }).index("by_name", ["name"]),
  posts: defineTable({ author: v.string(), authorId: v.id("users"), title: v.string() }).index("by_author", ["author"]),
});

/** Declares as an app would, through the recorder. */
function declare(relations: (r: any) => object, tables: object = {}, more: object = {}): Recording {
  const made = new Orm(
    {} as never,
    { schema, relations: defineRelations(schema, relations as never), tables, ...more } as never,
  );
  const recording = recordings.at(-1)!;
  expect(recording.instance).toBe(made);
  return recording;
}
const found = (recording: Recording): string[] =>
  readDeclared(recording).findings.map(({ rule, path }) => `${rule} ${path}`);

describe("what an app declares", () => {
  test("that nothing is wrong with is the client itself, and its catalog", () => {
    const recording = declare((r) => ({ posts: { by: r.one.users({ from: "authorId" }) } }));
    expect(recording.error).toBeNull();
    expect(recording.instance).toHaveProperty("policies");
    const { catalog, findings } = readDeclared(recording);
    expect(findings).toEqual([]);
    expect(Object.keys(catalog.tables["posts"]!.relations)).toEqual(["by"]);
  });

  test("that is refused is a stand-in, which can be taken apart at module level", async () => {
    const recording = declare((r) => ({ posts: { by: r.one.nobody({ from: "authorId" }) } }));
    const { worker, hydrate } = (recording.instance as any).functions();
    expect([typeof worker, typeof hydrate]).toEqual(["function", "function"]);
    await expect(Promise.resolve(recording.instance)).resolves.toBe(recording.instance);
    expect(found(recording)).toEqual(["invalid-schema relations -> posts -> by"]);
  });

  test("every refusal once, whatever came before it", () => {
    const relations = (r: any) => ({
      users: { posts: r.many.posts({ to: "authorId" }) },
      posts: {
        title: r.one.users({ from: "authorId" }),
        other: r.one.users({ form: "authorId" }),
        by: r.one.users({ from: "authorId" }),
      },
      nobody: {},
    });
    const tables = {
      users: { unique: { email: ["email"] }, uniqe: {}, checks: { a: { nmae: "x" } } },
      posts: { count: [{}], defaults: { body: "" } },
      nothing: {},
    };
    expect(found(declare(relations, tables)).sort()).toEqual([
      "invalid-schema relations -> nobody",
      "invalid-schema relations -> posts -> other",
      "invalid-schema relations -> posts -> other",
      "invalid-schema relations -> posts -> title",
      "invalid-schema tables -> nothing",
      "invalid-schema tables -> posts -> count[0]",
      "invalid-schema tables -> posts -> defaults -> body",
      "invalid-schema tables -> users",
      "invalid-schema tables -> users -> checks -> a -> nmae",
      "missing-index relations -> users -> posts",
      "unique-without-index tables -> users -> unique -> email",
    ]);
  });

  test("not what is refused only because something else is", () => {
    const keyed = (r: any) => ({
      posts: {
        by: r.one.users({ from: "author", to: "name", onDelete: "cascade" }),
        gone: r.one.nobody({ from: "author" }),
      },
    });
    const tables = { users: { unique: { name: ["name", "nmae"] } }, posts: { checks: { has: { gone: true } } } };
    // The check names a relation that is refused. That `by` references no unique is true whatever becomes of this one.
    expect(found(declare(keyed, tables))).toEqual([
      "invalid-schema relations -> posts -> gone",
      "invalid-schema tables -> users -> unique -> name",
      "invalid-schema relations -> posts -> by",
    ]);
    const once = declare(keyed, { users: { unique: { name: ["name"] } }, posts: { checks: { has: { gone: true } } } });
    expect(found(once)).toEqual(["invalid-schema relations -> posts -> gone"]);
  });

  test("a missing index is there for what comes after it", () => {
    const recording = declare(
      (r) => ({ posts: { by: r.one.users({ from: "author", to: "email", onDelete: "cascade" }) } }),
      { users: { unique: { email: ["email"] } } },
    );
    const { catalog, findings } = readDeclared(recording);
    const remedy = 'Add .index("by_email", ["email"]) to "users" in the schema.';
    expect(findings.map((finding) => [finding.path, finding.remedy])).toEqual([
      ["relations -> posts -> by", remedy],
      ["tables -> users -> unique -> email", remedy],
    ]);
    expect(catalog.tables["posts"]!.foreignKeys).toHaveLength(1);
  });

  test("options that only the constructor looks at", () => {
    expect(found(declare(() => ({}), {}, { limits: { maxRows: -1 } }))).toEqual(["invalid-options maxRows"]);
  });

  test("the app's own objects are left as they were", () => {
    const tables = { users: { unique: { email: ["email"] }, nonsense: 1 } };
    const before = structuredClone(tables);
    readDeclared(declare(() => ({}), tables));
    expect(tables).toEqual(before);
  });
});
