/** Each guardrail of relations at its boundary and one past it: refused with its place, figure and remedy, never cut. */
import type { GenericId } from "convex/values";
import { describe, expect, test } from "vitest";
import { blog, guardedFor, thrown, type Ctx } from "./blog.js";

type Id<T extends string> = GenericId<T>;

/** Five authors of a post each, with ten comments and twelve groups each. */
const five = () =>
  blog(async (db) => {
    const users: Id<"users">[] = [];
    for (let i = 0; i < 5; i++) users.push(await db.insert("users", { name: `user ${i}` }));
    for (const [i, authorId] of users.entries()) {
      const postId = await db.insert("posts", { authorId, title: `post ${i}`, status: "live", rank: i });
      for (let c = 0; c < 10; c++)
        await db.insert("comments", { postId, body: `b${9 - c}`, likes: c, approved: c % 2 === 0 });
    }
    for (let g = 0; g < 12; g++) {
      const groupId = await db.insert("groups", { title: `g${11 - g}`, open: g % 2 === 0 });
      for (const userId of users) await db.insert("memberships", { userId, groupId, role: "member" });
    }
    return users;
  });

const byName = { where: { name: { startsWith: "user" } } } as const;

describe("RELATION_KEYS", () => {
  test("distinct keys of one level", async () => {
    const { read } = await five();
    const load = (relationKeys: number) =>
      read((db) => db.users.findMany({ ...byName, with: { posts: true }, relationKeys }));
    expect(await load(5)).toHaveLength(5);
    expect(await thrown(load(4))).toMatchObject({
      code: "RELATION_KEYS",
      path: "with -> posts",
      limit: "relationKeys",
      allowed: 4,
      figure: 5,
      hint: expect.stringContaining("raise relationKeys"),
    });
  });

  test("keys are counted once, and null ones not at all", async () => {
    const { read } = await blog(async (db) => {
      const authorId = await db.insert("users", { name: "one" });
      for (let i = 0; i < 5; i++)
        await db.insert("posts", {
          title: "",
          status: "live",
          rank: i,
          ...(i < 3 ? { authorId } : i === 3 ? { authorId: null } : {}),
        });
    });
    const rows = await read((db) =>
      db.posts.findMany({ orderBy: { rank: "asc" }, limit: 5, with: { author: true }, relationKeys: 1 }),
    );
    expect(rows.map((p) => p.author?.name ?? null)).toEqual(["one", "one", "one", null, null]);
  });

  test("a deeper level names its place, and its own limit", async () => {
    const { read } = await five();
    const load = (relationKeys: number) =>
      read((db) => db.users.findMany({ ...byName, with: { posts: { with: { comments: { relationKeys } } } } }));
    expect((await load(5)).flatMap((u) => u.posts.flatMap((p) => p.comments))).toHaveLength(50);
    expect(await thrown(load(4))).toMatchObject({
      code: "RELATION_KEYS",
      path: "with -> posts -> comments",
      figure: 5,
    });
  });

  test("the default is 1,000", async () => {
    const { read } = await blog(async (db) => {
      for (let i = 0; i < 1_001; i++) await db.insert("posts", { title: "", status: "live", rank: i });
    });
    const load = (limit: number) =>
      read((db) => db.posts.findMany({ orderBy: { rank: "asc" }, limit, with: { comments: true } }));
    expect(await load(1_000)).toHaveLength(1_000);
    expect(await thrown(load(1_001))).toMatchObject({ code: "RELATION_KEYS", allowed: 1_000, figure: 1_001 });
  });
});

