import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { session } from "../../src/client/index.js";
import { acting, article, codeOf, dataOf, fill, open, orm, type Fields, type Store } from "./app.js";

/** Similarity by the definition: what the platform's figures are judged by. */
function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, part, i) => sum + part * y[i]!, 0);
  return dot(a, b) / (Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b)));
}

/** Vectors on a quarter circle: the nearer to the first axis, the earlier; all distances differ. */
const row = (i: number, of: number, fields: Partial<Fields> = {}): Fields => {
  const angle = (i / of) * 1.5;
  return article({ title: `t${i}`, likes: i, embedding: [Math.cos(angle), Math.sin(angle), 0.1], ...fields });
};
const forty = Array.from({ length: 40 }, (_, i) =>
  row(i, 40, { lang: i % 2 === 0 ? "en" : "de", team: i % 4 < 2 ? "red" : "blue" }),
);

const nearest = (rows: readonly Fields[], vector: readonly number[], test: (row: Fields) => boolean): string[] =>
  rows
    .filter(test)
    .sort((a, b) => cosine(vector, b.embedding) - cosine(vector, a.embedding))
    .map(({ title }) => title);

const titles = (rows: readonly { title: string }[]): string[] => rows.map(({ title }) => title);
const vector = [1, 0, 0.1];
const own = { articles: { own: { for: "select", using: { team: session("team") } } } } as const;
const protect = (t: Store, spec: Parameters<typeof orm.policies.sync>[1] = own): Promise<void> =>
  t.mutation(async (ctx) => void (await orm.policies.sync(ctx as never, spec)));

async function store(rows: readonly Fields[] = forty): Promise<Store> {
  const t = await open();
  await fill(t, rows);
  return t;
}

/** What the platform was asked, search by search. */
interface Asked {
  readonly limit: number;
  readonly filtered: boolean;
}
function watched<C extends { vectorSearch: (...args: never[]) => Promise<unknown> }>(
  ctx: C,
  after?: () => Promise<void>,
) {
  const asked: Asked[] = [];
  const vectorSearch = async (table: never, index: never, query: never) => {
    const { limit, filter } = query as { limit: number; filter?: unknown };
    asked.push({ limit, filtered: filter !== undefined });
    const found = await ctx.vectorSearch(table, index, query);
    await after?.();
    return found;
  };
  return { ctx: { ...ctx, vectorSearch } as C, asked };
}

