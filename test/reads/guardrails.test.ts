/** Each limit of the root's reads at its boundary, and one past it; the transaction's budgets before the platform's own error. */
import { beforeAll, describe, expect, test } from "vitest";
import { orm, store, type Ctx, type Measured } from "./fixture.js";

let measure: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<Measured<T>>;
beforeAll(async () => {
  measure = (await store()).measure;
});
const posts = (ctx: Ctx) => orm.with(ctx).query.posts;

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly suggestions?: readonly string[];
}
const refusal = async (work: (ctx: Ctx) => Promise<unknown>, within = measure): Promise<Refusal> => {
  try {
    await within(async (ctx) => {
      await work(ctx);
      return null;
    });
  } catch (error) {
    return (error as { data: Refusal }).data;
  }
  throw new Error("nothing was refused");
};
const rows = async (work: (ctx: Ctx) => Promise<readonly unknown[]>): Promise<number> =>
  (await measure(async (ctx) => (await work(ctx)).length)).value;

describe("maxRows: a query without limit returns all its rows, or none", () => {
  const where = { status: "s3" };
  test("100 of 100", async () => {
    expect(await rows((ctx) => posts(ctx).findMany({ where, maxRows: 100 }))).toBe(100);
  });
  test("100 of 99 is refused", async () => {
    expect(await refusal((ctx) => posts(ctx).findMany({ where, maxRows: 99 }))).toMatchObject({
      code: "TOO_MANY_ROWS",
      hint: expect.stringContaining("limit") as string,
    });
  });
  test("an explicit limit stands in its place", async () => {
    expect(await rows((ctx) => posts(ctx).findMany({ where, maxRows: 99, limit: 100 }))).toBe(100);
  });
  test("the default is 1,000", async () => {
    const part = (lt: number) => (ctx: Ctx) => posts(ctx).findMany({ where: { rank: { lt } } });
    expect(await rows(part(1_000))).toBe(1_000);
    expect((await refusal(part(1_001))).code).toBe("TOO_MANY_ROWS");
  });
  test("limit 0 is an empty array, and reads nothing", async () => {
    expect(await measure((ctx) => posts(ctx).findMany({ where, limit: 0 }))).toEqual({
      value: [],
      documents: 0,
      queries: 0,
    });
  });
});

describe("maxScan: documents that one query may read", () => {
  test("with a residual", async () => {
    const find = (maxScan: number) => (ctx: Ctx) =>
      posts(ctx).findMany({ where: { status: "s3", title: { contains: "-" } }, maxScan });
    expect(await rows(find(100))).toBe(100);
    expect((await refusal(find(99))).code).toBe("SCAN_LIMIT");
  });
  test("with a sort, where the error names the index that spares it", async () => {
    const find = (maxScan: number) => (ctx: Ctx) =>
      posts(ctx).findMany({ where: { status: "s3" }, orderBy: { score: "asc" }, limit: 5, maxScan });
    expect(await rows(find(100))).toBe(5);
    expect(await refusal(find(99))).toMatchObject({
      code: "SCAN_LIMIT",
      suggestions: ['.index("by_status_and_score", ["status","score"])'],
    });
  });
  test("count", async () => {
    const count = (maxScan: number) => async (ctx: Ctx) => [
      await posts(ctx).count({ where: { status: "s3" }, maxScan }),
    ];
    expect(await rows(count(100))).toBe(1);
    expect((await refusal(count(99))).code).toBe("SCAN_LIMIT");
  });
  test("a page stops there and goes on with its cursor", async () => {
    const where = { rank: { gte: 0 }, title: { contains: "a0" } };
    const seen: number[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages < 40; pages++) {
      const { value, documents } = await measure(
        async (ctx) =>
          (await posts(ctx).paginate({
            where,
            orderBy: { rank: "asc" },
            maxScan: 100,
            paginationOpts: { numItems: 10, cursor },
          })) as never,
      );
      const page = value as { page: { rank: number }[]; isDone: boolean; continueCursor: string };
      expect(documents).toBeLessThanOrEqual(101);
      seen.push(...page.page.map((r) => r.rank));
      if (page.isDone) break;
      cursor = page.continueCursor;
    }
    const all = (
      await measure(async (ctx) => (await posts(ctx).findMany({ where, orderBy: { rank: "asc" } })).map((r) => r.rank))
    ).value;
    expect(seen).toEqual(all);
  });
});

