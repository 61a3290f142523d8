/** Where a search ends: the platform's 1,024 results, and pages of them. */
import { describe, expect, test } from "vitest";
import { session } from "../../src/client/index.js";
import { article, asking, codeOf, orm } from "./app.js";
import { search, store, titles } from "./articles.js";

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
