/** What happens beside a job while it runs: other jobs, rows that arrive, keys that it holds, rows that would refuse. */
import { defineSchema, defineTable } from "convex/server";
import { v, type GenericId } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { defineRelations } from "../../src/client/index.js";
import { codeOf, makeApp } from "../support/app.js";
import { relations, schema, tables as blogTables } from "./blog.js";
import { left, tree, treeApp, type TreeApp } from "./tree.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const fan = [4, 3, 2];
const whole = 1 + 4 + 12 + 24;
const settings = {
  limits: { inlineRows: 2 },
  functions: { stepRows: 7, retry: { attempts: 3, initialBackoffMs: 100, base: 2 } },
};

/** Runs one scheduled function after another until the job is done, or `until` says stop. */
async function steps(
  t: TreeApp,
  job: string,
  until: (steps: number, rowsDone: number) => boolean = () => false,
): Promise<void> {
  for (let turn = 0; turn < 2_000; turn++) {
    const state = await t.job(job);
    if (state === null || until(state.steps, state.rowsDone) || !["pending", "running"].includes(state.status)) return;
    vi.advanceTimersToNextTimer();
    await t.t.finishInProgressScheduledFunctions();
  }
  throw new Error("the job never ended");
}

async function begin(fault: (call: number) => Promise<void> | void = () => {}) {
  let calls = 0;
  const t = treeApp({ ...settings, beforeStep: () => fault(++calls) });
  const root = await tree(t, fan);
  await tree(t, [1, 1, 1], "other");
  const { job } = await t.sys((db) => db.delete("roots").where({ _id: root }));
  return { t, job: job as string, root };
}
const done = { roots: 1, a: 1, b: 1, c: 1, d: 0 };

test("two jobs over overlapping trees both finish", async () => {
  const t = treeApp(settings);
  const root = await tree(t, fan);
  const other = await tree(t, fan, "other");
  const jobs = await t.sys(async (db) => {
    const [row] = await db.query["a"].findMany({ where: { rootId: root }, limit: 1 });
    const below = await db.delete("a").where({ _id: row._id });
    const above = await db.delete("roots").where({ _id: root });
    const again = await db.delete("roots").where({ name: "other" }).inBackground();
    const twice = await db.delete("roots").where({ name: "other" }).inBackground();
    return [below.job, above.job, again.job, twice.job];
  });
  expect(other).toBeDefined();
  await t.drain();
  const states = await Promise.all(jobs.map((id: string) => t.job(id)));
  expect(states.map((state) => state!.status)).toEqual(Array(4).fill("succeeded"));
  expect(states.reduce((sum, state) => sum + state!.rowsDone, 0)).toBe(2 * whole);
  expect(await left(t)).toEqual({ roots: 0, a: 0, b: 0, c: 0, d: 0 });
});

test("a child under a deleted parent is refused while the job runs, one under a row not yet reached goes with it", async () => {
  const { t, job, root } = await begin();
  await steps(t, job, (n) => n >= 1);
  await t.sys(async (db) => {
    expect(await codeOf(() => db.insert("a").values({ rootId: root, n: 9 }))).toBe("FOREIGN_KEY_VIOLATION");
    const [row] = await db.query["b"].findMany({ limit: 1 });
    await db.insert("c").values([{ bId: row._id }, { bId: row._id }]);
  });
  await steps(t, job);
  expect(await t.job(job)).toMatchObject({ status: "succeeded", rowsDone: whole + 2 });
  expect(await left(t)).toEqual(done);
});

