/** Relation filters: which side drives, what is given up when keys are too many, and pages while keys come and go. */
import type { GenericId } from "convex/values";
import { describe, expect, test } from "vitest";
import { session } from "convex-orm";
import { blog, guardedFor, orm, thrown, type Ctx, type WriteCtx } from "./blog.js";

type Id<T extends string> = GenericId<T>;
type Db = WriteCtx["db"];

/** Each name's posts have ranks 0, 1, 2, ... times the number of names, plus the name's own place. */
async function authors(db: Db, names: readonly string[], posts: number): Promise<Id<"users">[]> {
  const ids: Id<"users">[] = [];
  for (const name of names) ids.push(await db.insert("users", { name }));
  for (let i = 0; i < posts * names.length; i++) {
    await db.insert("posts", {
      authorId: ids[i % names.length]!,
      title: `p${i}`,
      status: i % 2 === 0 ? "live" : "draft",
      rank: i,
    });
  }
  return ids;
}
const explain = async (where: object, more: object = {}): Promise<string> => {
  const { read } = await blog(async () => null);
  return (await read((db) => db.posts.explain({ where, ...more } as never))).text;
};

describe("the side that drives", () => {
  test.each([
    ["to-one", { author: { name: "x" } }, {}],
    ["to-one with a filter that an index serves worse", { rank: { gte: 5 }, author: { name: "x" } }, {}],
    [
      "the same with a limit: ten of a hundred authors' rows would be a long walk",
      { rank: { gte: 5 }, author: { name: "x" } },
      { limit: 10 },
    ],
    [
      "where full scans are allowed, they are not chosen",
      { author: { name: "x" } },
      { limit: 10, allowFullScan: true },
    ],
    ["with an order", { author: { name: "x" } }, { orderBy: { rank: "desc" }, limit: 10 }],
    ["three deep", { author: { manager: { profile: { user: { name: "x" } } } } }, {}],
    ["through a junction, beyond a to-one", { author: { groups: { title: "x" } } }, {}],
    ["inside an OR whose other branch has its own index", { OR: [{ rank: 3 }, { author: { name: "x" } }] }, {}],
  ])("the related one: %s", async (_, where, more) => {
    expect(await explain(where, more)).toContain("keys from");
  });

  test.each([
    ["the root is one row", { _id: "x", author: { name: "x" } }, {}],
    ["the related side is not bounded", { rank: { gt: 5 }, author: { bio: "x" } }, {}],
    ["the filter is negated", { rank: { gt: 5 }, NOT: { author: { name: "x" } } }, {}],
    ["nothing but existence is asked", { rank: 5, author: true }, {}],
    [
      "nearly every related row passes",
      { rank: { gt: 5 }, comments: { approved: { isNotNull: true } } },
      { limit: 10 },
    ],
  ])("the root: %s", async (_, where, more) => {
    expect(await explain(where, more)).not.toContain("keys from");
  });

  test("both ways give the same rows", async () => {
    const { read } = await blog(async (db) => {
      await authors(db, ["a", "b", "a", "c"], 6);
    });
    for (const where of [
      { author: { name: "a" } },
      { NOT: { author: { name: "a" } } },
      { OR: [{ author: { name: "b" } }, { rank: { lt: 3 } }] },
    ]) {
      const ranks = async (more: object) =>
        (await read((db) => db.posts.findMany({ where, orderBy: { rank: "asc" }, allowFullScan: true, ...more }))).map(
          (p) => p.rank,
        );
      const direct = await ranks({});
      expect(await ranks({ maxProbes: 1 })).toEqual(direct);
      expect(direct.length).toBeGreaterThan(5);
    }
  });
});

describe("when keys are too many", () => {
  test("more than maxProbes: the filter is tested row by row", async () => {
    const { measure } = await blog((db) => authors(db, ["x", "x", "x", "x", "y"], 4));
    const ask = (maxProbes: number, more: object = {}) =>
      measure((db) =>
        db.posts.findMany({ where: { author: { name: "x" } }, orderBy: { rank: "asc" }, maxProbes, ...more }),
      );
    const four = await ask(4);
    expect(four.value.map((p) => p.rank)).toEqual(Array.from({ length: 20 }, (_, i) => i).filter((i) => i % 5 !== 4));
    expect({ documents: four.documents, queries: four.queries }).toEqual({ documents: 4 + 16, queries: 1 + 4 });
    const three = await ask(3);
    expect(three.value).toEqual(four.value);
    // The four keys that were too many, every post, and the one author who is not among them.
    expect({ documents: three.documents, queries: three.queries }).toEqual({
      documents: 4 + 20 + 1,
      queries: 1 + 1 + 1,
    });
    // Within maxScan, and never cut.
    expect(await thrown(ask(3, { maxScan: 15 }))).toMatchObject({ code: "SCAN_LIMIT" });
  });

  test("more rows than maxScan behind few keys", async () => {
    const { read } = await blog(async (db) => {
      const [postId] = [await db.insert("posts", { title: "busy", status: "live", rank: 0 })];
      await db.insert("posts", { title: "quiet", status: "live", rank: 1 });
      for (let i = 0; i < 60; i++) await db.insert("comments", { postId, body: "", likes: i, approved: true });
    });
    const rows = await read((db) => db.posts.findMany({ where: { comments: { approved: true } }, maxScan: 50 }));
    expect(rows.map((p) => p.title)).toEqual(["busy"]);
    expect(await read((db) => db.posts.count({ where: { comments: { approved: true } }, maxScan: 50 }))).toBe(1);
  });

  test("inside a load nothing is driven from the other side: answers are remembered instead", async () => {
    const { measure } = await blog((db) => authors(db, ["x", "y"], 10));
    const { value, queries } = await measure((db) =>
      db.users.findMany({
        where: { name: { gte: "x" } },
        orderBy: { name: "asc" },
        with: { posts: { where: { author: { name: "x" } } } },
        maxProbes: 1,
      }),
    );
    expect(value.map((u) => u.posts.length)).toEqual([10, 0]);
    expect(queries).toBe(1 + 2);
  });
});

