import type { PaginationResult } from "convex/server";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { session } from "../../src/client/index.js";
import { article, asking, codeOf, dataOf, fill, open, orm, type Article, type Fields, type Store } from "./app.js";

const search = { index: "search_body", query: "convex" } as const;
const langs = ["en", "de", "fr"] as const;

/** 30 articles: every second is about Convex, languages and teams take turns. */
const thirty: Fields[] = Array.from({ length: 30 }, (_, i) =>
  article({
    title: `t${i}`,
    body: i % 2 === 0 ? `all of convex ${i}` : `something else ${i}`,
    lang: langs[i % 3]!,
    team: i % 4 < 2 ? "red" : "blue",
    likes: i,
  }),
);

const titles = (rows: readonly { title: string }[]): string[] => rows.map((row) => row.title);
const expected = (test: (row: Fields) => boolean): string[] =>
  thirty.filter((row) => row.body.includes("convex") && test(row)).map((row) => row.title);

const pageOf = async (
  t: Store,
  where: object,
  numItems: number,
  cursor: string | null,
): Promise<PaginationResult<Article>> =>
  (
    await asking(t, (ctx) =>
      orm.with(ctx).query.articles.paginate({ search, where, paginationOpts: { numItems, cursor } }),
    )
  ).value;

async function store(rows: readonly Fields[] = thirty): Promise<Store> {
  const t = await open();
  await fill(t, rows);
  return t;
}

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

describe("the platform's 1,024 results", () => {
  const many = Array.from({ length: 1_100 }, (_, i) => article({ title: `t${i}`, likes: i }));
  test("end an answer: returned by default and said by analyze, refused with onTruncated", async () => {
    const t = await store(many);
    const late = { search, where: { likes: { gte: 1_020 } }, limit: 10 };
    const { value, documents } = await asking(t, (ctx) => orm.system(ctx).query.articles.findMany(late));
    expect(titles(value)).toEqual(["t1020", "t1021", "t1022", "t1023"]);
    expect(documents).toBe(1_024);
    await asking(t, async (ctx) => {
      const { articles } = orm.system(ctx).query;
      const analysis = await articles.analyze(late);
      expect(analysis).toMatchObject({ truncated: true, rows: 4, documentsRead: 1_024, databaseQueries: 1 });
      expect(analysis.warnings.join()).toContain("1024");
      expect(await articles.analyze({ ...late, limit: 4 })).toMatchObject({ truncated: false, documentsRead: 1_024 });
    });
    await asking(t, async (ctx) => {
      const { articles } = orm.system(ctx).query;
      expect(await codeOf(() => articles.findMany({ ...late, onTruncated: "throw" }))).toBe("SCAN_LIMIT");
      expect(titles(await articles.findMany({ ...late, limit: 4, onTruncated: "throw" }))).toHaveLength(4);
    });
    await asking(t, async (ctx) => {
      const { articles } = orm.system(ctx).query;
      expect(await codeOf(() => articles.findMany({ search }))).toBe("TOO_MANY_ROWS");
      expect(await articles.findMany({ search, limit: 2_000 })).toHaveLength(1_024);
      expect(await codeOf(() => articles.findMany({ search, where: { likes: { lt: 0 } }, maxScan: 50 }))).toBe(
        "SCAN_LIMIT",
      );
    });
  });

  test("end a page: it is the last one", async () => {
    const t = await store(many);
    const paginationOpts = { numItems: 10, cursor: null };
    const page = async (onTruncated: "return" | "throw") =>
      (
        await asking(t, (ctx) =>
          orm
            .system(ctx)
            .query.articles.paginate({ search, where: { likes: { gte: 1_020 } }, paginationOpts, onTruncated }),
        )
      ).value;
    expect(await page("return")).toMatchObject({ isDone: true, page: [{ likes: 1_020 }, {}, {}, { likes: 1_023 }] });
    expect(await codeOf(() => page("throw"))).toBe("SCAN_LIMIT");
  });
});

