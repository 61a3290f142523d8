import type { TransactionMetrics } from "convex/server";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { envOf, fakeApp, reader } from "../../../test/support/fake-app.js";
import type { FakeDatabase } from "../../../test/support/fake-db.js";
import { Budget } from "./budget.js";
import type { Document, Env } from "./env.js";

let db: FakeDatabase;
beforeAll(() => {
  ({ db } = fakeApp({}));
  for (let i = 0; i < 500; i++)
    db.insert("comments", { postId: "p", userId: "u", approved: i % 2 === 0, likes: i % 10, body: `b${i}` });
});
beforeEach(() => db.resetCounts());

/** A transaction in which others have read so much already. */
function env(used: { documents?: number; bytes?: number; queries?: number } = {}, asked?: { times: number }): Env {
  const metric = (by: number, of: number) => ({ used: by, remaining: Math.max(of - by, 0) });
  return envOf(db, {
    metrics: () => {
      if (asked !== undefined) asked.times++;
      return Promise.resolve({
        documentsRead: metric((used.documents ?? 0) + db.documents, 32_000),
        bytesRead: metric((used.bytes ?? 0) + db.documents * 100, 16_777_216),
        databaseQueries: metric((used.queries ?? 0) + db.queries, 4_096),
      } as TransactionMetrics);
    },
  });
}
const comments = (of: Env) => reader(of, "comments");
const all = { where: { likes: { gte: 0 } } };

describe("limits at their boundary and one past it", () => {
  test("maxRows", async () => {
    expect(await comments(env()).findMany({ ...all, maxRows: 500 })).toHaveLength(500);
    await expect(comments(env()).findMany({ ...all, maxRows: 499 })).rejects.toMatchObject({
      data: { code: "TOO_MANY_ROWS", limit: "maxRows", allowed: 499, figure: 500 },
    });
    // An explicit limit stands in its place.
    expect(await comments(env()).findMany({ ...all, maxRows: 10, limit: 400 })).toHaveLength(400);
  });

  test("maxScan", async () => {
    expect(await comments(env()).count({ ...all, maxScan: 500 })).toBe(500);
    await expect(comments(env()).count({ ...all, maxScan: 499 })).rejects.toMatchObject({
      data: { code: "SCAN_LIMIT", limit: "maxScan", allowed: 499, figure: 500 },
    });
    expect(db.documents).toBeLessThanOrEqual(1_001);
  });

  test("a sort that no index bounds", async () => {
    const args = { orderBy: { body: "asc" }, allowFullScan: true, limit: 5 } as const;
    expect(await comments(env()).findMany({ ...args, maxScan: 500 })).toHaveLength(5);
    await expect(comments(env()).findMany({ ...args, maxScan: 499 })).rejects.toMatchObject({
      data: { code: "SORT_UNBOUNDED" },
    });
    // Where an index bounds it, it is a scan that is too long.
    await expect(comments(env()).findMany({ ...args, ...all, maxScan: 499 })).rejects.toMatchObject({
      data: { code: "SCAN_LIMIT" },
    });
  });
});