describe("RELATION_ROWS", () => {
  test("rows of one parent, without a limit", async () => {
    const { read } = await five();
    const load = (relationRows: number, limit?: number) =>
      read((db) =>
        db.users.findMany({
          ...byName,
          with: { posts: { with: { comments: { relationRows, ...(limit === undefined ? {} : { limit }) } } } },
        }),
      );
    expect((await load(10))[0]?.posts[0]?.comments).toHaveLength(10);
    expect(await thrown(load(9))).toMatchObject({
      code: "RELATION_ROWS",
      path: "with -> posts -> comments",
      limit: "relationRows",
      allowed: 9,
      figure: 10,
      hint: "Pass a `limit` for the relation, or raise relationRows.",
    });
    // An explicit limit stands in its place.
    expect((await load(2, 8))[0]?.posts[0]?.comments).toHaveLength(8);
  });

  test("it counts rows that match, after the offset", async () => {
    const { read } = await five();
    const load = (relationRows: number, more: object) =>
      read((db) => db.posts.findMany({ where: { status: "live" }, with: { comments: { relationRows, ...more } } }));
    expect((await load(5, { where: { approved: true } }))[0]?.comments).toHaveLength(5);
    expect(await thrown(load(4, { where: { approved: true } }))).toMatchObject({ code: "RELATION_ROWS" });
    expect((await load(7, { offset: 3 }))[0]?.comments).toHaveLength(7);
    expect(await thrown(load(6, { offset: 3 }))).toMatchObject({ code: "RELATION_ROWS" });
  });

  test("through a junction it counts targets that match", async () => {
    const { read } = await five();
    const load = (relationRows: number, more: object = {}) =>
      read((db) => db.users.findMany({ ...byName, with: { groups: { relationRows, ...more } } }));
    expect((await load(12))[0]?.groups).toHaveLength(12);
    expect(await thrown(load(11))).toMatchObject({ code: "RELATION_ROWS", path: "with -> groups", figure: 12 });
    expect((await load(6, { where: { open: true } }))[0]?.groups).toHaveLength(6);
    expect((await load(2, { limit: 4 }))[0]?.groups).toHaveLength(4);
  });

  test("an order that no index delivers reads every row of a parent: relationRows bounds that, allowFullScan lifts it", async () => {
    const { read } = await five();
    const load = (relationRows: number, more: object = {}) =>
      read((db) =>
        db.posts.findMany({
          where: { status: "live" },
          with: { comments: { orderBy: { body: "asc" }, limit: 2, relationRows, ...more } },
        }),
      );
    expect((await load(10))[0]?.comments.map((c) => c.body)).toEqual(["b0", "b1"]);
    const refused = await thrown(load(9));
    expect(refused).toMatchObject({ code: "RELATION_ROWS", path: "with -> comments", allowed: 9, figure: 10 });
    expect(refused.suggestions).toEqual(['.index("by_postId_and_body", ["postId","body"])']);
    expect(refused.hint).toContain('.index("by_postId_and_body", ["postId","body"])');
    expect((await load(9, { allowFullScan: true }))[0]?.comments.map((c) => c.body)).toEqual(["b0", "b1"]);
    expect(await thrown(load(9, { allowFullScan: true, maxScan: 9 }))).toMatchObject({
      code: "SCAN_LIMIT",
      path: "with -> comments",
    });
  });

  test("and so does an order beyond a junction", async () => {
    const { read } = await five();
    const load = (relationRows: number, more: object = {}) =>
      read((db) =>
        db.users.findMany({
          ...byName,
          with: { groups: { orderBy: { title: "asc" }, limit: 2, relationRows, ...more } },
        }),
      );
    expect((await load(12))[0]?.groups.map((g) => g.title)).toEqual(["g0", "g1"]);
    expect(await thrown(load(11))).toMatchObject({ code: "RELATION_ROWS", path: "with -> groups", figure: 12 });
    expect((await load(11, { allowFullScan: true }))[0]?.groups.map((g) => g.title)).toEqual(["g0", "g1"]);
  });

  test("a limit for all relations can stand at the root", async () => {
    const { read } = await five();
    const load = (relationRows: number) =>
      read((db) => db.posts.findMany({ where: { status: "live" }, with: { comments: true }, relationRows }));
    expect(await load(10)).toHaveLength(5);
    expect(await thrown(load(9))).toMatchObject({ code: "RELATION_ROWS", path: "with -> comments" });
  });

  test("the default is 1,000", async () => {
    const { read } = await blog(async (db) => {
      const postId = await db.insert("posts", { title: "", status: "live", rank: 0 });
      for (let i = 0; i < 1_001; i++) await db.insert("comments", { postId, body: "", likes: i, approved: i > 0 });
    });
    const load = (args: object) =>
      read((db) => db.posts.findMany({ where: { status: "live" }, with: { comments: args } }));
    expect((await load({ where: { likes: { lt: 1_000 } } }))[0]?.comments).toHaveLength(1_000);
    expect(await thrown(load({}))).toMatchObject({ code: "RELATION_ROWS", allowed: 1_000, figure: 1_001 });
    expect((await load({ limit: 1_001 }))[0]?.comments).toHaveLength(1_001);
    expect((await load({ relationRows: 1_001 }))[0]?.comments).toHaveLength(1_001);
  });
});