test("keys of several fields", async () => {
  const { measure } = await blog(async (db) => {
    for (const region of ["n", "s", "w"])
      for (const code of [1, 2, 3]) await db.insert("shelves", { region, code, label: code === 2 ? "mid" : "end" });
    for (let i = 0; i < 30; i++)
      await db.insert("boxes", { region: ["n", "s", "w", "e"][i % 4]!, code: 1 + (i % 3), label: "", weight: i });
    await db.insert("boxes", { code: 2, label: "no region", weight: 99 });
    await db.insert("boxes", { region: "n", code: null, label: "no code", weight: 99 });
  });
  const boxes = await measure((db) =>
    db.boxes.findMany({ where: { shelf: { label: "mid" }, weight: { gte: 10 } }, orderBy: { weight: "asc" } }),
  );
  expect(boxes.value.map((b) => b.weight)).toEqual([10, 13, 16, 22, 25, 28]);
  // The shelves, and the boxes themselves: weight is part of each range.
  expect({ documents: boxes.documents, queries: boxes.queries }).toEqual({ documents: 3 + 6, queries: 1 + 3 });
  const shelves = await measure((db) =>
    db.shelves.findMany({ where: { label: "end", boxes: { weight: { gt: 26 } } } }),
  );
  expect(shelves.value.map((s) => [s.region, s.code])).toEqual([["s", 3]]);
});

describe("pages while keys come and go", () => {
  const open = () => blog((db) => authors(db, ["x", "y"], 8));
  type Store = Awaited<ReturnType<typeof open>>;
  const page = ({ read }: Store, cursor: string | null, more: object = {}) =>
    read((db) =>
      db.posts.paginate({
        where: { author: { name: "x" } },
        orderBy: { rank: "asc" },
        paginationOpts: { numItems: 3, cursor },
        ...more,
      }),
    );
  const rest = async (store: Store, cursor: string, more: object = {}) => {
    const ranks: number[] = [];
    for (let at: string | null = cursor, n = 0; at !== null && n < 20; n++) {
      const { page: rows, isDone, continueCursor } = await page(store, at, more);
      ranks.push(...rows.map((p) => p.rank));
      at = isDone ? null : continueCursor;
    }
    return ranks;
  };
  const write = ({ t }: Store, work: (db: Db) => Promise<void>) =>
    t.run((ctx) => work((ctx as unknown as WriteCtx).db));

  test("a key that comes brings the rows beyond the place, and none before it", async () => {
    const store = await open();
    const first = await page(store, null);
    expect(first.page.map((p) => p.rank)).toEqual([0, 2, 4]);
    await write(store, async (db) => {
      const authorId = await db.insert("users", { name: "x" });
      for (const rank of [1, 3.5, 4.5, 9]) await db.insert("posts", { authorId, title: "", status: "live", rank });
    });
    expect(await rest(store, first.continueCursor)).toEqual([4.5, 6, 8, 9, 10, 12, 14]);
  });

  test("a key that goes takes its rows along", async () => {
    const store = await open();
    const first = await page(store, null);
    await write(store, async (db) => void (await db.patch(store.ids[0]!, { name: "z" })));
    expect(await rest(store, first.continueCursor)).toEqual([]);
    await write(store, async (db) => void (await db.patch(store.ids[1]!, { name: "x" })));
    expect(await rest(store, first.continueCursor)).toEqual([5, 7, 9, 11, 13, 15]);
  });

  test("keys that outgrow maxProbes between pages change the plan, not the walk", async () => {
    const store = await open();
    const limits = { maxProbes: 2 };
    const first = await page(store, null, limits);
    await write(store, async (db) => {
      for (let i = 0; i < 3; i++)
        await db.insert("posts", {
          authorId: await db.insert("users", { name: "x" }),
          title: "",
          status: "live",
          rank: 5 + i,
        });
    });
    expect(await rest(store, first.continueCursor, limits)).toEqual([5, 6, 6, 7, 8, 10, 12, 14]);
  });

  test("without an order that is another walk: it starts over", async () => {
    const store = await open();
    const terms = { maxProbes: 2, orderBy: [] };
    const first = await page(store, null, terms);
    await write(store, async (db) => {
      for (let i = 0; i < 3; i++)
        await db.insert("posts", {
          authorId: await db.insert("users", { name: "x" }),
          title: "",
          status: "live",
          rank: 5 + i,
        });
    });
    expect(await thrown(page(store, first.continueCursor, terms))).toMatchObject({ code: "INVALID_CURSOR" });
  });

  test("without an order every row that stays comes once", async () => {
    const store = await open();
    const unordered = { orderBy: [] };
    const first = await page(store, null, unordered);
    await write(store, async (db) => {
      const authorId = await db.insert("users", { name: "x" });
      for (const rank of [100, 101]) await db.insert("posts", { authorId, title: "", status: "live", rank });
    });
    const ranks = [...first.page.map((p) => p.rank), ...(await rest(store, first.continueCursor, unordered))];
    expect(ranks.toSorted((a, b) => a - b)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 100, 101]);
  });
});