describe("the transaction's own budgets", () => {
  test.each([
    ["documents", { documents: 32_000 - 3_200 - 100 }, "documents"],
    ["bytes", { bytes: 16_777_216 - 1_677_722 - 10_000 }, "bytes"],
  ])("%s: BUDGET names what was left, before the headroom is touched", async (_name, used, resource) => {
    const error: unknown = await comments(env(used))
      .findMany(all)
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ data: { code: "BUDGET", resource } });
    expect((error as Error).message).toMatch(/are left/);
    expect(db.documents).toBeLessThanOrEqual(101);
    expect(db.documents).toBeGreaterThan(50);
  });

  test("index ranges", async () => {
    const ids = db
      .all("comments")
      .slice(0, 100)
      .map(({ _id }) => _id);
    const where = { where: { _id: { in: ids } } };
    await expect(comments(env({ queries: 4_096 - 410 - 20 })).findMany(where)).rejects.toMatchObject({
      data: { code: "BUDGET", resource: "index ranges" },
    });
    expect(db.queries).toBeLessThanOrEqual(20);
  });

  test("documents at the boundary of the headroom, and one past it", async () => {
    expect(await comments(env({ documents: 32_000 - 3_200 - 500 })).findMany(all)).toHaveLength(500);
    db.resetCounts();
    await expect(comments(env({ documents: 32_000 - 3_200 - 499 })).findMany(all)).rejects.toMatchObject({
      data: { code: "BUDGET", resource: "documents", left: 0, remaining: 3_200 },
    });
  });

  test("no headroom may be asked for", async () => {
    const tight = env({ documents: 32_000 - 501 });
    await expect(comments(tight).findMany(all)).rejects.toMatchObject({ data: { code: "BUDGET" } });
    db.resetCounts();
    expect(await comments(tight).findMany({ ...all, headroom: 0 })).toHaveLength(500);
  });

  test("the first query of a run asks, the next small ones do not, a long one asks once", async () => {
    const asked = { times: 0 };
    const one = env({}, asked);
    for (let i = 0; i < 5; i++) await comments(one).findMany({ ...all, limit: 10 });
    expect(asked.times).toBe(1);
    await comments(one).findMany(all);
    expect(asked.times).toBe(2);
  });

  test("a single document is too many when none is left", async () => {
    for (const documents of [32_000 - 3_200, 32_000 - 1, 32_000]) {
      await expect(comments(env({ documents })).findMany({ ...all, limit: 1 })).rejects.toMatchObject({
        data: { code: "BUDGET" },
      });
    }
    db.resetCounts();
    // Nothing is wanted of them where nothing is read.
    expect(await comments(env({ documents: 32_000 - 3_200 })).findMany({ where: { likes: { gt: 50 } } })).toEqual([]);
  });

  test("many small queries of one run ask in the end", async () => {
    const asked = { times: 0 };
    const one = env({}, asked);
    for (let i = 0; i < 60; i++) await comments(one).findMany({ ...all, limit: 20 });
    expect(asked.times).toBeGreaterThan(0);
    expect(asked.times).toBeLessThan(10);
  });

  test("reads side by side share what is left: none spends what another has", async () => {
    const left = 2_000;
    const one = env({ documents: 32_000 - 3_200 - left });
    const reads = await Promise.allSettled(Array.from({ length: 12 }, () => comments(one).findMany(all)));
    for (const read of reads) {
      if (read.status === "fulfilled") expect(read.value).toHaveLength(500);
      else expect(read.reason).toMatchObject({ data: { code: "BUDGET", resource: "documents" } });
    }
    expect(reads.some(({ status }) => status === "rejected")).toBe(true);
    // Beyond it each tries one document, to see whether its range has ended.
    expect(db.documents).toBeLessThanOrEqual(left + reads.length);
    expect(db.documents).toBeGreaterThan(left / 2);
  });

  test("a read that others' failures left room for is answered", async () => {
    const one = env({ documents: 32_000 - 3_200 - 520 });
    await expect(
      Promise.all([comments(one).findMany({ ...all, maxScan: 10 }), comments(one).findMany({ ...all, maxRows: 5 })]),
    ).rejects.toThrow();
    expect(await comments(one).findMany({ ...all, limit: 400 })).toHaveLength(400);
  });

  test("large documents count by their bytes", async () => {
    const run = { nativePageUsed: false };
    let asked = 0;
    const metrics = () => {
      asked++;
      return Promise.resolve({
        documentsRead: { used: 0, remaining: 32_000 },
        bytesRead: { used: 16_000_000, remaining: 777_216 },
        databaseQueries: { used: 0, remaining: 4_096 },
      } as TransactionMetrics);
    };
    const limits = { maxScan: 100, maxRows: 100, headroom: 0.1 };
    const budget = new Budget({
      env: { metrics, run },
      limits,
      table: "files",
      hideFigures: false,
      suggestions: () => [],
    });
    const large = { _id: "x", _creationTime: 1, text: "x".repeat(400_000) } as unknown as Document;
    const readAll = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        await budget.document();
        budget.read(large);
      }
    };
    await expect(readAll()).rejects.toMatchObject({ data: { code: "BUDGET", resource: "bytes", remaining: 777_216 } });
    expect(asked).toBe(1);
  });
});

test("on protected tables the errors give limits, no figures", async () => {
  const run = { nativePageUsed: false };
  const limits = { maxScan: 1, maxRows: 1, headroom: 0.1 };
  const metric = { used: 32_000, remaining: 0 };
  const metrics = () =>
    Promise.resolve({ documentsRead: metric, bytesRead: metric, databaseQueries: metric } as TransactionMetrics);
  const budget = new Budget({
    env: { metrics, run },
    limits,
    table: "posts",
    hideFigures: true,
    suggestions: () => ['.index("by_a", ["a"])'],
  });
  const scan = budget.pastScan(false);
  expect(scan.data).toMatchObject({ code: "SCAN_LIMIT", allowed: 1, suggestions: ['.index("by_a", ["a"])'] });
  expect(scan.message).toContain('.index("by_a", ["a"])');
  const dry: unknown = await budget.start(1_000, 1).catch((e: unknown) => e);
  for (const error of [scan, budget.tooManyRows(2), dry as typeof scan]) {
    expect(Object.keys(error.data)).not.toContain("figure");
    expect(Object.keys(error.data)).not.toContain("remaining");
    expect(error.message).not.toMatch(/are left/);
  }
});