describe("RELATION_DEPTH", () => {
  const nest = (levels: number): object | true => (levels === 0 ? true : { with: { manager: nest(levels - 1) } });
  const load = async (levels: number, limits: object = {}) => {
    const { read } = await five();
    return await read((db) =>
      (db.users.findMany as (args: object) => Promise<unknown[]>)({
        ...byName,
        ...(nest(levels) as object),
        ...limits,
      }),
    );
  };
  const path = (levels: number) => ["with", ...Array.from({ length: levels }, () => "manager")].join(" -> ");

  test("six levels by default", async () => {
    expect(await load(6)).toHaveLength(5);
    expect(await thrown(load(7))).toMatchObject({
      code: "RELATION_DEPTH",
      path: path(7),
      limit: "relationDepth",
      allowed: 6,
      hint: expect.stringContaining("raise relationDepth"),
    });
  });

  test("as the query says", async () => {
    expect(await load(7, { relationDepth: 7 })).toHaveLength(5);
    expect(await load(1, { relationDepth: 1 })).toHaveLength(5);
    expect(await thrown(load(2, { relationDepth: 1 }))).toMatchObject({
      code: "RELATION_DEPTH",
      path: path(2),
      allowed: 1,
    });
    expect(await thrown(load(1, { relationDepth: 0 }))).toMatchObject({
      code: "RELATION_DEPTH",
      path: path(1),
      allowed: 0,
    });
  });
});

describe("the transaction's budget", () => {
  test("index ranges of many small reads together: BUDGET with its place, before the platform throws", async () => {
    const { read } = await blog(async (db) => {
      for (let i = 0; i < 250; i++) await db.insert("posts", { title: "", status: "live", rank: i });
    });
    // Of 4,096 ranges a query may leave 95 % untouched: 204 are its own.
    const load = (limit: number) =>
      read((db) => db.posts.findMany({ orderBy: { rank: "asc" }, limit, with: { comments: true }, headroom: 0.95 }));
    expect(await load(190)).toHaveLength(190);
    expect(await thrown(load(250))).toMatchObject({
      code: "BUDGET",
      path: "with -> comments",
      resource: "index ranges",
    });
  });

  test("documents of many parents", async () => {
    const { read } = await blog(async (db) => {
      const posts: Id<"posts">[] = [];
      for (let i = 0; i < 40; i++) posts.push(await db.insert("posts", { title: "", status: "live", rank: i }));
      for (const postId of posts)
        for (let c = 0; c < 100; c++) await db.insert("comments", { postId, body: "", likes: c, approved: true });
    });
    const load = (headroom: number) =>
      read((db) => db.posts.findMany({ where: { status: "live" }, with: { comments: true }, headroom }));
    // 4,040 of 32,000 documents: more than maxScan in all, which bounds each parent's read.
    expect((await load(0.1)).flatMap((p) => p.comments)).toHaveLength(4_000);
    expect(await thrown(load(0.9))).toMatchObject({ code: "BUDGET", resource: "documents" });
  });
});

test("on protected tables the limit is told, not the figure", async () => {
  const { t, ids } = await five();
  const orm = guardedFor(ids[0]!);
  await t.mutation(
    async (ctx) =>
      void (await orm.policies.sync(ctx as never, {
        comments: { all: { for: "select", using: { likes: { gte: 2 } } } },
        posts: { all: { for: "select", using: {} } },
      })),
  );
  const read = (args: object) =>
    t.query((ctx) =>
      (orm.with(ctx as unknown as Ctx).query.posts.findMany as (args: object) => Promise<never[]>)({
        where: { status: "live" },
        ...args,
      }),
    );
  expect(await read({ with: { comments: { relationRows: 8 } } })).toHaveLength(5);
  const rows = await thrown(read({ with: { comments: { relationRows: 7 } } }));
  expect(rows).toMatchObject({ code: "RELATION_ROWS", allowed: 7 });
  expect(rows).not.toHaveProperty("figure");
  const keys = await thrown(read({ with: { comments: true }, relationKeys: 4 }));
  expect(keys).toMatchObject({ code: "RELATION_KEYS", allowed: 4 });
  expect(keys).not.toHaveProperty("figure");
  const scan = await thrown(
    t.query((ctx) =>
      orm.with(ctx as unknown as Ctx).query.users.findMany({
        where: { name: { startsWith: "user" }, posts: { comments: { body: "none" } } },
        maxScan: 20,
      }),
    ),
  );
  expect(scan.code).toBe("SCAN_LIMIT");
  expect(scan).not.toHaveProperty("figure");
});

test("an index that a relation needs is missing: an error at definition", async () => {
  const { defineSchema, defineTable } = await import("convex/server");
  const { v } = await import("convex/values");
  const { defineRelations } = await import("convex-orm");
  const bare = defineSchema({
    users: defineTable({ name: v.string() }),
    posts: defineTable({ authorId: v.id("users") }),
  });
  const define = () => defineRelations(bare, (r) => ({ users: { posts: r.many.posts({ to: "authorId" }) } }));
  expect(define).toThrow(/relations -> users -> posts[\s\S]*\.index\("by_authorId", \["authorId"\]\)/);
});
