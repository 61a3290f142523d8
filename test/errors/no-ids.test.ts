/** An `_id` operand that is no id of its table matches nothing, wherever a filter stands; what negates it matches all. */
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import { defineRelations, session } from "../../src/client/index.js";
import { codeOf, makeApp } from "../support/app.js";

const schema = defineSchema({
  authors: defineTable({ name: v.string() }),
  posts: defineTable({ authorId: v.id("authors"), title: v.string() }).index("by_author", ["authorId"]),
});
/** Every text is above it, and no text is such an id. */
const noId = "!";
const above = { _id: { gt: noId } };
const relations = defineRelations(schema, (r) => ({
  authors: {
    posts: r.many.posts({ to: "authorId" }),
    oddPosts: r.many.posts({ to: "authorId", where: above as never }),
    otherPosts: r.many.posts({ to: "authorId", where: { _id: { ne: noId } } as never }),
  },
  posts: { author: r.one.authors({ from: "authorId" }) },
}));

const app = (checks: Record<string, unknown> = {}) =>
  makeApp({ schema, relations, tables: { posts: { checks } }, session: () => ({ id: noId, roles: [] }) });

async function filled(checks: Record<string, unknown> = {}) {
  const made = app(checks);
  const { author, post } = await made.mutate(async (ctx) => {
    const author = await ctx.db.insert("authors", { name: "ann" });
    return { author, post: await ctx.db.insert("posts", { authorId: author, title: "one" }) };
  });
  return { ...made, author, post };
}

type Filter = Readonly<Record<string, unknown>>;
const nothing: Filter[] = [
  above,
  { _id: { gte: noId } },
  { _id: { between: [noId, "~"] } },
  { author: above },
  { author: { posts: above } },
  { author: { oddPosts: true } },
  { author: { posts: { author: { _id: { gte: noId } } } } },
];
const everything: Filter[] = [
  { _id: { ne: noId } },
  { NOT: above },
  { author: { NOT: above } },
  { NOT: { author: { oddPosts: true } } },
  { author: { otherPosts: true } },
];

const kinds: [string, Filter[], number][] = [
  ["nothing", nothing, 0],
  ["everything", everything, 1],
];
describe.each(kinds)("filters that match %s", (_what, filters, rows) => {
  test.each(filters)("%o in where", async (where) => {
    const { sys } = await filled();
    expect(await sys((db) => db.query["posts"].findMany({ where, allowFullScan: true }))).toHaveLength(rows);
    // Indexed or not, by a limit or a count.
    expect(await sys((db) => db.query["posts"].count({ where, allowFullScan: true }))).toBe(rows);
  });

  test.each(filters)("%o in a policy", async (using) => {
    const { orm, as, mutate } = await filled();
    await mutate((ctx) => orm.policies.sync(ctx, { posts: { rule: { for: "select", using } } }));
    expect(await as((db) => db.query["posts"].findMany({ allowFullScan: true }))).toHaveLength(rows);
  });

  test.each(filters)("%o in a check", async (filter) => {
    const { sys, author, post } = await filled({ rule: filter });
    const update = await codeOf(async () => {
      await sys((db) => db.update("posts").set({ title: "two" }).where({ _id: post }));
      throw new Error("passes");
    });
    expect(update).toBe(rows === 1 ? "passes" : "CHECK_VIOLATION");
    // A row to come has no id yet: unknown, which passes. Its author has one.
    const insert = await codeOf(async () => {
      await sys((db) => db.insert("posts").values({ authorId: author, title: "three" }));
      throw new Error("passes");
    });
    expect(insert).toBe(rows === 1 || "_id" in filter ? "passes" : "CHECK_VIOLATION");
  });
});

test("as a session variable in a policy", async () => {
  const { orm, as, mutate } = await filled();
  const using = { author: { _id: { gte: session("id") } } };
  await mutate((ctx) => orm.policies.sync(ctx, { posts: { rule: { for: "select", using } } }));
  expect(await as((db) => db.query["posts"].findMany({ allowFullScan: true }))).toEqual([]);
});

test("loaded relations", async () => {
  const { sys, author } = await filled();
  const withPosts = { oddPosts: true, otherPosts: true, posts: { where: above } };
  const row = await sys((db) => db.query["authors"].findUnique({ where: { _id: author }, with: withPosts }));
  expect([row.oddPosts.length, row.otherPosts.length, row.posts.length]).toEqual([0, 1, 0]);
});

test("a check that names an _id holds statement after statement", async () => {
  const checks = { rule: { _id: { ne: "x" } } };
  const one = await filled(checks);
  await one.sys((db) => db.update("posts").set({ title: "a" }).where({ _id: one.post }));
  await one.sys((db) => db.update("posts").set({ title: "b" }).where({ _id: one.post }));
  expect((await one.rows("posts"))[0].title).toBe("b");
});
