/** Bad input, each with its code, the place, and a message that a newcomer can act on. */
import { convexTest } from "convex-test";
import { componentsGeneric, defineSchema, defineTable, type GenericMutationCtx } from "convex/server";
import type { DataModelFromSchemaDefinition } from "convex/server";
import { v } from "convex/values";
import { Orm, defineRelations, session } from "convex-orm";
import { register } from "convex-orm/test";
import { describe, expect, test } from "vitest";

const schema = defineSchema({
  users: defineTable({ name: v.string(), age: v.optional(v.number()), teamId: v.optional(v.id("teams")) }).index(
    "by_team",
    ["teamId"],
  ),
  teams: defineTable({ name: v.string() }).index("by_name", ["name"]),
  posts: defineTable({ title: v.string(), authorId: v.id("users") }).index("by_author", ["authorId"]),
  tags: defineTable({ label: v.string(), postId: v.id("posts") }),
});
type DataModel = DataModelFromSchemaDefinition<typeof schema>;
type Ctx = GenericMutationCtx<DataModel>;
const components = componentsGeneric() as unknown as { readonly orm: ConstructorParameters<typeof Orm>[0] };
const relations = defineRelations(schema, (r) => ({
  users: { team: r.one.teams({ from: "teamId" }), posts: r.many.posts({ to: "authorId" }) },
  posts: { author: r.one.users({ from: "authorId", onDelete: "cascade" }) },
}));
const orm = new Orm(components.orm, { schema, relations, limits: { inlineRows: 2 } });

interface Told {
  readonly code?: string;
  readonly message: string;
  readonly hint?: string;
  readonly path?: string;
}

async function told(work: (ctx: Ctx) => unknown, mounted = true): Promise<Told> {
  const t = convexTest({ schema, modules: { "./_generated/api.ts": async () => ({}) }, transactionLimits: true });
  if (mounted) register(t as unknown as Parameters<typeof register>[0]);
  try {
    await t.run(async (ctx) => {
      await work(ctx);
      return null;
    });
  } catch (error) {
    const { data, message } = error as { data?: Told; message: string };
    return data ?? { message };
  }
  throw new Error("nothing was refused");
}
const thrown = (work: () => unknown): Told => {
  try {
    work();
  } catch (error) {
    return (error as { data: Told }).data;
  }
  throw new Error("nothing was refused");
};
/** Calls that the types refuse. */
const loosely = (ctx: Ctx) =>
  orm.with(ctx) as unknown as {
    query: Record<string, Record<string, (args: object) => Promise<unknown>>>;
    insert(t: string): unknown;
  };
const users = (ctx: Ctx) => loosely(ctx).query["users"]!;

describe("in queries", () => {
  test("an unknown table lists those that are there", async () => {
    expect(await told((ctx) => loosely(ctx).query["usres"]!["findMany"]!({}))).toMatchObject({
      code: "INVALID_SCHEMA",
      message: 'there is no table "usres" in the schema',
      hint: "Tables: users, teams, posts, tags.",
    });
  });
  test("an unknown field or relation", async () => {
    expect(await told((ctx) => users(ctx)["findMany"]!({ where: { posts: { titel: "x" } } }))).toMatchObject({
      code: "INVALID_WHERE",
      message: '"titel" is neither a field nor a relation of "posts"',
      path: "where -> posts -> titel".slice(0, "where -> posts".length),
      hint: expect.stringContaining("Its relations: author.") as string,
    });
  });
  test("an unknown operator lists those that are there", async () => {
    expect(await told((ctx) => users(ctx)["findMany"]!({ where: { age: { greaterThan: 3 } } }))).toMatchObject({
      code: "INVALID_WHERE",
      path: "where -> age -> greaterThan",
      hint: expect.stringContaining("gt, gte") as string,
    });
  });
  test.each([
    { age: undefined },
    { age: null },
    { age: { in: [1, undefined] } },
    { AND: [{ age: { eq: undefined } }] },
  ])("undefined and null in a filter: %o", async (where) => {
    expect(await told((ctx) => users(ctx)["findMany"]!({ where }))).toMatchObject({
      code: "INVALID_WHERE",
      hint: expect.stringContaining("isNull") as string,
    });
  });
  test("a whole filter that is undefined", async () => {
    expect((await told((ctx) => users(ctx)["findMany"]!({ where: undefined }))).code).toBe("INVALID_WHERE");
  });
  test("isNull: false, and a relation set to false", async () => {
    expect(await told((ctx) => users(ctx)["findMany"]!({ where: { age: { isNull: false } } }))).toMatchObject({
      code: "INVALID_WHERE",
      hint: expect.stringContaining("isNotNull") as string,
    });
    expect(await told((ctx) => users(ctx)["findMany"]!({ where: { team: false } }))).toMatchObject({
      code: "INVALID_WHERE",
      hint: expect.stringContaining("NOT: { team: true }") as string,
    });
  });
  test("a value that the field never holds", async () => {
    expect(await told((ctx) => users(ctx)["findMany"]!({ where: { age: "30" } }))).toMatchObject({
      code: "INVALID_WHERE",
      path: "where -> age",
    });
  });
  test("a lone surrogate, and a lone escape", async () => {
    expect((await told((ctx) => users(ctx)["findMany"]!({ where: { name: "\ud800" } }))).code).toBe("INVALID_WHERE");
    expect((await told((ctx) => users(ctx)["findMany"]!({ where: { name: { like: "a\\" } } }))).code).toBe(
      "INVALID_WHERE",
    );
  });
  test("an order of several keys in one object, of an unknown field, in no direction", async () => {
    expect(
      await told((ctx) => users(ctx)["findMany"]!({ orderBy: { name: "asc", age: "desc" }, limit: 1 })),
    ).toMatchObject({ code: "INVALID_ORDER", hint: expect.stringContaining("list") as string });
    expect((await told((ctx) => users(ctx)["findMany"]!({ orderBy: { nam: "asc" }, limit: 1 }))).code).toBe(
      "INVALID_ORDER",
    );
    expect((await told((ctx) => users(ctx)["findMany"]!({ orderBy: { name: "up" }, limit: 1 }))).code).toBe(
      "INVALID_ORDER",
    );
  });
  test("an unknown relation in with, an unknown column, an unknown argument", async () => {
    expect(
      await told((ctx) => users(ctx)["findMany"]!({ limit: 1, with: { team: { with: { users: true } } } })),
    ).toMatchObject({ code: "INVALID_VALUE", path: "with -> team -> users" });
    expect(await told((ctx) => users(ctx)["findMany"]!({ limit: 1, columns: { nam: true } }))).toMatchObject({
      code: "INVALID_VALUE",
      path: "columns",
    });
    expect(await told((ctx) => users(ctx)["findMany"]!({ limit: 1, wher: {} }))).toMatchObject({
      code: "INVALID_VALUE",
      path: "wher",
    });
  });
  test("findUnique by what is not unique", async () => {
    expect(await told((ctx) => users(ctx)["findUnique"]!({ where: { name: "x" } }))).toMatchObject({
      code: "INVALID_WHERE",
      hint: expect.stringContaining("unique") as string,
    });
  });
});