describe("with a richer graph", () => {
  const app = (functions = {}) =>
    makeApp({
      schema,
      relations,
      tables: blogTables,
      limits: { inlineRows: 1 },
      functions: { stepRows: 3, ...functions },
    });

  test("a natural key held by a job stays taken until it is done", async () => {
    const t = app();
    const job = await t.sys(async (db) => {
      const author = await db.insert("users").values({ name: "a" });
      const team = await db.insert("teams").values({ name: "t", code: "x" });
      await db
        .insert("posts")
        .values(Array.from({ length: 9 }, () => ({ authorId: author, title: "p", teamCode: "x" })));
      return (await db.delete("teams").where({ _id: team })).job;
    });
    expect(await t.sys((db) => codeOf(() => db.insert("teams").values({ name: "t", code: "x" })))).toBe(
      "FOREIGN_KEY_VIOLATION",
    );
    await t.sys((db) => db.insert("teams").values({ name: "t", code: "y" }));
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: "succeeded" });
    await t.sys((db) => db.insert("teams").values({ name: "t", code: "x" }));
    expect(await t.rows("posts")).toEqual([]);
  });

  test("a rename goes on in the background, and its old key stays taken", async () => {
    const t = app();
    const job = await t.sys(async (db) => {
      const author = await db.insert("users").values({ name: "a" });
      const team = await db.insert("teams").values({ name: "t", code: "x" });
      await db
        .insert("posts")
        .values(Array.from({ length: 9 }, () => ({ authorId: author, title: "p", teamCode: "x" })));
      return (await db.update("teams").set({ code: "z" }).where({ _id: team })).job;
    });
    expect(await t.sys((db) => codeOf(() => db.insert("teams").values({ name: "t", code: "x" })))).toBe(
      "FOREIGN_KEY_VIOLATION",
    );
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: "succeeded", rowsDone: 10 });
    expect((await t.rows("posts")).map((row) => row.teamCode)).toEqual(Array(9).fill("z"));
  });

  test("a restricting row that arrives between the steps parks the job, named; once it is gone, retry finishes", async () => {
    const t = app({ retry: { attempts: 2, initialBackoffMs: 10 } });
    const [job, first] = await t.sys(async (db) => {
      const ids = await db
        .insert("users")
        .values(Array.from({ length: 8 }, (_, i) => ({ name: `${i}`, role: "gone" })));
      return [(await db.delete("users").where({ role: "gone" }).inBackground()).job, ids[5]];
    });
    const invoice = await t.sys((db) => db.insert("invoices").values({ userId: first, total: 1 }));
    await t.drain();
    const parked = (await t.job(job))!;
    expect(parked.status).toBe("failed");
    expect(parked.error).toContain("invoices.user");
    await t.sys((db) => db.delete("invoices").where({ _id: invoice }));
    await t.mutate((ctx) => t.orm.jobs.retry(ctx, job));
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: "succeeded", rowsDone: 8 });
    expect(await t.rows("users")).toEqual([]);
  });

  test("rows that a background statement deletes itself never restrict it, in whatever step they come", async () => {
    const t = app();
    const job = await t.sys(async (db) => {
      let managerId: string | undefined;
      // Each manages the next, and managers come first: each step meets rows that later ones still reference.
      for (let i = 0; i < 10; i++)
        managerId = await db
          .insert("users")
          .values({ name: `${i}`, role: "gone", ...(managerId === undefined ? {} : { managerId }) });
      return (await db.delete("users").where({ role: "gone" }).inBackground()).job;
    });
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: "succeeded", rowsDone: 10 });
    expect(await t.rows("users")).toEqual([]);
  });

  test("restrict below refuses a background statement before anything is written", async () => {
    const t = app();
    await t.sys(async (db) => {
      const boss = await db.insert("users").values({ name: "boss", role: "gone" });
      await db.insert("users").values({ name: "w", role: "stays", managerId: boss });
      expect(await codeOf(() => db.delete("users").where({ role: "gone" }).inBackground())).toBe("RESTRICT_VIOLATION");
    });
    await t.drain();
    expect(await t.rows("users")).toHaveLength(2);
  });
});

describe.each(["id", "natural key"])("beside a foreign key that does not ask for its parent, by %s", (by) => {
  const loose = defineSchema({
    teams: defineTable({ name: v.string() }),
    batches: defineTable({ teamId: v.id("teams"), code: v.string() })
      .index("by_team", ["teamId"])
      .index("by_code", ["code"]),
    users: defineTable({ teamId: v.id("teams") }).index("by_team", ["teamId"]),
    invoices: defineTable({
      userId: v.id("users"),
      batch: v.optional(v.string()),
      batchId: v.optional(v.id("batches")),
    })
      .index("by_user", ["userId"])
      .index("by_batch", ["batch"])
      .index("by_batch_id", ["batchId"]),
  });
  const looseRelations = defineRelations(loose, (r) => ({
    batches: { team: r.one.teams({ from: "teamId", onDelete: "cascade" }) },
    users: { team: r.one.teams({ from: "teamId", onDelete: "cascade" }) },
    invoices: {
      user: r.one.users({ from: "userId", onDelete: "restrict" }),
      within: r.one.batches({ from: "batch", to: "code", onDelete: "cascade", enforce: false }),
      inside: r.one.batches({ from: "batchId", onDelete: "cascade", enforce: false }),
    },
  }));
  /** A team with a batch and six users, whose invoices hang from the batch: it goes first, and they go last. */
  async function start() {
    const t = makeApp({
      schema: loose,
      relations: looseRelations,
      tables: { batches: { unique: { code: ["code"] } } },
      limits: { inlineRows: 0 },
      functions: { stepRows: 2, retry: { attempts: 2 } },
    });
    const { team, users } = await t.sys(async (db) => {
      const teamId = await db.insert("teams").values({ name: "t" });
      const batchId = await db.insert("batches").values({ teamId, code: "0" });
      const ids: string[] = await db.insert("users").values(Array.from({ length: 6 }, () => ({ teamId })));
      const to = by === "id" ? { batchId } : { batch: "0" };
      await db.insert("invoices").values(ids.map((userId) => ({ userId, ...to })));
      return { team: teamId, users: ids };
    });
    vi.setSystemTime(Date.now() + 10);
    const { job } = await t.sys((db) => db.delete("teams").where({ _id: team }));
    vi.setSystemTime(Date.now() + 10);
    return { t, team, users, job };
  }

  test("a row that was there when the job began is known to go, though what it hangs from is gone already", async () => {
    const { t, job } = await start();
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: "succeeded", error: null });
    expect(await t.rows("invoices")).toEqual([]);
  });

  test("a row that arrives later and hangs from nothing refuses", async () => {
    const { t, team, users, job } = await start();
    await t.mutate(async (ctx) => {
      const never = await ctx.db.insert("batches", { teamId: team as GenericId<"teams">, code: "never" });
      await ctx.db.delete(never);
      const to = by === "id" ? { batchId: never } : { batch: "never" };
      await t.orm
        .system(ctx)
        .insert("invoices")
        .values({ userId: users[5], ...to });
    });
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: "failed", error: expect.stringContaining("invoices.user") });
    expect((await t.rows("users")).map((user) => user._id)).toContain(users[5]);
  });
});
