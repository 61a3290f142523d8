/** The second promise, measured: documents read are the rows returned and one look-ahead a probe. */
import { beforeAll, describe, expect, test } from "vitest";
import { codeOf, orm, rowsInTable, store, type Ctx, type Measured } from "./fixture.js";

let measure: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<Measured<T>>;
let all: Row[];
interface Row {
  readonly _id: string;
  readonly _creationTime: number;
  readonly status: string;
  readonly lang: string;
  readonly title: string;
  readonly rank: number;
  readonly score: number;
  readonly likes?: number | null;
}
beforeAll(async () => {
  const opened = await store();
  measure = opened.measure;
  all = (await measure((ctx) => ctx.db.query("posts").collect())).value as Row[];
});

const posts = (ctx: Ctx) => orm.with(ctx).query.posts;
const byRank = (a: Row, b: Row): number => a.rank - b.rank;
const ids = (rows: readonly { readonly _id: string }[]): string[] => rows.map((row) => row._id);

/** Walks every page; each page's reads are given to `check`. */
async function walk(
  args: object,
  numItems: number,
  check: (page: Measured<{ page: Row[] }>) => void,
  pages = Infinity,
): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  for (let n = 0; n < pages; n++) {
    const page: Measured<{ page: Row[]; isDone: boolean; continueCursor: string }> = await measure(
      (ctx) => posts(ctx).paginate({ ...args, paginationOpts: { numItems, cursor } }) as never,
    );
    check(page);
    rows.push(...page.value.page);
    if (page.value.isDone) return rows;
    cursor = page.value.continueCursor;
  }
  return rows;
}

describe("orders served by an index", () => {
  test.each([{ where: { status: "s3", rank: { gte: 100 } } }, { where: { rank: { gte: 100 }, status: "s3" } }])(
    "equality, range, and order by the range's field: 10/1, keys in any order",
    async ({ where }) => {
      const { value, documents, queries } = await measure((ctx) =>
        posts(ctx).findMany({ where, orderBy: { rank: "asc" }, limit: 10 }),
      );
      expect(ids(value)).toEqual(
        ids(
          all
            .filter((r) => r.status === "s3" && r.rank >= 100)
            .sort(byRank)
            .slice(0, 10),
        ),
      );
      expect({ documents, queries }).toEqual({ documents: 10, queries: 1 });
    },
  );

  test("equality, and order by the next field: 10/1", async () => {
    const { value, documents, queries } = await measure((ctx) =>
      posts(ctx).findMany({ where: { status: "s3" }, orderBy: { rank: "desc" }, limit: 10 }),
    );
    expect(ids(value)).toEqual(
      ids(
        all
          .filter((r) => r.status === "s3")
          .sort((a, b) => byRank(b, a))
          .slice(0, 10),
      ),
    );
    expect({ documents, queries }).toEqual({ documents: 10, queries: 1 });
  });

  test("an order of two fields: 10/1", async () => {
    const { value, documents, queries } = await measure((ctx) =>
      posts(ctx).findMany({ orderBy: [{ score: "asc" }, { title: "asc" }], limit: 10 }),
    );
    const wanted = [...all].sort((a, b) => a.score - b.score || (a.title < b.title ? -1 : 1));
    expect(ids(value)).toEqual(ids(wanted.slice(0, 10)));
    expect({ documents, queries }).toEqual({ documents: 10, queries: 1 });
  });

  test("offset 500, limit 10: 510/1", async () => {
    const { value, documents, queries } = await measure((ctx) =>
      posts(ctx).findMany({ orderBy: { rank: "asc" }, offset: 500, limit: 10 }),
    );
    expect(value.map((r) => r.rank)).toEqual([500, 501, 502, 503, 504, 505, 506, 507, 508, 509]);
    expect({ documents, queries }).toEqual({ documents: 510, queries: 1 });
  });
});