describe("in definitions", () => {
  test("a relation without an index prints the index", () => {
    const indexless = () =>
      new Orm(components.orm, {
        schema,
        relations: defineRelations(schema, (r) => ({ posts: { tags: r.many.tags({ to: "postId" }) } })),
      });
    const error = thrown(indexless);
    expect(error).toMatchObject({
      code: "INVALID_SCHEMA",
      path: expect.stringContaining("relations -> posts -> tags") as string,
    });
    expect(`${error.message} ${error.hint}`).toContain('.index("by_postId", ["postId"])');
  });
  test("an unknown table and an unknown field", () => {
    expect(
      thrown(() =>
        defineRelations(schema, (r) => ({
          users: { x: (r.one as never as Record<string, (o: object) => never>)["nope"]!({ from: "teamId" }) },
        })),
      ),
    ).toMatchObject({ code: "INVALID_SCHEMA" });
    expect(
      thrown(
        () =>
          new Orm(components.orm, { schema, relations, tables: { users: { unique: { email: ["email" as "name"] } } } }),
      ),
    ).toMatchObject({
      code: "INVALID_SCHEMA",
      path: expect.stringContaining("tables -> users -> unique -> email") as string,
    });
  });
});

describe("in policies", () => {
  const register =
    (using: object, also: object = {}) =>
    (ctx: Ctx) =>
      orm.policies.register(ctx, "posts", "p", { for: "select", using, ...also } as never);
  test("one that does not fit the schema", async () => {
    expect(await told(register({ writerId: session("userId") }))).toMatchObject({
      code: "INVALID_POLICY",
      path: expect.stringContaining("policies -> posts -> p -> using") as string,
    });
  });
  test("clauses that a command does not take", async () => {
    expect((await told(register({ title: "x" }, { for: "insert" }))).code).toBe("INVALID_POLICY");
    expect((await told(register({ title: "x" }, { withCheck: { title: "x" } }))).code).toBe("INVALID_POLICY");
  });
  test("a session variable in a query's filter", async () => {
    expect((await told((ctx) => users(ctx)["findMany"]!({ where: { name: session("userId") } }))).code).toBe(
      "INVALID_WHERE",
    );
  });
});

describe("in the set-up", () => {
  test("a missing worker export names the line to add", async () => {
    const error = await told(async (ctx) => {
      const authorId = await ctx.db.insert("users", { name: "a" });
      for (let i = 0; i < 5; i++) await ctx.db.insert("posts", { title: "t", authorId });
      await orm.with(ctx).delete("users").where({ _id: authorId });
    });
    expect(error).toMatchObject({
      code: "WORKER_MISSING",
      hint: expect.stringContaining("export const { worker, hydrate } = orm.functions();") as string,
    });
  });
  test("a component that is not mounted names the lines to add", async () => {
    const error = await told((ctx) => users(ctx)["findMany"]!({ where: { team: { name: "x" } } }), false);
    expect(`${error.message} ${error.hint}`).toContain("app.use(orm)");
  });
});
