/** What a page of a union reads, to the document, and what `explain` says of a page before it is read. */
import { beforeAll, describe, expect, test } from "vitest";
import { orm, store, type Ctx, type Measured } from "./fixture.js";

interface Row {
  readonly _id: string;
  readonly status: string;
  readonly lang: string;
  readonly rank: number;
}
interface Page {
  readonly page: Row[];
  readonly isDone: boolean;
  readonly continueCursor: string;
}
let measure: <T>(work: (ctx: Ctx) => Promise<T>) => Promise<Measured<T>>;
let all: Row[];
beforeAll(async () => {
  const opened = await store();
  measure = opened.measure;
  all = (await measure((ctx) => ctx.db.query("posts").collect())).value;
});

const posts = (ctx: Ctx) => orm.with(ctx).query.posts;
type Branch = (row: Row) => boolean;
const status =
  (...names: string[]): Branch =>
  (row) =>
    names.includes(row.status);
const lang =
  (name: string): Branch =>
  (row) =>
    row.lang === name;

/**
 * The rows of the page, again those that several branches share, and one look-ahead for each branch that goes on: a
 * branch's own range has no index that leaves the others' rows out, and the look-ahead is what makes the next page
 * start with one range a branch, wherever the page ended among ties.
 */
function formula(page: readonly Row[], later: readonly Row[], branches: readonly Branch[]): number {
  const read = page.reduce((sum, row) => sum + branches.filter((branch) => branch(row)).length, 0);
  return read + branches.filter((branch) => later.some(branch)).length;
}

describe("pages of a union read exactly their rows, repeats once more, and a look-ahead a branch that goes on", () => {
  test.each([
    {
      name: "an OR whose branches overlap",
      where: { OR: [{ status: "s3" }, { lang: "l13" }] },
      branches: [status("s3"), lang("l13")],
      overlap: true,
    },
    {
      name: "an OR whose branches do not",
      where: { OR: [{ status: "s3" }, { lang: "l14" }] },
      branches: [status("s3"), lang("l14")],
      overlap: false,
    },
    {
      name: "an OR on one index",
      where: { OR: [{ status: "s3" }, { status: "s4" }] },
      branches: [status("s3"), status("s4")],
      overlap: false,
    },
    {
      name: "an IN",
      where: { status: { in: ["s1", "s2", "s3"] } },
      branches: [status("s1"), status("s2"), status("s3")],
      overlap: false,
    },
    {
      name: "an OR of three, two of which overlap",
      where: { OR: [{ status: "s3" }, { lang: "l13" }, { lang: "l14" }] },
      branches: [status("s3"), lang("l13"), lang("l14")],
      overlap: true,
    },
  ])("$name", async ({ where, branches, overlap }) => {
    const wanted = all.filter((row) => branches.some((branch) => branch(row))).sort((a, b) => a.rank - b.rank);
    for (const direction of ["asc", "desc"] as const) {
      const order = direction === "asc" ? wanted : [...wanted].reverse();
      let cursor: string | null = null;
      let at = 0;
      let repeats = 0;
      for (let done = false; !done;) {
        const { value, documents, queries } = (await measure((ctx) =>
          posts(ctx).paginate({ where, orderBy: { rank: direction }, paginationOpts: { numItems: 10, cursor } }),
        )) as Measured<Page>;
        expect(value.page.map((row) => row.rank)).toEqual(order.slice(at, at + 10).map((row) => row.rank));
        at += value.page.length;
        expect(documents).toBe(formula(value.page, order.slice(at), branches));
        expect(queries).toBeLessThanOrEqual(branches.length);
        if (!overlap) expect(documents).toBeLessThanOrEqual(10 + branches.length);
        repeats += value.page.filter((row) => branches.filter((branch) => branch(row)).length > 1).length;
        cursor = value.continueCursor;
        done = value.isDone;
      }
      expect(at).toBe(wanted.length);
      expect(repeats > 0).toBe(overlap);
    }
  });

  test("with a limit there is no look-ahead: one branch fewer", async () => {
    const where = { OR: [{ status: "s3" }, { lang: "l14" }] };
    const { value, documents, queries } = await measure((ctx) =>
      posts(ctx).findMany({ where, orderBy: { rank: "asc" }, limit: 10 }),
    );
    expect(value).toHaveLength(10);
    expect({ documents, queries }).toEqual({ documents: 11, queries: 2 });
  });
});

describe("explain of a page", () => {
  const expects = async (args: object): Promise<string> => {
    const { value } = await measure((ctx) => posts(ctx).explain(args as never));
    return /expects [^)]*/.exec(value.text)![0];
  };
  const page = (numItems: number, more: object = {}) => ({
    where: { status: "s3" },
    orderBy: { rank: "asc" },
    paginationOpts: { numItems, cursor: null, ...more },
  });

  test("expects as many documents as the page has rows", async () => {
    expect(await expects(page(7))).toBe("expects 7 documents, 1 query");
    expect(await expects(page(50))).toBe("expects 50 documents, 1 query");
    expect(await expects({ ...page(5), where: { status: { in: ["s1", "s2"] } } })).toBe(
      "expects 7 documents, 2 queries",
    );
  });

  test("chooses the same plan for every size: cursors go on in pages of any size", async () => {
    const where = { OR: [{ status: "s3" }, { lang: "l13" }], title: { contains: "a" } };
    const plans = [];
    for (const numItems of [1, 20, 400, 5_000]) {
      const { value } = await measure((ctx) =>
        posts(ctx).explain({ where, paginationOpts: { numItems, cursor: null } }),
      );
      plans.push({ ...value.plan, estimate: null });
    }
    for (const plan of plans) expect(plan).toEqual(plans[0]);
  });

  test("refuses options that are none, as paginate does", async () => {
    await expect(expects(page(-1))).rejects.toMatchObject({ data: { code: "INVALID_VALUE" } });
  });
});