describe("unions", () => {
  test("IN of 20, ordered, limit 10: at most 30/20, on every page", async () => {
    const where = { status: { in: Array.from({ length: 20 }, (_, i) => `s${i}`) } };
    const { value, documents, queries } = await measure((ctx) =>
      posts(ctx).findMany({ where, orderBy: { rank: "asc" }, limit: 10 }),
    );
    expect(value.map((r) => r.rank)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(documents).toBeLessThanOrEqual(30);
    expect(queries).toBeLessThanOrEqual(20);
    const rows = await walk(
      { where, orderBy: { rank: "asc" } },
      10,
      (page) => {
        expect(page.documents).toBeLessThanOrEqual(30);
        expect(page.queries).toBeLessThanOrEqual(20);
      },
      6,
    );
    expect(rows.map((r) => r.rank)).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });

  test("an OR of two indexed predicates that overlap, in pages of 10: at most 12/2 a page, no row twice", async () => {
    const where = { OR: [{ status: "s3" }, { lang: "l13" }] };
    const wanted = all.filter((r) => r.status === "s3" || r.lang === "l13").sort(byRank);
    expect(wanted.length).toBeLessThan(140);
    let repeats = 0;
    const rows = await walk({ where, orderBy: { rank: "asc" } }, 10, (page) => {
      // A row of both branches is read once in each.
      const both = page.value.page.filter((r) => r.status === "s3" && r.lang === "l13").length;
      repeats += both;
      expect(page.documents).toBeLessThanOrEqual(12 + both);
      expect(page.queries).toBeLessThanOrEqual(2);
    });
    expect(ids(rows)).toEqual(ids(wanted));
    expect(repeats).toBeGreaterThan(0);
  });

  test.each([
    { name: "across fields", where: { OR: [{ status: "s3" }, { lang: "l14" }] } },
    { name: "nested in an AND", where: { AND: [{ OR: [{ status: "s3" }, { lang: "l14" }] }, { rank: { gte: 0 } }] } },
  ])("an OR $name, not paged: rows + 2", async ({ where }) => {
    const { value, documents, queries } = await measure((ctx) => posts(ctx).findMany({ where }));
    const wanted = all.filter((r) => r.status === "s3" || r.lang === "l14");
    expect(new Set(ids(value))).toEqual(new Set(ids(wanted)));
    expect(value.length).toBe(wanted.length);
    expect(documents).toBeLessThanOrEqual(wanted.length + 2);
    expect(queries).toBeLessThanOrEqual(2);
  });

  test.each([
    {
      name: "in",
      title: { in: ["a0-00000", "a1-00120", "zzz"] },
      test: (t: string) => ["a0-00000", "a1-00120"].includes(t),
      probes: 3,
    },
    { name: "startsWith", title: { startsWith: "a1" }, test: (t: string) => t.startsWith("a1"), probes: 1 },
    { name: "like", title: { like: "a1%" }, test: (t: string) => t.startsWith("a1"), probes: 1 },
  ])("$name inside an AND, after an equality: matching rows and probes", async ({ title, test: matches, probes }) => {
    const { value, documents, queries } = await measure((ctx) =>
      posts(ctx).findMany({ where: { status: "s0", title } }),
    );
    const wanted = all.filter((r) => r.status === "s0" && matches(r.title));
    expect(wanted.length).toBeGreaterThan(0);
    expect(new Set(ids(value))).toEqual(new Set(ids(wanted)));
    expect(documents).toBeLessThanOrEqual(wanted.length + probes);
    expect(queries).toBeLessThanOrEqual(probes);
  });

  test.each([
    { where: { score: { ne: 3 } }, name: "ne" },
    { where: { score: { notIn: [3] } }, name: "notIn" },
    { where: { likes: { isNotNull: true as const } }, name: "isNotNull" },
  ])("$name with limit 10: at most 12/2", async ({ where }) => {
    const { value, documents, queries } = await measure((ctx) => posts(ctx).findMany({ where, limit: 10 }));
    expect(value.length).toBe(10);
    expect(value.every((r) => (Object.keys(where)[0] === "likes" ? r.likes != null : r.score !== 3))).toBe(true);
    expect(documents).toBeLessThanOrEqual(12);
    expect(queries).toBeLessThanOrEqual(2);
  });

  test("isNull on an indexed field, absent ones included: rows + 2", async () => {
    const { value, documents } = await measure((ctx) => posts(ctx).findMany({ where: { likes: { isNull: true } } }));
    expect(new Set(ids(value))).toEqual(new Set(ids(all.filter((r) => r.likes == null))));
    expect(documents).toBeLessThanOrEqual(value.length + 2);
  });
});

describe("look-ups, residuals, counts", () => {
  test("_id with other filters: 1/1", async () => {
    const row = all[1_500]!;
    const { value, documents, queries } = await measure((ctx) =>
      posts(ctx).findMany({ where: { rank: row.rank, _id: row._id as never, status: row.status } }),
    );
    expect(ids(value)).toEqual([row._id]);
    expect({ documents, queries }).toEqual({ documents: 1, queries: 1 });
  });

  test("a residual text test stops at the tenth match", async () => {
    const where = { title: { contains: "-000" } };
    const wanted = [...all].sort(byRank);
    const { value, documents } = await measure((ctx) =>
      posts(ctx).findMany({ where: { ...where, rank: { gte: 0 } }, orderBy: { rank: "asc" }, limit: 10 }),
    );
    const matching = wanted.filter((r) => r.title.includes("-000"));
    expect(ids(value)).toEqual(ids(matching.slice(0, 10)));
    expect(documents).toBe(wanted.indexOf(matching[9]!) + 1);
  });

  test("a residual that finds too little is SCAN_LIMIT, never short", async () => {
    const work = measure((ctx) =>
      posts(ctx).findMany({ where: { rank: { gte: 0 }, title: { contains: "nowhere" } }, limit: 10, maxScan: 500 }),
    );
    expect(await codeOf(work)).toBe("SCAN_LIMIT");
  });

  test("count and exists on an index range: the matching rows, and 1", async () => {
    const where = { status: "s3", rank: { lt: 1_000 } };
    const wanted = all.filter((r) => r.status === "s3" && r.rank < 1_000).length;
    expect(await measure((ctx) => posts(ctx).count({ where }))).toEqual({
      value: wanted,
      documents: wanted,
      queries: 1,
    });
    expect(await measure((ctx) => posts(ctx).exists({ where }))).toEqual({ value: true, documents: 1, queries: 1 });
  });

  test("nothing that can match costs nothing", async () => {
    expect(await measure((ctx) => posts(ctx).findMany({ where: { status: { in: [] } } }))).toEqual({
      value: [],
      documents: 0,
      queries: 0,
    });
    expect(rowsInTable).toBe(all.length);
  });
});