describe("maxProbes: ranges of the access path", () => {
  const find =
    (n: number, extra: object = {}) =>
    (ctx: Ctx) =>
      posts(ctx).findMany({ where: { title: { in: Array.from({ length: n }, (_, i) => `x${i}`) } }, ...extra });
  test("the default is 128", async () => {
    expect(await rows(find(128))).toBe(0);
    expect(await refusal(find(129))).toMatchObject({
      code: "TOO_MANY_PROBES",
      hint: expect.stringContaining("maxProbes") as string,
    });
  });
  test("raised by the query", async () => {
    expect(await rows(find(129, { maxProbes: 129 }))).toBe(0);
  });
  test("with allowFullScan one walk stands in", async () => {
    const { value, queries } = await measure((ctx) => find(129, { allowFullScan: true })(ctx));
    expect(value).toEqual([]);
    expect(queries).toBeLessThanOrEqual(8);
  });
});

describe("FULL_SCAN", () => {
  test("neither filter nor limit nor page", async () => {
    expect((await refusal((ctx) => posts(ctx).findMany())).code).toBe("FULL_SCAN");
    expect((await refusal((ctx) => posts(ctx).count())).code).toBe("FULL_SCAN");
  });
  test("no index bounds the filter: the error names the one to add", async () => {
    expect(
      await refusal((ctx) => orm.with(ctx).query.bare.findMany({ where: { status: "s3" }, limit: 5 })),
    ).toMatchObject({
      code: "FULL_SCAN",
      hint: expect.stringContaining('.index("by_status", ["status"])') as string,
    });
  });
  test("a limit bounds an order that an index delivers; an order that none delivers is refused", async () => {
    expect(await rows((ctx) => posts(ctx).findMany({ orderBy: { rank: "asc" }, limit: 5 }))).toBe(5);
    expect(
      (await refusal((ctx) => orm.with(ctx).query.bare.findMany({ orderBy: { rank: "asc" }, limit: 5 }))).code,
    ).toBe("FULL_SCAN");
  });
  test("a page bounds a scan in creation order", async () => {
    const paged = await measure(
      async (ctx) => (await posts(ctx).paginate({ paginationOpts: { numItems: 5, cursor: null } })).page.length,
    );
    expect(paged.value).toBe(5);
  });
});

describe("headroom: BUDGET before the platform's own error", () => {
  const whole = (ctx: Ctx) => posts(ctx).findMany({ where: { rank: { gte: 0 } }, limit: 2_000 });
  test("documents: each query leaves a tenth of 32,000 untouched", async () => {
    let queries = 0;
    const { code, message } = await refusal(async (ctx) => {
      for (; queries < 20; queries++) await whole(ctx);
    });
    // 28,800 are to be spent: fourteen queries of 2,000.
    expect({ code, queries }).toEqual({ code: "BUDGET", queries: 14 });
    expect(message).toMatch(/: \d+ of 32000 documents are left/);
  });
  test("documents: down to the last, without headroom", async () => {
    const spent = await measure(async (ctx) => {
      for (let n = 0; n < 16; n++)
        await posts(ctx).findMany({ where: { rank: { gte: 0 } }, limit: 2_000, headroom: 0 });
      return null;
    });
    expect(spent.documents).toBe(32_000);
  });
  test("index ranges", async () => {
    let asked = 0;
    // Few rows: in process every range walks its table.
    const empty = await store(1);
    const { code } = await refusal(async (ctx) => {
      const titles = Array.from({ length: 120 }, (_, i) => `none${i}`);
      for (; asked < 60; asked++) await posts(ctx).findMany({ where: { title: { in: titles } } });
    }, empty.measure);
    expect(code).toBe("BUDGET");
    // 4,096 ranges but for a tenth.
    expect(asked).toBe(Math.floor((4_096 - 410) / 120));
  });
  test("what others read in the same transaction counts", async () => {
    const { code } = await refusal(async (ctx) => {
      for (let n = 0; n < 14; n++) await ctx.db.query("posts").collect();
      await whole(ctx);
    });
    expect(code).toBe("BUDGET");
  });
});

describe("limits that are none", () => {
  test.each([{ maxScan: -1 }, { maxRows: 1.5 }, { headroom: 1 }, { maxProbes: Number.NaN }])("%o", async (limit) => {
    expect((await refusal((ctx) => posts(ctx).findMany({ where: { status: "s3" }, ...limit }))).code).toBe(
      "INVALID_VALUE",
    );
  });
});