describe("vector search", () => {
  test("gives the rows that brute force gives, with true scores when asked", { timeout: 60_000 }, async () => {
    const t = await store();
    const part = fc.double({ min: -1, max: 1, noNaN: true });
    const condition = fc.record(
      { lang: fc.constantFrom("en", "de"), likes: fc.record({ gte: fc.nat(40) }) },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(part, part, part),
        condition,
        fc.integer({ min: 1, max: 40 }),
        async (random, where, limit) => {
          fc.pre(random.some((x) => Math.abs(x) > 0.01));
          const rows = await acting(t, (ctx) =>
            orm.with(ctx).query.articles.findMany({
              vectorSearch: { index: "by_embedding", vector: random, limit, includeScore: true },
              where,
            }),
          );
          const scores = forty
            .filter(
              (r) =>
                (where.lang === undefined || r.lang === where.lang) &&
                (where.likes === undefined || r.likes >= where.likes.gte),
            )
            .map((r) => cosine(random, r.embedding))
            .sort((a, b) => b - a);
          expect(rows).toHaveLength(Math.min(limit, scores.length));
          rows.forEach((found, i) => {
            expect(found._score).toBeCloseTo(scores[i]!, 10);
            expect(found._score).toBeCloseTo(cosine(random, found.embedding), 10);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  test("rows are unchanged without includeScore; the default limit is 10", async () => {
    const t = await store();
    const rows = await acting(t, (ctx) =>
      orm.with(ctx).query.articles.findMany({ vectorSearch: { index: "by_embedding", vector } }),
    );
    expect(titles(rows)).toEqual(nearest(forty, vector, () => true).slice(0, 10));
    expect(rows.every((found) => !("_score" in found))).toBe(true);
  });

  test("with, columns and extras: extras see the whole row", async () => {
    const t = await store();
    await t.run(async (ctx) => {
      const teamId = await ctx.db.insert("teams", { name: "Red" });
      for (const found of await ctx.db.query("articles").collect()) await ctx.db.patch(found._id, { teamId });
    });
    await acting(t, async (ctx) => {
      const { articles } = orm.with(ctx).query;
      const shaped = await articles.findMany({
        vectorSearch: { index: "by_embedding", vector, limit: 2, includeScore: true },
        columns: { title: true },
        extras: { mark: (found) => `${found.lang} ${found.likes}` },
        with: { owner: { columns: { name: true } } },
      });
      expect(shaped).toEqual([
        { title: "t0", mark: "en 0", owner: { name: "Red" }, _score: expect.closeTo(1, 10) },
        {
          title: "t1",
          mark: "de 1",
          owner: { name: "Red" },
          _score: expect.closeTo(cosine(vector, forty[1]!.embedding), 10),
        },
      ]);
      const plain = await articles.findMany({
        where: { likes: { lt: 2 } },
        allowFullScan: true,
        columns: { lang: true },
        extras: { double: (r) => r.likes * 2 },
      });
      expect(plain).toEqual([
        { lang: "en", double: 0 },
        { lang: "de", double: 2 },
      ]);
    });
  });

  test("an equality policy and a filter go into the vector filter, so that nothing is fetched in vain", async () => {
    const t = await store();
    await protect(t);
    await acting(
      t,
      async (ctx) => {
        const seen = watched(ctx);
        const rows = await orm
          .with(seen.ctx)
          .query.articles.findMany({ vectorSearch: { index: "by_embedding", vector, limit: 5 }, withDeleted: true });
        expect(titles(rows)).toEqual(nearest(forty, vector, (r) => r.team === "blue").slice(0, 5));
        expect(seen.asked).toEqual([{ limit: 5, filtered: true }]);
      },
      "blue",
    );
    await acting(t, async (ctx) => {
      const seen = watched(ctx);
      expect(
        await orm.with(seen.ctx).query.articles.findMany({ vectorSearch: { index: "by_embedding", vector } }),
      ).toEqual([]);
      expect(seen.asked).toEqual([]);
    });
  });

  test("what the filter cannot say is made up for by fetching more, in doubling steps to 256", async () => {
    const many = Array.from({ length: 300 }, (_, i) => row(i, 300));
    const t = await store(many);
    await acting(t, async (ctx) => {
      const seen = watched(ctx);
      const articles = orm.with(seen.ctx).query.articles;
      const late = await articles.findMany({
        vectorSearch: { index: "by_embedding", vector, limit: 5 },
        where: { likes: { gte: 30 } },
      });
      expect(titles(late)).toEqual(["t30", "t31", "t32", "t33", "t34"]);
      expect(seen.asked.map(({ limit }) => limit)).toEqual([5, 10, 20, 40]);
      seen.asked.length = 0;
      expect(
        titles(
          await articles.findMany({
            vectorSearch: { index: "by_embedding", vector, limit: 5 },
            where: { likes: { gte: 254 } },
          }),
        ),
      ).toEqual(["t254", "t255"]);
      expect(seen.asked.map(({ limit }) => limit)).toEqual([5, 10, 20, 40, 80, 160, 256]);
    });
  });

  test("a row deleted in between is left out, and the next best takes its place", async () => {
    const t = await store();
    await acting(t, async (ctx) => {
      let deleted = false;
      const seen = watched(ctx, async () => {
        if (deleted) return;
        deleted = true;
        await t.run(async (inner) => {
          const best = (await inner.db.query("articles").collect()).find(({ title }) => title === "t0")!;
          await inner.db.delete(best._id);
        });
      });
      const rows = await orm
        .with(seen.ctx)
        .query.articles.findMany({ vectorSearch: { index: "by_embedding", vector, limit: 3 } });
      expect(titles(rows)).toEqual(["t1", "t2", "t3"]);
    });
  });

  test("a filter of several values and fields", async () => {
    const t = await store();
    await acting(t, async (ctx) => {
      const seen = watched(ctx);
      const articles = orm.with(seen.ctx).query.articles;
      const both = {
        index: "by_embedding",
        vector,
        limit: 6,
        filter: { lang: { in: ["en", "fr"] }, team: "blue" },
      } as const;
      expect(titles(await articles.findMany({ vectorSearch: both }))).toEqual(
        nearest(forty, vector, (r) => r.lang === "en" && r.team === "blue").slice(0, 6),
      );
      expect(seen.asked[0]).toEqual({ limit: 6, filtered: true });
      const either = await articles.findMany({
        vectorSearch: { index: "by_embedding", vector, limit: 6 },
        where: { OR: [{ lang: "de" }, { team: "blue" }] },
      });
      expect(titles(either)).toEqual(nearest(forty, vector, (r) => r.lang === "de" || r.team === "blue").slice(0, 6));
      expect(seen.asked.at(-1)).toEqual({ limit: 6, filtered: true });
    });
  });

  test("hidden rows stay hidden in relations and relation filters", async () => {
    const t = await store([article({ title: "a" }), article({ title: "b", team: "blue" })]);
    await t.run(async (ctx) => {
      const red = await ctx.db.insert("teams", { name: "Red" });
      for (const found of await ctx.db.query("articles").collect()) await ctx.db.patch(found._id, { teamId: red });
    });
    await protect(t, { articles: { own: { for: "select", using: { team: session("team") } } }, teams: {} });
    await acting(
      t,
      async (ctx) => {
        const articles = orm.with(ctx).query.articles;
        const rows = await articles.findMany({
          vectorSearch: { index: "by_embedding", vector },
          columns: { title: true },
          with: { owner: true },
        });
        expect(rows).toEqual([{ title: "a", owner: null }]);
        expect(
          await articles.findMany({
            vectorSearch: { index: "by_embedding", vector },
            where: { owner: { name: "Red" } },
          }),
        ).toEqual([]);
      },
      "red",
    );
  });
});

describe("what is refused, before the platform is asked", () => {
  test("names the place and the remedy", async () => {
    const t = await store();
    await acting(t, async (ctx) => {
      const seen = watched(ctx);
      const articles = orm.with(seen.ctx).query.articles as unknown as Record<
        string,
        (args: unknown) => Promise<unknown>
      >;
      const base = { index: "by_embedding", vector };
      const refused = async (vectorSearch: unknown, more: object = {}) =>
        await dataOf(() => articles["findMany"]!({ vectorSearch, ...more }));
      expect(await refused({ ...base, index: "nope" })).toMatchObject({
        code: "INVALID_VALUE",
        hint: expect.stringContaining("by_embedding"),
      });
      expect(await refused({ ...base, vector: [1, 2] })).toMatchObject({
        code: "INVALID_VALUE",
        path: "vectorSearch -> vector",
        message: expect.stringContaining("2 dimensions"),
      });
      expect(await refused({ ...base, vector: [1, 2, NaN] })).toMatchObject({ code: "INVALID_VALUE" });
      for (const limit of [0, 257, 1.5, "x"])
        expect(await refused({ ...base, limit })).toMatchObject({
          code: "INVALID_VALUE",
          path: "vectorSearch -> limit",
        });
      expect(await refused({ ...base, filter: { likes: 1 } })).toMatchObject({
        code: "INVALID_VALUE",
        hint: expect.stringContaining("lang, team"),
      });
      expect(
        await refused({ ...base, filter: { lang: { in: Array.from({ length: 65 }, (_, i) => `l${i}`) } } }),
      ).toMatchObject({ code: "INVALID_VALUE" });
      expect(await refused({ ...base, filter: { lang: undefined } })).toMatchObject({ code: "INVALID_WHERE" });
      expect(await refused({ ...base, filter: { lang: 7 } })).toMatchObject({ code: "INVALID_WHERE" });
      expect(await refused({ ...base, includeScore: "yes" })).toMatchObject({ code: "INVALID_VALUE" });
      expect(await refused(base, { limit: 3 })).toMatchObject({ code: "INVALID_VALUE", path: "limit" });
      expect(await refused(base, { orderBy: { likes: "asc" } })).toMatchObject({ code: "INVALID_ORDER" });
      expect(await refused(base, { where: { nope: 1 } })).toMatchObject({ code: "INVALID_WHERE" });
      expect(await refused(base, { where: undefined })).toMatchObject({ code: "INVALID_WHERE" });
      expect(await refused(base, { with: { nope: true } })).toMatchObject({ code: "INVALID_VALUE" });
      expect(seen.asked).toEqual([]);
    });
  });

  test("undefined travels from an action to its transaction: it is refused there as in a query", async () => {
    const t = await store();
    await acting(t, async (ctx) => {
      const articles = orm.with(ctx).query.articles as unknown as Record<string, (args: unknown) => Promise<unknown>>;
      for (const where of [
        { lang: undefined },
        { AND: [{ lang: undefined }] },
        { lang: { eq: undefined } },
        undefined,
      ]) {
        expect(await codeOf(() => articles["findMany"]!({ where, limit: 3 }))).toBe("INVALID_WHERE");
      }
      expect(
        await articles["findMany"]!({
          limit: 1,
          orderBy: undefined,
          where: { likes: { gt: -0, lt: 2 } },
          allowFullScan: true,
        }),
      ).toHaveLength(1);
    });
  });
});
