import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Orm } from "../../src/client/index.js";
import { codeOf, components, errorOf, spentBy, type Spent } from "../support/app.js";
import { left, relations, schema, tree, treeApp as app } from "./tree.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("cascades", () => {
  test("that fit are done inline", async () => {
    const t = app();
    const root = await tree(t, [10, 4]);
    const { result, spent } = await t.sys((db, ctx) => spentBy(ctx, () => db.delete("roots").where({ _id: root })));
    expect(result).toEqual({ count: 1, job: null });
    expect(spent.documentsRead).toBeLessThanOrEqual(2 * 51 + 2);
    expect(spent.documentsWritten).toBe(51);
    expect(await left(t)).toEqual({ roots: 0, a: 0, b: 0, c: 0, d: 0 });
  });

  test("that do not fit go on in a job, which counts every row", async () => {
    const t = app({ limits: { inlineRows: 7 } });
    const root = await tree(t, [5, 3, 2, 1]);
    const other = await tree(t, [1, 1, 1, 1], "other");
    const { count, job } = await t.sys((db) => db.delete("roots").where({ _id: root }));
    expect(count).toBe(1);
    expect(await t.job(job)).toMatchObject({ status: "pending", rowsDone: 8 });
    await t.drain();
    expect(await t.job(job)).toMatchObject({
      status: "succeeded",
      rowsDone: 1 + 5 + 15 + 30 + 30,
      frontier: 0,
      error: null,
    });
    expect(await left(t)).toEqual({ roots: 1, a: 1, b: 1, c: 1, d: 1 });
    expect((await t.rows("roots"))[0]._id).toBe(other);
  });

  test("1 -> 500 x 4 costs at most 2.2 reads and 1.05 writes a row", async () => {
    const t = app();
    const root = await tree(t, [500, 4]);
    const { result, spent } = await t.sys((db, ctx) => spentBy(ctx, () => db.delete("roots").where({ _id: root })));
    const steps: Spent[] = [];
    t.onStep((step) => void steps.push(step));
    await t.drain();
    const job = await t.job(result.job);
    expect(job).toMatchObject({ status: "succeeded", rowsDone: 2_501, error: null });
    const total = (name: keyof Spent) => spent[name] + steps.reduce((sum: number, step) => sum + step[name], 0);
    expect(total("documentsRead")).toBeLessThanOrEqual(2.2 * 2_501);
    expect(total("documentsWritten")).toBeLessThanOrEqual(1.05 * 2_501);
  }, 120_000);
});

describe("background statements", () => {
  test("delete any rows that match, by steps, with their cascades", async () => {
    const t = app({ functions: { stepRows: 10 } });
    for (let i = 0; i < 4; i++) await tree(t, [3, 2], i < 3 ? "x" : "y");
    const { count, job } = await t.sys((db) => db.delete("roots").where({ name: "x" }).inBackground());
    expect(count).toBe(0);
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: "succeeded", rowsDone: 3 * 10 });
    expect(await left(t)).toMatchObject({ roots: 1, a: 3, b: 6 });
  });

  test("update rows once each, whatever they change", async () => {
    const t = app({ functions: { stepRows: 10 } });
    await t.mutate(async (ctx) => {
      for (let i = 0; i < 45; i++) await ctx.db.insert("loose", { n: i });
    });
    const { job } = await t.sys((db) =>
      db
        .update("loose")
        .set({ n: 100 })
        .where({ n: { gte: 5 } })
        .inBackground(),
    );
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: "succeeded", rowsDone: 40 });
    expect((await t.rows("loose")).filter((row) => row.n === 100).length).toBe(40);
  });

  test("refuse functions and wrong values at once", async () => {
    const t = app();
    expect(
      await codeOf(() =>
        t.sys((db) =>
          db
            .update("loose")
            .set(() => ({ n: 1 }))
            .all()
            .inBackground(),
        ),
      ),
    ).toBe("INVALID_VALUE");
    expect(await codeOf(() => t.sys((db) => db.update("loose").set({ n: "1" }).all().inBackground()))).toBe(
      "INVALID_VALUE",
    );
    expect(await codeOf(() => t.sys((db) => db.update("loose").set({ n: 1 }).where({ nope: 1 }).inBackground()))).toBe(
      "INVALID_WHERE",
    );
  });
});

test("the options of orm.functions() hold for jobs that other modules start", async () => {
  let broken = true;
  const t = app({
    functions: { retry: { attempts: 2, initialBackoffMs: 10 }, stepRows: 7 },
    beforeStep: () => {
      if (broken) throw new Error("struck");
    },
  });
  await tree(t, [20]);
  // A module of its own, which does not load that of the worker: its client was given no options.
  const elsewhere = new Orm(components.orm, { schema, relations });
  const { job } = await t.mutate(async (ctx) => await elsewhere.system(ctx).delete("a").all().inBackground());
  await t.drain();
  expect(await t.job(job!)).toMatchObject({ status: "failed", attempts: 2, error: "struck" });
  broken = false;
  await t.mutate((ctx) => t.orm.jobs.retry(ctx, job));
  await t.drain();
  // From the half of 7 that its failures left it.
  const { status, steps } = (await t.job(job!))!;
  expect(status).toBe("succeeded");
  expect(steps).toBeGreaterThanOrEqual(3);
});

test("a missing worker is WORKER_MISSING with the line to add", async () => {
  const t = app({ workerless: true, limits: { inlineRows: 1 } });
  const root = await tree(t, [5]);
  await t.sys(async (db) => {
    const error = await errorOf(() => db.delete("roots").where({ _id: root }));
    expect(error.data.code).toBe("WORKER_MISSING");
    expect(error.message).toContain("export const { worker, hydrate } = orm.functions();");
  });
  // Refused before the first write, though the caller caught it.
  expect(await left(t)).toMatchObject({ roots: 1, a: 5 });
});

test("a component that is not mounted says how to mount it", async () => {
  const t = app({ unmounted: true, limits: { inlineRows: 1 } });
  const root = await tree(t, [5]);
  const error = await errorOf(() => t.sys((db) => db.delete("roots").where({ _id: root })));
  expect(error.message).toContain("app.use(orm)");
});
