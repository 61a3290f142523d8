/** A wrapped database (triggers) sees every write, those of a job's worker included. */
import { Triggers } from "convex-helpers/server/triggers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { left, tree, treeApp } from "./tree.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("triggers run for inline writes and for those of a job", async () => {
  const seen: Record<string, number> = {};
  const triggers = new Triggers<any, any>();
  for (const table of ["roots", "a", "b", "loose"]) {
    triggers.register(table, async (_ctx: any, change: any) => {
      const name = `${change.operation} ${table}`;
      seen[name] = (seen[name] ?? 0) + 1;
    });
  }
  const wrap = (ctx: any) => triggers.wrapDB(ctx);
  const t = treeApp({ limits: { inlineRows: 3 }, functions: { stepRows: 4, wrap: wrap as never } });
  const root = await tree(t, [5, 2]);
  const { job } = await t.mutate(async (ctx) => {
    const db = t.orm.system(wrap(ctx));
    await db.insert("loose").values([{ n: 1, rootId: root }, { n: 2 }]);
    await db.update("loose").set({ n: 3 }).where({ n: 2 });
    return await db.delete("roots").where({ _id: root });
  });
  await t.drain();
  expect(await t.job(job)).toMatchObject({ status: "succeeded", rowsDone: 17 });
  expect(await left(t)).toMatchObject({ roots: 0, a: 0, b: 0 });
  expect(seen).toEqual({
    "insert loose": 2,
    "update loose": 2,
    "delete roots": 1,
    "delete a": 5,
    "delete b": 10,
  });
});

test("a trigger may itself write through the orm, within a statement", async () => {
  const triggers = new Triggers<any, any>();
  const t = treeApp();
  triggers.register("roots", async (ctx: any, change: any) => {
    if (change.operation === "insert") await t.orm.system(ctx).insert("loose").values({ n: 7, rootId: change.id });
  });
  const root = await t.mutate((ctx) =>
    t.orm
      .system(triggers.wrapDB(ctx as never))
      .insert("roots")
      .values({ name: "r" }),
  );
  expect((await t.rows("loose")).map((row) => [row.n, row.rootId])).toEqual([[7, root]]);
});

test("what a wrapped database throws midway is thrown once nothing else is under way", async () => {
  const t = treeApp();
  const calls = { begun: 0, done: 0 };
  await t.mutate(async (ctx) => {
    const db = ctx.db as any;
    await t.orm
      .system(ctx)
      .insert("loose")
      .values([1, 2, 3].map((n) => ({ n })));
    const wrapped = Object.create(db, {
      delete: {
        value: async (id: never) => {
          if (++calls.begun === 1) throw new Error("no");
          for (let ticks = 0; ticks < 1_000; ticks++) await null; // mutations have no timers
          await db.delete(id);
          calls.done++;
        },
      },
    });
    await expect(
      t.orm
        .system({ ...ctx, db: wrapped })
        .delete("loose")
        .all(),
    ).rejects.toThrow("no");
    expect(calls).toEqual({ begun: 3, done: 2 });
  });
});
