/** Documents and index ranges that the executor reads: rows returned and one look-ahead a probe, on every page. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { defaultLimits } from "../planner/limits.js";
import { envOf, fakeApp, reader, type FakeApp } from "../../../test/support/fake-app.js";
import type { FakeDatabase } from "../../../test/support/fake-db.js";
import type { PageResult } from "./pages.js";

let app: FakeApp;
let db: FakeDatabase;
const statuses = ["archived", "draft", "live"];
const langs = ["a", "ab", "abc", "b", undefined];

beforeAll(() => {
  app = fakeApp({});
  ({ db } = app);
  for (let i = 0; i < 3_000; i++) {
    db.insert("posts", {
      title: `t${i % 40}`,
      status: statuses[i % 3],
      likes: (i * 7) % 50,
      lang: langs[i % 5],
      pinned: i % 10 === 0 ? true : i % 4 === 0 ? null : false,
      views: BigInt(i % 97),
      publishedAt: i,
    });
  }
  for (let i = 0; i < 10_000; i++)
    db.insert("comments", { postId: "p", userId: "u", approved: true, likes: 1, body: `b${i}` });
});
beforeEach(() => db.resetCounts());

const posts = () => reader(envOf(db), "posts");
const reads = (): [documents: number, queries: number] => [db.documents, db.queries];

async function pages(table: string, args: object, numItems: number, most = 6): Promise<[number, number][]> {
  const counts: [number, number][] = [];
  let cursor: string | null = null;
  while (counts.length < most) {
    db.resetCounts();
    const page = (await reader(envOf(db), table).paginate({
      ...args,
      paginationOpts: { numItems, cursor },
    })) as unknown as PageResult<unknown>;
    counts.push(reads());
    if (page.isDone) break;
    expect(page.page).toHaveLength(numItems);
    cursor = page.continueCursor;
  }
  return counts;
}

describe("whole queries", () => {
  test("what an order says after _id decides nothing, and costs nothing", async () => {
    const rows = await posts().findMany({ orderBy: [{ _id: "asc" }, { title: "desc" }], limit: 10 });
    expect(rows.map((row) => row["_id"])).toEqual(
      db
        .all("posts")
        .map((row) => row._id)
        .sort()
        .slice(0, 10),
    );
    expect(reads()).toEqual([10, 1]);
  });

  test("a choice that was remembered is asked again where the limit is another", async () => {
    const args = { where: { lang: "a", status: "live" }, orderBy: { likes: "asc" } };
    const scan = async (more: object) =>
      /(walk|range) (\w+)/.exec((await posts().explain({ ...args, ...more })).text)![2];
    for (const _again of [1, 2]) {
      expect(await scan({})).toBe("by_lang_and_title");
      expect(await scan({ limit: 1 })).toBe("by_status_and_likes");
      expect(await scan({ limit: 1, offset: 1_000 })).toBe("by_lang_and_title");
    }
  });

  test("a limit of none reads nothing; maxRows counts what comes after the offset", async () => {
    expect(await posts().findMany({ where: { status: "live" }, limit: 0 })).toEqual([]);
    expect(reads()).toEqual([0, 0]);
    expect(await posts().findMany({ where: { status: "live" }, offset: 900, maxRows: 100 })).toHaveLength(100);
    await expect(posts().findMany({ where: { status: "live" }, offset: 900, maxRows: 99 })).rejects.toMatchObject({
      data: { code: "TOO_MANY_ROWS" },
    });
  });

  test("many values after an equality are tested on one range where as many ranges would cost more", async () => {
    for (let i = 0; i < 20; i++) db.insert("memberships", { userId: "u", groupId: `g${i}` });
    const groups = (count: number) => ({ in: Array.from({ length: count }, (_, i) => `g${i * 2}`) });
    const memberships = reader(envOf(db), "memberships");
    expect(await memberships.findMany({ where: { userId: "u", groupId: groups(50) } })).toHaveLength(10);
    expect(reads()).toEqual([20, 1]);
    db.resetCounts();
    // A few are ranges of their own: nothing is read in vain.
    expect(await memberships.findMany({ where: { userId: "u", groupId: groups(2) } })).toHaveLength(2);
    expect(reads()).toEqual([2, 2]);
  });

  test("an equality, a range and an order of one index: limit documents, one range", async () => {
    const rows = await posts().findMany({
      where: { likes: { gte: 10 }, status: "live" },
      orderBy: { likes: "desc" },
      limit: 10,
    });
    expect(rows).toHaveLength(10);
    expect(reads()).toEqual([10, 1]);
  });

  test("an offset reads what it skips, in the index's order", async () => {
    await posts().findMany({ where: { status: "live" }, orderBy: { likes: "asc" }, limit: 10, offset: 500 });
    expect(reads()).toEqual([510, 1]);
  });

  test("IN of twenty, ordered by another field of the index: one head a probe", async () => {
    const titles = Array.from({ length: 20 }, (_, i) => `t${i}`);
    await posts().findMany({ where: { title: { in: titles } }, orderBy: { _creationTime: "asc" }, limit: 10 });
    expect(db.documents).toBeLessThanOrEqual(30);
    expect(db.queries).toBe(20);
    // The heads are read side by side.
    expect(db.widest).toBeGreaterThanOrEqual(16);
  });

  test("ne, notIn and isNotNull under a limit stop at the limit", async () => {
    for (const lang of [{ ne: "ab" }, { notIn: ["ab", "b"] }, { isNotNull: true }]) {
      db.resetCounts();
      expect(await posts().findMany({ where: { lang }, limit: 10 })).toHaveLength(10);
      expect(db.documents).toBeLessThanOrEqual(12);
      expect(db.queries).toBeLessThanOrEqual(2);
    }
  });

  test("`_id` with other filters is one get", async () => {
    const [row] = db.all("posts");
    await posts().findMany({ where: { _id: row!._id, likes: { gte: 0 } } });
    expect(reads()).toEqual([1, 1]);
    db.resetCounts();
    expect(await posts().findUnique({ where: { _id: db.all("comments")[0]!._id } })).toBeNull();
    expect(reads()).toEqual([0, 0]);
  });

  test("a residual stops at the last row wanted", async () => {
    const rows = await posts().findMany({
      where: { title: { endsWith: "7" } },
      orderBy: { _creationTime: "asc" },
      limit: 10,
      allowFullScan: true,
    });
    expect(rows).toHaveLength(10);
    // Four rows of every forty match.
    expect(db.documents).toBe(98);
  });

  test("count reads the matching rows, exists one", async () => {
    expect(await posts().count({ where: { status: "live" } })).toBe(1_000);
    expect(reads()).toEqual([1_000, 1]);
    db.resetCounts();
    expect(await posts().exists({ where: { status: "live" } })).toBe(true);
    expect(reads()).toEqual([1, 1]);
  });

  test("gets are looked up together, no more of them than rows are wanted", async () => {
    const ids = db
      .all("posts")
      .slice(0, 60)
      .map(({ _id }) => _id);
    await posts().findMany({ where: { _id: { in: ids } }, limit: 5 });
    expect(reads()).toEqual([5, 5]);
    db.resetCounts();
    expect(await posts().findMany({ where: { _id: { in: ids } } })).toHaveLength(60);
    expect(reads()).toEqual([60, 60]);
    expect(db.widest).toBe(16);
    db.resetCounts();
    // Eight are of no row: as many more are looked up, no further.
    const gone = Array.from({ length: 8 }, (_, i) => `!${i};posts`);
    expect(await posts().findMany({ where: { _id: { in: [...gone, ...ids] } }, limit: 12 })).toHaveLength(12);
    expect(reads()).toEqual([12, 20]);
  });

  test("an open range is bounded by the rows wanted, or by growing chunks under a residual", async () => {
    await posts().findMany({ where: { status: "live" }, orderBy: { likes: "asc" }, limit: 10, offset: 5 });
    expect(db.ranges.map(({ limit }) => limit)).toEqual([15]);
    db.resetCounts();
    const rows = await posts().findMany({ where: { status: "live", title: { endsWith: "nothing" } }, limit: 3 });
    expect(rows).toEqual([]);
    expect(db.documents).toBe(1_000);
    expect(db.ranges.slice(0, 1).map(({ limit }) => limit)).toEqual([16]);
    expect(db.ranges.every(({ consumed, limit }) => limit === null || consumed.documents <= limit)).toBe(true);
  });
});

describe("pages", () => {
  const titles = Array.from({ length: 20 }, (_, i) => `t${i}`);
  test.each([
    ["IN of twenty in the index's order", { where: { title: { in: titles } }, orderBy: { title: "asc" } }, 10, 12, 3],
    ["the same downwards", { where: { title: { in: titles } }, orderBy: { title: "desc" } }, 10, 12, 3],
    ["IN of twenty, merged", { where: { title: { in: titles } }, orderBy: { _creationTime: "desc" } }, 10, 30, 20],
    ["ne", { where: { lang: { ne: "ab" } }, orderBy: [{ lang: "asc" }, { title: "asc" }] }, 10, 12, 3],
    [
      "OR of two indexed ranges, merged",
      {
        where: { OR: [{ status: "live", publishedAt: { gte: 0 } }, { status: "draft" }] },
        orderBy: [{ publishedAt: "asc" }, { title: "asc" }],
      },
      10,
      12,
      2,
    ],
  ])("%s: every page costs what the first did", async (_name, args, numItems, documents, queries) => {
    const counts = await pages("posts", args, numItems);
    expect(counts).toHaveLength(6);
    for (const [d, q] of counts) {
      expect(d).toBeLessThanOrEqual(documents);
      expect(q).toBeLessThanOrEqual(queries);
    }
  });

  test("over the keys of a relation filter, in no order: every row once, whether a page ends with a key or within", async () => {
    const fresh = fakeApp({});
    const authors = [1, 2, 3].map((n) => fresh.db.insert("users", { name: "zed", score: n, role: "guest" }));
    for (const authorId of [...authors, ...authors, authors[1]])
      fresh.db.insert("posts", { authorId, title: "t", status: "live", likes: 0 });
    fresh.db.insert("posts", { authorId: null, title: "t", status: "live", likes: 0 });
    for (const numItems of [1, 2, 3]) {
      const found: unknown[] = [];
      let cursor: string | null = null;
      for (let done = false; !done;) {
        const page = (await reader(envOf(fresh.db), "posts").paginate({
          where: { author: { name: "zed" } },
          paginationOpts: { numItems, cursor },
        })) as unknown as PageResult<{ _id: string }>;
        found.push(...page.page.map(({ _id }) => _id));
        ({ isDone: done, continueCursor: cursor } = page);
      }
      expect(found).toHaveLength(7);
      expect(new Set(found).size).toBe(7);
    }
  });

  test("inside ten thousand ties no more than the page is read", async () => {
    const args = { where: { likes: { gte: 1 } }, orderBy: { likes: "asc" } };
    const counts = await pages("comments", args, 50);
    for (const [documents, queries] of counts) {
      expect(documents).toBe(51);
      expect(queries).toBeLessThanOrEqual(2);
    }
  });

  test("sorted pages past maxScan say so", async () => {
    const args = { where: { likes: 1 }, orderBy: { body: "asc" }, paginationOpts: { numItems: 5, cursor: null } };
    await expect(reader(envOf(db), "comments").paginate(args)).rejects.toMatchObject({
      data: { code: "SORT_UNBOUNDED", allowed: 4_096 },
    });
    expect(db.documents).toBeLessThanOrEqual(defaultLimits.maxScan + 1);
  });
});