describe("under policies", () => {
  test("a filter sees visible related rows only, whichever side drives", async () => {
    const { t } = await blog((db) => authors(db, ["x", "x", "y"], 3));
    const guarded = guardedFor("me");
    await t.mutation(
      async (ctx) =>
        void (await guarded.policies.sync(ctx as never, {
          users: { some: { for: "select", using: { name: { ne: "x" } } } },
        })),
    );
    const ask = (where: object, more: object = {}) =>
      t.query(
        async (ctx) =>
          (await guarded.with(ctx as unknown as Ctx).query.posts.findMany({ where, allowFullScan: true, ...more }))
            .length,
      );
    for (const more of [{}, { maxProbes: 0 }]) {
      expect(await ask({ author: { name: "x" } }, more)).toBe(0);
      expect(await ask({ author: { name: "y" } }, more)).toBe(3);
      expect(await ask({ NOT: { author: { name: "x" } } }, more)).toBe(9);
    }
    expect(
      await t.query(
        async (ctx) =>
          (await orm.with(ctx as unknown as Ctx).query.posts.findMany({ where: { author: { name: "x" } } })).length,
      ),
    ).toBe(6);
  });

  test("inside a policy it looks at all rows, and may drive the scan", async () => {
    const { t, ids } = await blog(async (db) => {
      const users = await authors(db, ["me", "x"], 3);
      const groupId = await db.insert("groups", { title: "mine", open: true });
      for (const userId of users) await db.insert("memberships", { userId, groupId, role: "member" });
      await authors(db, ["stranger"], 4);
      return users;
    });
    const guarded = guardedFor(ids[0]!);
    await t.mutation(
      async (ctx) =>
        void (await guarded.policies.sync(ctx as never, {
          users: { self: { for: "select", using: { _id: session("userId") } } },
          memberships: {},
          posts: { peers: { for: "select", using: { author: { groups: { members: { _id: session("userId") } } } } } },
        })),
    );
    const read = <T>(work: (db: ReturnType<typeof guarded.with<Ctx>>) => Promise<T>) =>
      t.query((ctx) => work(guarded.with(ctx as unknown as Ctx)) as Promise<never>) as Promise<T>;
    expect(await read((db) => db.query.posts.count({ where: { rank: { gte: 0 } } }))).toBe(6);
    expect((await read((db) => db.query.posts.explain({ orderBy: { rank: "asc" }, limit: 3 }))).text).toContain(
      "peers",
    );
    const seen = await read(
      async (db) =>
        (await db.query.posts.findMany({ where: { rank: { gte: 0 } }, with: { author: true } })).filter(
          (p) => p.author !== null,
        ).length,
    );
    expect(seen).toBe(3);
    // The peer's group is visible, the membership that leads there is not.
    expect(await read((db) => db.query.posts.count({ where: { rank: { gte: 0 }, author: { groups: true } } }))).toBe(0);
  });

  test("a policy on the key itself tells without reading", async () => {
    const { t, ids } = await blog((db) => authors(db, ["a", "b", "c"], 3));
    const guarded = guardedFor(ids[1]!);
    await t.mutation(
      async (ctx) =>
        void (await guarded.policies.sync(ctx as never, {
          posts: { own: { for: "select", using: { authorId: session("userId") } } },
        })),
    );
    const { rows, queries, text }: { rows: number[][]; queries: number; text: string } = await t.query(
      async (given) => {
        const ctx = given as unknown as Ctx;
        const db = guarded.with(ctx);
        const args = {
          where: { name: { gte: "a" } },
          orderBy: { name: "asc" },
          with: { posts: { orderBy: { rank: "desc" }, limit: 2 } },
        } as const;
        const { text } = await db.query.users.explain(args);
        const before = (await ctx.meta.getTransactionMetrics()).databaseQueries.used;
        const rows = await db.query.users.findMany(args);
        const queries = (await ctx.meta.getTransactionMetrics()).databaseQueries.used - before;
        return { rows: rows.map((u) => u.posts.map((p) => p.rank)) as never, queries, text };
      },
    );
    expect(rows).toEqual([[], [7, 4], []]);
    expect(queries).toBe(1 + 1);
    expect(text).toContain("only keys with authorId");
    expect(text).toContain("policy posts.own");
  });
});