describe("the platform's pages beyond its 1,024 results", () => {
  const many = Array.from({ length: 1_100 }, (_, i) => article({ title: `t${i}`, likes: i }));

  /** A database that refuses a page of a search as the platform may: in words of its own. */
  function refusing(ctx: object, refuses: (asked: { numItems: number; cursor: string | null }) => boolean): never {
    const { db } = ctx as { db: { query(table: string): Record<string, (...args: never[]) => unknown> } };
    const guarded = (rows: object): object =>
      new Proxy(rows, {
        get(target, name) {
          const inner = Reflect.get(target, name) as unknown;
          if (typeof inner !== "function") return inner;
          if (name === "filter") return (...args: unknown[]) => guarded(inner.apply(target, args) as object);
          if (name !== "paginate") return inner.bind(target) as unknown;
          return (asked: { numItems: number; cursor: string | null }) =>
            refuses(asked) ? Promise.reject(new Error("no")) : (inner.call(target, asked) as unknown);
        },
      });
    const query = (table: string): object => {
      const of = db.query(table);
      return new Proxy(of, {
        get: (target, name) =>
          name === "withSearchIndex"
            ? (...args: never[]) => guarded(target[name]!(...args) as object)
            : (Reflect.get(target, name) as unknown),
      });
    };
    return {
      ...ctx,
      db: new Proxy(db, { get: (target, name) => (name === "query" ? query : Reflect.get(target, name)) }),
    } as never;
  }

  test("no page asks for more than is left of them: the one that would is made by offset, and is the last", async () => {
    const t = await store(many);
    const rows: string[] = [];
    const sizes: number[] = [];
    let asked = 0;
    let cursor: string | null = null;
    for (let done = false; !done;) {
      const { value } = await asking(t, (ctx) => {
        const seen = refusing(ctx, ({ numItems }) => (asked += numItems) > 1_024);
        return orm.system(seen).query.articles.paginate({ search, paginationOpts: { numItems: 300, cursor } });
      });
      rows.push(...titles(value.page));
      sizes.push(value.page.length);
      ({ isDone: done, continueCursor: cursor } = value);
    }
    expect(sizes).toEqual([300, 300, 300, 124]);
    expect(asked).toBe(900);
    expect(new Set(rows).size).toBe(1_024);
    const throws = asking(t, (ctx) =>
      orm
        .system(ctx)
        .query.articles.paginate({ search, onTruncated: "throw", paginationOpts: { numItems: 2_000, cursor: null } }),
    );
    expect(await codeOf(() => throws)).toBe("SCAN_LIMIT");
  });

  test("a page that meets them among rows that its filter drops goes on by offset, from the row it came to", async () => {
    const t = await store(many);
    const where = { title: { notIn: ["t0", "t1", "t2", "t3"] } };
    const walk = async (refuses: (page: number) => boolean) => {
      const rows: string[] = [];
      let cursor: string | null = null;
      for (let page = 0, done = false; !done; page++) {
        const { value } = await asking(t, (ctx) =>
          orm
            .system(refusing(ctx, () => refuses(page)))
            .query.articles.paginate({ search, where, paginationOpts: { numItems: 100, cursor } }),
        );
        rows.push(...titles(value.page));
        ({ isDone: done, continueCursor: cursor } = value);
      }
      return rows;
    };
    const wanted = many.slice(4, 1_024).map((row) => row.title);
    expect(await walk(() => true)).toEqual(wanted);
    expect(await walk((page) => page >= 3)).toEqual(wanted);
    // Its pinned half, too.
    const page = async (
      paginationOpts: { numItems: number; cursor: string | null; endCursor?: string },
      refused: boolean,
    ) =>
      (
        await asking(t, (ctx) =>
          orm.system(refusing(ctx, () => refused)).query.articles.paginate({ search, where, paginationOpts }),
        )
      ).value;
    const first = await page({ numItems: 5, cursor: null }, false);
    expect(first.continueCursor.startsWith("ok1")).toBe(false);
    const second = await page({ numItems: 5, cursor: first.continueCursor }, false);
    const pinned = { numItems: 1, cursor: first.continueCursor, endCursor: second.continueCursor };
    expect(titles((await page(pinned, true)).page)).toEqual(titles(second.page));
    expect(titles((await page(pinned, false)).page)).toEqual(titles(second.page));
  });

  test("a page that the transaction holds no documents for is refused by name", async () => {
    const t = await store(many.slice(0, 50));
    const read = (documentsRead: number) =>
      asking(t, async (ctx) => {
        const metrics = await ctx.meta.getTransactionMetrics();
        const tight = { ...metrics, documentsRead: { used: 32_000 - documentsRead, remaining: documentsRead } };
        const poor = { ...ctx, meta: { ...ctx.meta, getTransactionMetrics: () => Promise.resolve(tight) } };
        return await orm
          .system(poor as never)
          .query.articles.paginate({ search, paginationOpts: { numItems: 50, cursor: null } });
      });
    expect((await read(3_250)).value.page).toHaveLength(50);
    expect(await codeOf(() => read(3_200))).toBe("BUDGET");
  });
});

