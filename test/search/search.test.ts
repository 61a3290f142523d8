import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { session } from "../../src/client/index.js";
import { article, asking, codeOf, dataOf, orm, type Fields } from "./app.js";
import { expected, langs, pageOf, search, store, titles } from "./articles.js";

describe("search", () => {
  test("gives the rows of the platform's search, in its order", async () => {
    const t = await store();
    const { value, documents, queries } = await asking(t, (ctx) => orm.with(ctx).query.articles.findMany({ search }));
    expect(titles(value)).toEqual(expected(() => true));
    expect(documents).toBe(value.length);
    expect(queries).toBeGreaterThan(0);
  });

  test("an equality of where on a filter field is the index's: no document is read in vain", async () => {
    const t = await store();
    const { value, documents } = await asking(t, (ctx) =>
      orm.system(ctx).query.articles.findMany({
        search: { ...search, filters: { lang: "de" } },
        where: { team: "red", deletedAt: { isNull: true } },
        limit: 2,
      }),
    );
    expect(titles(value)).toEqual(expected((row) => row.lang === "de" && row.team === "red").slice(0, 2));
    expect(documents).toBe(2);
  });

  test("the rest is tested as it reads, until the limit is filled", async () => {
    const t = await store();
    const { value, documents } = await asking(t, (ctx) =>
      orm.system(ctx).query.articles.findMany({ search, where: { likes: { gte: 10 } }, limit: 3 }),
    );
    expect(titles(value)).toEqual(["t10", "t12", "t14"]);
    expect(documents).toBe(8);
  });

  test("offset, findFirst, findFirstOrThrow, columns, extras and with", async () => {
    const t = await store();
    await t.run(async (ctx) => {
      const teamId = await ctx.db.insert("teams", { name: "Red" });
      for (const row of await ctx.db.query("articles").collect()) await ctx.db.patch(row._id, { teamId });
    });
    await asking(t, async (ctx) => {
      const { articles } = orm.with(ctx).query;
      expect(titles(await articles.findMany({ search, offset: 2, limit: 2 }))).toEqual(["t4", "t6"]);
      expect((await articles.findFirst({ search, where: { likes: { gt: 10 } } }))?.title).toBe("t12");
      expect(await articles.findFirst({ search: { ...search, query: "nowhere" } })).toBeNull();
      expect(await codeOf(() => articles.findFirstOrThrow({ search: { ...search, query: "nowhere" } }))).toBe(
        "NOT_FOUND",
      );
      const shaped = await articles.findMany({
        search,
        limit: 1,
        columns: { title: true },
        extras: { loud: (row) => row.title.toUpperCase() },
        with: { owner: { columns: { name: true } } },
      });
      expect(shaped).toEqual([{ title: "t0", loud: "T0", owner: { name: "Red" } }]);
      expect(await articles.findMany({ search, limit: 0 })).toEqual([]);
    });
  });

  test("relation filters are tested on the results", async () => {
    const t = await store();
    await t.run(async (ctx) => {
      const [red, blue] = [
        await ctx.db.insert("teams", { name: "Red" }),
        await ctx.db.insert("teams", { name: "Blue" }),
      ];
      for (const row of await ctx.db.query("articles").collect())
        await ctx.db.patch(row._id, { teamId: row.team === "red" ? red : blue });
    });
    const { value } = await asking(t, (ctx) =>
      orm.with(ctx).query.articles.findMany({ search, where: { owner: { name: "Blue" } } }),
    );
    expect(titles(value)).toEqual(expected((row) => row.team === "blue"));
  });

  test("soft-deleted rows are not found, but with withDeleted", async () => {
    const t = await store([article({ title: "gone", deletedAt: 1 }), article({ title: "here" })]);
    const found = async (withDeleted: boolean) =>
      titles((await asking(t, (ctx) => orm.with(ctx).query.articles.findMany({ search, withDeleted }))).value);
    expect(await found(false)).toEqual(["here"]);
    expect(await found(true)).toEqual(["gone", "here"]);
  });

  test("a policy's equality on a filter field is pushed into the index, another is tested", async () => {
    const t = await store();
    await t.mutation(
      async (ctx) =>
        void (await orm.policies.sync(ctx as never, {
          articles: { own: { for: "select", using: { team: session("team") } } },
        })),
    );
    const { value, documents } = await asking(
      t,
      (ctx) => orm.with(ctx).query.articles.findMany({ search, withDeleted: true }),
      "blue",
    );
    expect(titles(value)).toEqual(expected((row) => row.team === "blue"));
    // One document more is the snapshot of the policies.
    expect(documents).toBe(value.length + 1);
    expect((await asking(t, (ctx) => orm.with(ctx).query.articles.findMany({ search }))).value).toEqual([]);
    await t.mutation(
      async (ctx) =>
        void (await orm.policies.sync(ctx as never, {
          articles: { own: { for: "select", using: { team: session("team"), likes: { lt: 9 } } } },
        })),
    );
    const tested = await asking(t, (ctx) => orm.with(ctx).query.articles.findMany({ search, limit: 2 }), "blue");
    expect(titles(tested.value)).toEqual(expected((row) => row.team === "blue" && row.likes < 9).slice(0, 2));
  });

  test("random filters give what brute force gives, whole and in pages", { timeout: 60_000 }, async () => {
    const t = await store();
    const condition = fc.record(
      { lang: fc.constantFrom(...langs), team: fc.constantFrom("red", "blue"), likes: fc.record({ gte: fc.nat(30) }) },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(condition, fc.boolean(), fc.integer({ min: 1, max: 5 }), async (where, either, numItems) => {
        const filter = either ? { OR: [where, { lang: "fr" as const }] } : where;
        const matches = (row: Fields): boolean =>
          (where.lang === undefined || row.lang === where.lang) &&
          (where.team === undefined || row.team === where.team) &&
          (where.likes === undefined || row.likes >= where.likes.gte);
        const wanted = expected((row) => matches(row) || (either && row.lang === "fr"));
        const whole = await asking(t, (ctx) => orm.with(ctx).query.articles.findMany({ search, where: filter }));
        expect(titles(whole.value)).toEqual(wanted);
        const paged: string[] = [];
        let cursor: string | null = null;
        for (let page = 0; page < 40; page++) {
          const got = await pageOf(t, filter, numItems, cursor);
          paged.push(...titles(got.page));
          if (got.isDone) break;
          expect(got.page.length).toBe(numItems);
          cursor = got.continueCursor;
        }
        expect(paged).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });
});

describe("explain", () => {
  test("shows the index's filters, the residual and the search index that would do better", async () => {
    const t = await store();
    const { value } = await asking(t, (ctx) =>
      orm
        .with(ctx)
        .query.articles.explain({ search, where: { lang: "en", title: "t0" }, limit: 5, with: { owner: true } }),
    );
    expect(value.text.split("\n").slice(0, 3)).toEqual([
      "articles limit 5 (expects 1024 documents, 1 query)",
      '└─ search search_body "convex" (lang = "en") by relevance',
      '   └─ residual title = "t0" and deletedAt is null',
    ]);
    expect(value.suggestions).toEqual([
      '.searchIndex("search_body", { searchField: "body", filterFields: ["lang","team","title"] })',
    ]);
    expect(value.plan.watches[0]).toMatchObject({ index: "search_body" });
  });
});

describe("what is refused", () => {
  test("names the place and the remedy", async () => {
    const t = await store();
    await asking(t, async (ctx) => {
      const articles = orm.with(ctx).query.articles as unknown as Record<string, (args: unknown) => Promise<unknown>>;
      const refused = async (args: unknown) => await dataOf(() => articles["findMany"]!(args));
      expect(await refused({ search: { index: "nope", query: "x" } })).toMatchObject({
        code: "INVALID_VALUE",
        path: "search -> index",
        hint: expect.stringContaining("search_body"),
      });
      expect(await refused({ search: { ...search, query: 3 } })).toMatchObject({
        code: "INVALID_VALUE",
        path: "search -> query",
      });
      expect(await refused({ search: { ...search, filters: { likes: 3 } } })).toMatchObject({
        code: "INVALID_VALUE",
        hint: expect.stringContaining("lang, team"),
      });
      expect(await refused({ search: { ...search, filters: { lang: undefined } } })).toMatchObject({
        code: "INVALID_WHERE",
      });
      expect(await refused({ search: { ...search, filters: { lang: 3 } } })).toMatchObject({ code: "INVALID_WHERE" });
      expect(await refused({ search, orderBy: { likes: "asc" } })).toMatchObject({ code: "INVALID_ORDER" });
      expect(await refused({ search, onTruncated: "maybe" })).toMatchObject({ code: "INVALID_VALUE" });
      expect(await refused({ search: undefined })).toMatchObject({ code: "INVALID_VALUE" });
      expect(await refused({ search, where: undefined })).toMatchObject({ code: "INVALID_WHERE" });
      expect(await refused({ search, bogus: 1 })).toMatchObject({ code: "INVALID_VALUE" });
      expect(await refused({ onTruncated: "throw" })).toMatchObject({ code: "INVALID_VALUE" });
      expect(await refused({ vectorSearch: {} })).toMatchObject({
        code: "INVALID_VALUE",
        hint: expect.stringContaining("action"),
      });
      expect(await dataOf(() => articles["count"]!({ search }))).toMatchObject({ code: "INVALID_VALUE" });
    });
  });
});
