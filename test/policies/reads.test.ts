/**
 * Policies are in the plan: they choose indexes, keep limits and pages full, and what they hide is not read. Figures
 * are the platform's own, with the policies' documents in the component among them (one a protected table).
 */
import { convexTest } from "convex-test";
import { componentsGeneric, defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import type { GenericId } from "convex/values";
import { beforeAll, describe, expect, test } from "vitest";
import { defineRelations, Orm, session } from "../../src/client/index.js";
import type { PolicySpec, OrmModel } from "../../src/client/types/index.js";
import type { ComponentApi } from "../../src/component/_generated/component.js";
import { register } from "../../src/test.js";

const schema = defineSchema({
  users: defineTable({ name: v.string() }),
  teams: defineTable({ name: v.string() }),
  members: defineTable({ teamId: v.id("teams"), userId: v.id("users") })
    .index("by_user", ["userId"])
    .index("by_team", ["teamId"]),
  posts: defineTable({ authorId: v.id("users"), teamId: v.id("teams"), status: v.string(), n: v.number() })
    .index("by_author_and_n", ["authorId", "n"])
    .index("by_status_and_n", ["status", "n"])
    .index("by_team", ["teamId"])
    .index("by_n", ["n"]),
});
const relations = defineRelations(schema, (r) => ({
  teams: {
    members: r.many.users({ through: { table: "members", from: "teamId", to: "userId" } }),
    posts: r.many.posts({ to: "teamId" }),
  },
  users: { posts: r.many.posts({ to: "authorId" }) },
  posts: { team: r.one.teams({ from: "teamId" }), author: r.one.users({ from: "authorId" }) },
}));
interface Session {
  userId: GenericId<"users"> | null;
  roles: string[];
}
const { orm: component } = componentsGeneric() as unknown as { orm: ComponentApi };
let me: Session;
const orm = new Orm(component, { schema, relations, session: (): Session => me });
type Spec = PolicySpec<OrmModel<typeof schema, (typeof relations)["definitions"], unknown, Session>>;

const ROWS = 2_000;
const MINE = 20;
const MEMBERSHIPS = 3;

const own = { for: "all", using: { authorId: session("userId") } } as const;
const published = { for: "select", using: { status: "live" } } as const;

function start() {
  const t = convexTest({
    schema,
    modules: { "/convex/_generated/api.js": () => Promise.resolve({}) },
    transactionLimits: true,
  });
  register(t as never);
  return t;
}
const t = start();

/** 2,000 posts: 20 of mine, 20 live ones, 10 in each of my three teams. */
beforeAll(async () => {
  const userId = await t.mutation(async (ctx) => {
    const [ada, eve] = [await ctx.db.insert("users", { name: "Ada" }), await ctx.db.insert("users", { name: "Eve" })];
    const teams: GenericId<"teams">[] = [];
    for (let i = 0; i < 200; i++) teams.push(await ctx.db.insert("teams", { name: `T${i}` }));
    for (const [i, teamId] of teams.entries())
      await ctx.db.insert("members", { teamId, userId: i < MEMBERSHIPS ? ada : eve });
    for (let n = 0; n < ROWS; n++) {
      const authorId = n % (ROWS / MINE) === 7 ? ada : eve;
      const status = n % (ROWS / MINE) === 11 ? "live" : "draft";
      await ctx.db.insert("posts", { authorId, status, teamId: teams[n % 200]!, n });
    }
    return ada;
  });
  me = { userId, roles: [] };
});

const sync = (spec: Spec) => t.mutation(async (ctx) => void (await orm.policies.sync(ctx, spec, { prune: true })));

type Reader = ReturnType<typeof readerOf>;
const readerOf = (ctx: Parameters<Parameters<typeof t.run>[0]>[0]) => orm.with(ctx);

/** Runs a read in a function of its own and says what it took. */
async function measured<T>(
  read: (db: Reader) => Promise<T>,
): Promise<{ result: T; documents: number; queries: number }> {
  let answer: { result: T; documents: number; queries: number } | null = null;
  await t.run(async (ctx) => {
    const result = await read(readerOf(ctx));
    const metrics = await ctx.meta.getTransactionMetrics();
    answer = { result, documents: metrics.documentsRead.used, queries: metrics.databaseQueries.used };
  });
  return answer!;
}

/** Every page in the order of `n`, each read in a function of its own. */
async function allPages(direction: "asc" | "desc", numItems: number): Promise<{ rows: number[]; documents: number }[]> {
  const pages: { rows: number[]; documents: number }[] = [];
  const read = (cursor: string | null) =>
    measured((db) => db.query.posts.paginate({ orderBy: { n: direction }, paginationOpts: { numItems, cursor } }));
  let next = await read(null);
  for (;;) {
    pages.push({ rows: next.result.page.map((row) => row.n), documents: next.documents });
    if (next.result.isDone) return pages;
    next = await read(next.result.continueCursor);
  }
}

describe("1 % visible, an index on the policy's column", () => {
  test("ten rows cost eleven documents at most, in any order that the index has", async () => {
    await sync({ posts: { own } });
    for (const orderBy of [undefined, { n: "asc" } as const, { n: "desc" } as const]) {
      const { result, documents } = await measured((db) =>
        db.query.posts.findMany({ limit: 10, ...(orderBy !== undefined && { orderBy }) }),
      );
      expect(result).toHaveLength(10);
      expect(documents).toBeLessThanOrEqual(11);
    }
  });

  test("pages are full all the way", async () => {
    await sync({ posts: { own } });
    const pages = await allPages("asc", 5);
    expect(pages.map((page) => page.rows.length).filter((size) => size > 0)).toEqual([5, 5, 5, 5]);
    for (const { documents } of pages) expect(documents).toBeLessThanOrEqual(7);
  });

  test("a count, a look-up and a residual read visible rows only", async () => {
    await sync({ posts: { own } });
    expect(await measured((db) => db.query.posts.count({ where: { n: { gte: 0 } } }))).toMatchObject({
      result: MINE,
      documents: MINE + 1,
    });
    const drafts = await measured((db) => db.query.posts.findMany({ where: { NOT: { status: "live" } } }));
    expect(drafts.result).toHaveLength(MINE);
    expect(drafts.documents).toBeLessThanOrEqual(MINE + 2);
    const hidden = await measured(async (db) => await db.query.posts.findMany({ where: { n: { between: [8, 90] } } }));
    expect(hidden).toMatchObject({ result: [], documents: 1 });
  });
});

describe("own OR published", () => {
  test("is a union of two ranges, merged in the order asked for", async () => {
    await sync({ posts: { own, published } });
    const { result, documents } = await measured((db) => db.query.posts.findMany({ orderBy: { n: "asc" }, limit: 10 }));
    expect(result.map((row) => row.n)).toEqual([7, 11, 107, 111, 207, 211, 307, 311, 407, 411]);
    expect(documents).toBeLessThanOrEqual(1 + 10 + 2);
  });

  test("pages too, without a gap or a repeat", async () => {
    await sync({ posts: { own, published } });
    const pages = await allPages("desc", 7);
    for (const { documents } of pages) expect(documents).toBeLessThanOrEqual(1 + 7 + 2 + 1);
    for (const { rows } of pages.slice(0, -1)) expect(rows).toHaveLength(7);
    expect(pages.flatMap((page) => page.rows)).toEqual(
      Array.from({ length: ROWS }, (_, n) => ROWS - 1 - n).filter((n) => n % 100 === 7 || n % 100 === 11),
    );
  });
});

test("a membership policy is driven from the memberships' index", async () => {
  await sync({ posts: { ofTeam: { for: "select", using: { team: { members: { _id: session("userId") } } } } } });
  const { result, documents, queries } = await measured((db) => db.query.posts.findMany({}));
  expect(result).toHaveLength(MEMBERSHIPS * 10);
  // One document of policies; a junction row, a team and a user a membership at most.
  expect(documents).toBeLessThanOrEqual(1 + result.length + 3 * MEMBERSHIPS);
  expect(queries).toBeLessThanOrEqual(2 + 4 * MEMBERSHIPS);
});

describe("explain", () => {
  test("names the policies that bound, those that filter, and those that say nothing for this session", async () => {
    await sync({
      posts: {
        own,
        member: { ...published, to: ["member"] },
        even: { as: "restrictive", for: "select", using: { status: { like: "%r%" } } },
      },
    });
    const { result } = await measured(async (db) => await db.query.posts.explain({}));
    expect(result.plan.policies).toEqual({ bound: ["posts.own"], filter: ["posts.even"], dropped: ["posts.member"] });
    for (const name of ["posts.own", "posts.even", "posts.member"]) expect(result.text).toContain(name);
  });

  test("a branch that is false for the session disappears from the plan", async () => {
    await sync({ posts: { own, published } });
    const asSomebody = (await measured(async (db) => await db.query.posts.explain({}))).result.plan;
    expect(asSomebody.probes).toHaveLength(2);
    const before = me;
    me = { userId: null, roles: [] };
    const asNobody = (await measured(async (db) => await db.query.posts.explain({}))).result.plan;
    me = before;
    expect(asNobody.probes).toHaveLength(1);
    expect(asNobody.policies).toMatchObject({ bound: ["posts.published"], dropped: ["posts.own"] });
  });
});

describe("watched narrowly", () => {
  /** The index ranges that a read asked for, as text. */
  async function watched(read: (db: Reader) => Promise<unknown>): Promise<string[]> {
    const ranges: string[] = [];
    await t.run(async (ctx) => {
      const query = (table: string) => ({
        withIndex: (index: string, range: (q: object) => unknown) => {
          const bounds: string[] = [];
          const recorder: object = new Proxy(
            {},
            {
              get: (_target, name) => (field: string, value: unknown) => {
                bounds.push(`${String(name)} ${field} ${JSON.stringify(value)}`);
                return recorder;
              },
            },
          );
          range(recorder);
          ranges.push(`${table}.${index}: ${bounds.join(", ")}`);
          return (
            ctx.db.query(table as "posts") as never as { withIndex(name: string, range: unknown): unknown }
          ).withIndex(index, range);
        },
      });
      await read(readerOf({ ...ctx, db: { ...ctx.db, query } } as never));
    });
    return ranges;
  }

  test("under a policy that an index serves, a write to a hidden row is in no interval", async () => {
    await sync({ posts: { own } });
    const mine = [`posts.by_author_and_n: eq authorId ${JSON.stringify(me.userId)}`];
    expect(await watched((db) => db.query.posts.findMany({}))).toEqual(mine);
    expect(await watched((db) => db.query.posts.count({}))).toEqual(mine);
    const ranges = await watched((db) => db.query.posts.findMany({ where: { n: { gte: 5 } }, orderBy: { n: "asc" } }));
    // Numbers end where the booleans begin.
    expect(ranges).toEqual([`${mine[0]}, gte n 5, lt n false`]);
  });
});
