import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import { codeOf, makeApp } from "../../../test/support/app.js";
import { defineRelations, session } from "../../client/index.js";
import { buildCatalog } from "../../client/schema/build.js";
import { policies } from "./policies.js";
import { findSpec, storedSpec } from "./spec.js";

const schema = defineSchema({
  users: defineTable({ name: v.string(), team: v.string() }).index("by_name", ["name"]),
  posts: defineTable({
    authorId: v.id("users"),
    owner: v.optional(v.string()),
    status: v.string(),
    level: v.number(),
    open: v.boolean(),
    tags: v.array(v.string()),
    deletedAt: v.optional(v.number()),
  })
    .index("by_author", ["authorId"])
    .index("by_owner_and_level", ["owner", "level"])
    .index("by_open", ["open"]),
});
const relations = defineRelations(schema, (r) => ({
  posts: { author: r.one.users({ from: "authorId", onDelete: "cascade" }) },
  users: { posts: r.many.posts({ to: "authorId" }) },
}));
const tables = { posts: { deletion: { soft: "deletedAt" }, protected: true } } as const;
const catalog = buildCatalog(schema, relations, tables);

const select = (using: object) => ({ for: "select", using });
const restrict = (using: object) => ({ as: "restrictive", for: "select", using });
type Spec = Record<string, object>;

/** The policies of `posts` that no index serves, as the doctor says. */
function unserved(posts: Spec): string[] {
  const { stored, findings } = storedSpec(catalog, { posts } as never);
  expect(findings).toEqual([]);
  return policies(catalog, stored)
    .filter(({ rule }) => rule === "policy-without-index")
    .map(({ path }) => path.split(" -> ").at(-1)!);
}

/** Whether the client refuses a list with a limit and no filter of its own, under these policies. */
async function isRefused(posts: Spec): Promise<boolean> {
  const app = makeApp({
    schema,
    relations,
    tables,
    session: () => ({ user: "ada", level: 3, names: ["ada", "bob"], authorId: null, open: true, roles: [] }),
  });
  await app.mutate((ctx) => app.orm.policies.sync(ctx, { posts }));
  const list = () => app.as((db) => db.query["posts"].findMany({ limit: 3 }));
  const code = await codeOf(async () => {
    await list();
    throw new Error("answered");
  });
  expect(["answered", "FULL_SCAN"]).toContain(code);
  return code === "FULL_SCAN";
}

describe("policies that no index serves are those under which the client refuses a list", () => {
  test.each<[string, Spec, string[]]>([
    ["an equality on an index", { own: select({ owner: session("user") }) }, []],
    ["an equality on none", { live: select({ status: "live" }) }, ["live"]],
    ["an index's second field", { high: select({ level: { gte: session("level") } }) }, ["high"]],
    ["a prefix and a range", { own: select({ owner: session("user"), level: { gte: session("level") } }) }, []],
    ["a list of the session", { own: select({ owner: { in: session("names") } }) }, []],
    ["a boolean", { open: select({ open: session("open") }) }, []],
    ["a test that no set expresses", { tagged: select({ tags: { arrayContains: ["a"] } }) }, ["tagged"]],
    ["a relation that an index finds", { ofAda: select({ author: { name: session("user") } }) }, []],
    ["a relation that none finds", { ofTeam: select({ author: { team: "core" } }) }, ["ofTeam"]],
    ["none of the related rows", { lonely: select({ NOT: { author: { name: "ada" } } }) }, ["lonely"]],
    ["an OR of two indexes", { either: select({ OR: [{ owner: "a" }, { open: true }] }) }, []],
    ["an OR with an open end", { either: select({ OR: [{ owner: "a" }, { status: "live" }] }) }, ["either"]],
    ["every row", { all: select({}) }, []],
    [
      "a served policy beside one that is not",
      { own: select({ owner: "a" }), live: select({ status: "live" }) },
      ["live"],
    ],
    ["a restrictive one on served ones", { own: select({ owner: "a" }), live: restrict({ status: "live" }) }, []],
    ["a restrictive one on every row", { all: select({}), live: restrict({ status: "live" }) }, ["live"]],
    ["a served restrictive one on every row", { all: select({}), tenant: restrict({ owner: session("user") }) }, []],
  ])("%s", async (_, spec, expected) => {
    expect(unserved(spec)).toEqual(expected);
    expect(await isRefused(spec)).toBe(expected.length > 0);
  });

  test("those of writes are judged on what SELECT shows", () => {
    const loud = { for: "update", using: { status: "live" } };
    expect(unserved({ own: select({ owner: "a" }), loud })).toEqual([]);
    expect(unserved({ all: select({}), loud })).toEqual(["loud"]);
    expect(unserved({ all: { for: "select", to: ["staff"], using: {} }, loud: { ...loud, to: ["guest"] } })).toEqual(
      [],
    );
  });

  test("the remedy is the advisor's index", () => {
    const { stored } = storedSpec(catalog, { posts: { live: select({ status: "live", level: { gte: 3 } }) } });
    expect(policies(catalog, stored)[0]!.remedy).toBe(
      'Add .index("by_status_and_level", ["status","level"]) to "posts" in the schema.',
    );
  });
});

describe("the policies among a module's exports", () => {
  const spec = { posts: {} };
  test.each<[string, Record<string, unknown>]>([
    ["the default", { default: spec, other: { users: {} } }],
    ["by name", { policies: spec, other: { users: {} } }],
    ["the only one", { sync: () => null, rules: spec, limit: 3, table: { nowhere: {} } }],
  ])("%s", (_, exports) => expect(findSpec("p.ts", exports, catalog)).toBe(spec));

  test("there must be one, and no telling which is an error", () => {
    expect(() => findSpec("p.ts", { sync: () => null }, catalog)).toThrow("p.ts exports no policies");
    expect(() => findSpec("p.ts", { a: spec, b: { users: {} } }, catalog)).toThrow(
      "several that could be policies: a, b",
    );
  });

  test("a name of no table is a finding, where the export's own name says what it is", () => {
    const found = findSpec("p.ts", { policies: { psots: {} } }, catalog);
    expect(storedSpec(catalog, found).findings).toMatchObject([{ rule: "invalid-policy", path: "policies -> psots" }]);
  });
});