describe("pages", () => {
  const where = { likes: { gte: 4 } } as const;
  test("are pinned by endCursor and parted by splitCursor, as the stock hook asks", async () => {
    const t = await store();
    const ask = async (paginationOpts: { numItems: number; cursor: string | null; endCursor?: string | null }) =>
      (await asking(t, (ctx) => orm.with(ctx).query.articles.paginate({ search, where, paginationOpts }))).value;
    const first = await ask({ numItems: 4, cursor: null });
    expect(titles(first.page)).toEqual(["t4", "t6", "t8", "t10"]);
    expect(first.pageStatus).toBe("SplitRecommended");
    const left = await ask({ numItems: 4, cursor: null, endCursor: first.splitCursor! });
    const right = await ask({ numItems: 4, cursor: first.splitCursor!, endCursor: first.continueCursor });
    expect([...titles(left.page), ...titles(right.page)]).toEqual(titles(first.page));
    expect([left.pageStatus, right.pageStatus]).toEqual([undefined, undefined]);
    const last = await ask({ numItems: 100, cursor: first.continueCursor });
    expect(last.isDone).toBe(true);
    expect((await ask({ numItems: 1, cursor: first.continueCursor, endCursor: last.continueCursor })).page).toEqual(
      last.page,
    );
    expect(await ask({ numItems: 3, cursor: last.continueCursor })).toMatchObject({ page: [], isDone: true });
    const stopped = (
      await asking(t, (ctx) =>
        orm.with(ctx).query.articles.paginate({
          search,
          where,
          paginationOpts: { numItems: 4, cursor: null, maximumRowsRead: 3 },
        }),
      )
    ).value;
    expect(stopped).toMatchObject({ isDone: false, page: [{ title: "t4" }] });
    expect(titles((await ask({ numItems: 2, cursor: stopped.continueCursor })).page)).toEqual(["t6", "t8"]);
  });

  test("take no cursor of another search, filter or caller", async () => {
    const t = await store();
    await t.mutation(
      async (ctx) =>
        void (await orm.policies.sync(ctx as never, {
          articles: { own: { for: "select", using: { team: session("team") } } },
        })),
    );
    const ask = (query: string, cursor: string | null, team: string, likes = 4) =>
      asking(
        t,
        (ctx) =>
          orm.with(ctx).query.articles.paginate({
            search: { ...search, query },
            where: { likes: { gte: likes } },
            paginationOpts: { numItems: 1, cursor },
          }),
        team,
      );
    const cursor = (await ask("convex", null, "red")).value.continueCursor;
    expect((await ask("convex", cursor, "red")).value.page).toHaveLength(1);
    for (const foreign of [
      () => ask("all", cursor, "red"),
      () => ask("convex", cursor, "blue"),
      () => ask("convex", cursor, "red", 5),
      () => ask("convex", "x", "red"),
    ]) {
      expect(await codeOf(foreign)).toBe("INVALID_CURSOR");
    }
  });

  test("without another residual are the platform's own, and a second one in a function is not", async () => {
    const t = await store();
    await asking(t, async (ctx) => {
      const { articles } = orm.with(ctx).query;
      const native = await articles.paginate({ search, paginationOpts: { numItems: 2, cursor: null } });
      expect(native.continueCursor.startsWith("ok1")).toBe(false);
      const second = await articles.paginate({ search, paginationOpts: { numItems: 2, cursor: null } });
      expect(second.continueCursor.startsWith("ok1")).toBe(true);
      expect(second.page).toEqual(native.page);
      expect(
        await codeOf(() =>
          articles.paginate({ search, paginationOpts: { numItems: 2, cursor: native.continueCursor } }),
        ),
      ).toBe("INVALID_CURSOR");
    });
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
