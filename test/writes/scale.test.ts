/** Cascades of any size: done, no budget error in any step, each row once, counts right. */
import type { GenericId } from "convex/values";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { codeOf, spentBy, type Spent } from "../support/app.js";
import { LONG } from "../support/fuzz.js";
import { left, tree, treeApp } from "./tree.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The real clock: `performance` is faked along with the timers. */
const clock = performance.now.bind(performance);

const rowsBelow = (fan: readonly number[]): number => fan.reduceRight((below, count) => count * (1 + below), 0);

/** Deletes a root with `fan[i]` rows below each row of level i: how many steps it took, and what a row cost. */
async function remove(fan: readonly number[]) {
  const t = treeApp();
  const root = await tree(t, fan);
  const steps: Spent[] = [];
  t.onStep((spent) => void steps.push(spent));
  const began = clock();
  const { result, spent } = await t.sys((db, ctx) => spentBy(ctx, () => db.delete("roots").where({ _id: root })));
  await t.drain();
  const seconds = (clock() - began) / 1_000;
  const job = (await t.job(result.job))!;
  const rows = 1 + rowsBelow(fan);
  expect(job).toMatchObject({ status: "succeeded", rowsDone: rows, attempts: 0, error: null, frontier: 0 });
  expect(Object.values(await left(t))).toEqual([0, 0, 0, 0, 0]);
  const total = (name: keyof Spent) => steps.reduce((sum, step) => sum + step[name], spent[name]);
  expect(total("documentsRead")).toBeLessThanOrEqual(2.2 * rows + 4 * job.steps);
  expect(total("documentsWritten")).toBeLessThanOrEqual(1.05 * rows + 4 * job.steps);
  if (LONG) {
    const perRow = (name: keyof Spent) => (total(name) / rows).toFixed(3);
    console.log(
      `${rows} rows: ${job.steps} steps, ${perRow("documentsRead")} documents read and ` +
        `${perRow("documentsWritten")} written a row, ${seconds.toFixed(0)} s in process`,
    );
  }
  return { job, steps, spent };
}

test("a parent with 5,000 children: the first 500 inline, the rest in steps of 1,000", async () => {
  const { steps, spent } = await remove([5_000]);
  expect(spent.documentsWritten).toBeLessThan(510);
  expect(steps.filter((step) => step.documentsWritten > 0).map((step) => step.documentsWritten)).toEqual([
    1_000, 1_000, 1_000, 1_000, 500,
  ]);
}, 120_000);

test.runIf(LONG)(
  "five levels and 20,000 rows",
  async () => {
    const { job } = await remove([10, 10, 10, 19]);
    expect(job.rowsDone).toBeGreaterThan(20_000);
  },
  3_600_000,
);

test.runIf(LONG)(
  "one row with 100,000 descendants",
  async () => {
    await remove([100_000]);
  },
  3_600_000,
);

test("rows of 1 KB do not multiply the steps", async () => {
  const t = treeApp();
  const root = await tree(t, []);
  await t.mutate(async (ctx) => {
    const row = { rootId: root as GenericId<"roots">, n: 0, pad: "x".repeat(1_000) };
    for (let n = 0; n < 3_500; n++) await ctx.db.insert("a", row);
  });
  const { job } = await t.sys((db) => db.delete("roots").where({ _id: root }));
  const written: number[] = [];
  t.onStep((spent) => void written.push(spent.documentsWritten));
  await t.drain();
  expect(await t.job(job)).toMatchObject({ status: "succeeded", rowsDone: 3_501, attempts: 0 });
  expect(written.filter((rows) => rows > 0)).toEqual([1_000, 1_000, 1_000]);
}, 120_000);

test("large rows fill the bytes of a step, not the platform's budget", async () => {
  const t = treeApp();
  const root = await t.mutate((ctx) => ctx.db.insert("roots", { name: "r" }));
  for (let i = 0; i < 2; i++) {
    await t.mutate(async (ctx) => {
      for (let n = 0; n < 25; n++) await ctx.db.insert("roots", { name: "x".repeat(400_000) });
    });
  }
  expect(await t.sys((db) => codeOf(() => db.delete("roots").where({ name: { startsWith: "x" } })))).toBe("BUDGET");
  const { job } = await t.sys((db) =>
    db
      .delete("roots")
      .where({ name: { startsWith: "x" } })
      .inBackground(),
  );
  await t.drain();
  expect(await t.job(job)).toMatchObject({ status: "succeeded", rowsDone: 50, error: null, attempts: 0 });
  expect((await t.rows("roots")).map((row) => row._id)).toEqual([root]);
}, 120_000);

test("more rows to insert than a transaction holds are BUDGET", async () => {
  const t = treeApp();
  expect(
    await t.sys((db) => codeOf(() => db.insert("loose").values(Array.from({ length: 16_001 }, () => ({ n: 1 }))))),
  ).toBe("BUDGET");
}, 60_000);

test("more root rows than a transaction holds are BUDGET, whose hint is inBackground", async () => {
  const t = treeApp();
  for (let i = 0; i < 4; i++) {
    await t.mutate(async (ctx) => {
      for (let n = 0; n < 4_000; n++) await ctx.db.insert("loose", { n: 1 });
    });
  }
  const code = await t.sys((db) => codeOf(() => db.delete("loose").where({ n: 1 })));
  expect(code).toBe("BUDGET");
  expect(await t.sys((db) => codeOf(() => db.update("loose").set({ n: 2 }).all()))).toBe("BUDGET");
}, 120_000);

test("3,000 root rows fit one transaction; 5,000 would pass the platform's 4,096 queries, a point read a row", async () => {
  const t = treeApp();
  for (let i = 0; i < 2; i++) {
    await t.mutate(async (ctx) => {
      for (let n = 0; n < 2_500; n++) await ctx.db.insert("loose", { n: 1 });
    });
  }
  expect(await t.sys((db) => codeOf(() => db.delete("loose").where({ n: 1 })))).toBe("BUDGET");
  await t.mutate(async (ctx) => {
    for (const row of await ctx.db.query("loose").take(2_000)) await ctx.db.delete(row._id as GenericId<"loose">);
  });
  expect(await t.sys((db) => db.delete("loose").where({ n: 1 }))).toEqual({ count: 3_000, job: null });
}, 120_000);
