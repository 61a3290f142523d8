import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { control, resetControl } from "../../test/component/control.js";
import { orm, outcome, plantTree, startHost, startJob, workerHandle, type Host } from "../../test/component/host.js";

beforeEach(() => {
  resetControl();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail("should have thrown"),
    (error) => error.data,
  );

/** Runs step by step, noting the job after each. */
async function watch(host: Host, id: string) {
  const seen = [await host.get(id)];
  while (!["succeeded", "failed"].includes(seen.at(-1)!.status)) {
    await host.step();
    seen.push(await host.get(id));
  }
  return seen;
}

describe("a job that goes well", () => {
  it("goes from pending over running to succeeded, and counts every row once", async () => {
    const host = startHost();
    const total = await plantTree(host, "root", 30, 10);
    const id = await startJob(host, "root", { stepRows: 50, rowsDone: 7, session: '{"userId":"u"}' });
    const seen = await watch(host, id);
    expect(seen[0]).toEqual({
      _id: id,
      kind: "cascade",
      status: "pending",
      rowsDone: 7,
      frontier: 1,
      steps: 0,
      attempts: 0,
      error: null,
      createdAt: expect.any(Number),
    });
    expect(new Set(seen.map((s) => s.status))).toEqual(new Set(["pending", "running", "succeeded"]));
    expect(seen.at(-1)).toMatchObject({
      status: "succeeded",
      rowsDone: total + 7,
      frontier: 0,
      steps: control.calls.length,
      startedAt: expect.any(Number),
      finishedAt: expect.any(Number),
    });
    expect(await outcome(host)).toEqual({ left: 0, handled: total, distinct: total });
    expect(control.calls[0]).toMatchObject({
      job: { id, kind: "cascade", table: "nodes", attempt: 1 },
      session: '{"userId":"u"}',
      budget: { rows: 50, bytes: 4 * 2 ** 20 },
    });
  });

  it("shows progress that never goes back", async () => {
    const host = startHost();
    await plantTree(host, "root", 20, 10);
    const seen = await watch(host, await startJob(host, "root", { stepRows: 10 }));
    for (let i = 1; i < seen.length; i++) {
      expect(seen[i]!.rowsDone).toBeGreaterThanOrEqual(seen[i - 1]!.rowsDone);
      expect(seen[i]!.steps).toBe(seen[i - 1]!.steps + 1);
    }
    expect(seen.length).toBeGreaterThan(20);
  });

  it("has succeeded at once when there is nothing to do", async () => {
    const host = startHost();
    const id = await startJob(host, "root", { items: [], rowsDone: 3, delayMs: 1_000 });
    expect(await host.get(id)).toMatchObject({ status: "succeeded", frontier: 0, rowsDone: 3, steps: 0 });
    expect((await host.get(id)).finishedAt).toBeDefined();
    await host.finish();
    expect(control.calls).toEqual([]);
  });

  it("waits for its delay, pending, and runs then", async () => {
    const host = startHost();
    await plantTree(host, "root", 3);
    const id = await startJob(host, "root", { delayMs: 2_592_000_000 });
    vi.advanceTimersByTime(2_592_000_000 - 1);
    await host.t.finishInProgressScheduledFunctions();
    expect(await host.get(id)).toMatchObject({ status: "pending", attempts: 0 });
    expect((await host.get(id)).startedAt).toBeUndefined();
    await host.finish();
    expect(await host.get(id)).toMatchObject({ status: "succeeded", attempts: 0, rowsDone: 3 });
  });

  it("starts nothing when the statement that starts it is rolled back", async () => {
    const host = startHost();
    await plantTree(host, "root", 3);
    const doomed = host.t.mutation(async (ctx) => {
      await ctx.runMutation(orm.jobs.start, {
        kind: "cascade",
        handle: await workerHandle(),
        table: "nodes",
        rowsDone: 0,
        items: [{ work: '["root"]', holds: ["root"] }],
        retry: { attempts: 1, initialBackoffMs: 0, base: 1 },
        stepRows: 1,
        stepBytes: 1,
      });
      throw new Error("rolled back");
    });
    await expect(doomed).rejects.toThrow("rolled back");
    await host.finish();
    expect(await host.t.query(orm.jobs.list, {})).toEqual([]);
    expect(await outcome(host)).toMatchObject({ left: 3 });
    expect(await host.held()).toEqual([]);
  });

  it("hands items over in the order in which they were made", async () => {
    const host = startHost();
    control.keysAnItem = 1;
    await plantTree(host, "root", 5, 2);
    await startJob(host, "root", { stepRows: 5 });
    await host.finish();
    const handed = control.calls.flatMap((call) => call.items.map((item) => item.work));
    const first = [...new Set(handed)];
    expect(first.map((work) => work.match(/\d+/)?.[0]).filter(Boolean)).toEqual(
      [...first.map((work) => work.match(/\d+/)?.[0]).filter(Boolean)].sort(),
    );
  });

  it("keeps two jobs over one tree apart, and both finish", async () => {
    const host = startHost();
    const total = await plantTree(host, "root", 20, 10);
    const [one, two] = [await startJob(host, "root", { stepRows: 7 }), await startJob(host, "root", { stepRows: 11 })];
    await host.finish();
    const [a, b] = [await host.get(one), await host.get(two)];
    expect([a.status, b.status]).toEqual(["succeeded", "succeeded"]);
    expect(a.rowsDone + b.rowsDone).toBe(total);
    expect(await outcome(host)).toEqual({ left: 0, handled: total, distinct: total });
  });
});

describe("cancel", () => {
  it.each([0, 1, 2, 3, 4, 5, 6])(
    "after %i steps leaves whole rows, says what remains, and retry finishes",
    async (k) => {
      const host = startHost();
      const total = await plantTree(host, "root", 10, 5);
      const id = await startJob(host, "root", { stepRows: 10 });
      for (let i = 0; i < k; i++) await host.step();
      const before = await host.get(id);
      await host.t.mutation(orm.jobs.cancel, { id });
      await host.finish();
      const job = await host.get(id);
      expect(job).toMatchObject({
        status: before.status === "succeeded" ? "succeeded" : "cancelled",
        frontier: before.frontier,
        rowsDone: before.rowsDone,
      });
      expect(job.finishedAt).toBeDefined();
      expect(await outcome(host)).toMatchObject({ left: total - job.rowsDone, handled: job.rowsDone });
      expect(await host.items()).toHaveLength(job.frontier);

      await host.retry(id);
      await host.finish();
      expect(await host.get(id)).toMatchObject({ status: "succeeded", rowsDone: total, frontier: 0 });
      expect(await outcome(host)).toEqual({ left: 0, handled: total, distinct: total });
    },
  );

  it("unschedules a delayed job, so that nothing is left to run", async () => {
    const host = startHost();
    const id = await startJob(host, "root", { delayMs: 1_000_000 });
    await host.t.mutation(orm.jobs.cancel, { id });
    const states = await host.inside(async (ctx) =>
      (await ctx.db.system.query("_scheduled_functions").collect()).map((f: any) => f.state.kind),
    );
    expect(states).toEqual(["canceled", "canceled"]);
    await host.finish();
    expect(await host.get(id)).toMatchObject({ status: "cancelled", frontier: 1, steps: 0 });
  });

  it("does nothing twice, nor to a job that has succeeded", async () => {
    const host = startHost();
    const id = await startJob(host, "root", { items: [] });
    await host.t.mutation(orm.jobs.cancel, { id });
    expect(await host.get(id)).toMatchObject({ status: "succeeded" });
  });
});

describe("retry", () => {
  it("leaves a job alone that runs or has succeeded", async () => {
    const host = startHost();
    await plantTree(host, "root", 30);
    const id = await startJob(host, "root", { stepRows: 10 });
    await host.retry(id);
    await host.step();
    await host.retry(id);
    await host.finish();
    await host.retry(id);
    await host.finish();
    expect(await host.get(id)).toMatchObject({ status: "succeeded", rowsDone: 30 });
    expect(await outcome(host)).toMatchObject({ handled: 30, distinct: 30 });
  });
});

describe("held keys", () => {
  it("stay taken until their item is done, through failure and cancel", async () => {
    const host = startHost();
    control.hold = true;
    control.keysAnItem = 3;
    await plantTree(host, "root", 4, 2);
    const id = await startJob(host, "root", { stepRows: 6 });
    const taken = (keys: string[]) => host.t.query(orm.jobs.held, { keys });
    expect(await taken(["other", "root"])).toEqual(["root"]);
    await host.step();
    expect(await taken(["root"])).toEqual([]);
    const keys = (await host.held()).map((h) => h.key);
    expect(keys).toHaveLength(4);
    await host.t.mutation(orm.jobs.cancel, { id });
    expect(await taken(keys)).toEqual(keys);
    await host.retry(id);
    await host.finish();
    expect(await host.held()).toEqual([]);
    expect(await host.get(id)).toMatchObject({ status: "succeeded" });
  });

  it("follow what the worker says of a continued item", async () => {
    const host = startHost();
    const id = await startJob(host, "root", { items: [{ work: "[]", holds: ["a", "b", "b"] }] });
    control.answer = ({ items: [item] }) => ({
      items: [{ ...item!, done: false, holds: ["b", "c"] }],
      added: [],
      rows: 0,
    });
    await host.step();
    expect((await host.held()).map((h) => h.key).sort()).toEqual(["b", "c"]);
    // The same again is no progress.
    await host.step();
    expect(await host.get(id)).toMatchObject({ attempts: 1, error: expect.stringContaining("no progress") });
    control.answer = undefined;
    await host.finish();
    expect(await host.held()).toEqual([]);
  });

  it("cost one document for a taken key, and none for a free one", async () => {
    const host = startHost();
    await startJob(host, "root", {
      items: [
        { work: "[]", holds: ["a"] },
        { work: "[]", holds: ["a"] },
      ],
    });
    const read = await host.t.query(async (ctx) => {
      expect(await ctx.runQuery(orm.jobs.held, { keys: ["a", "b", "c"] })).toEqual(["a"]);
      return (await ctx.meta.getTransactionMetrics()).documentsRead.used;
    });
    expect(read).toBe(1);
  });
});

describe("list and get", () => {
  it("lists newest first, by status, up to a limit", async () => {
    const host = startHost();
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push(await startJob(host, "root", { items: i === 1 ? [] : [{ work: "[]" }] }));
    const list = async (args: object) => (await host.t.query(orm.jobs.list, args)).map((job) => job._id);
    expect(await list({})).toEqual([...ids].reverse());
    expect(await list({ limit: 1 })).toEqual([ids[2]]);
    expect(await list({ status: "pending" })).toEqual([ids[2], ids[0]]);
    expect(await list({ status: "succeeded" })).toEqual([ids[1]]);
  });

  it("gives null for a job that is not there and for text that is no id", async () => {
    const host = startHost();
    expect(await host.t.query(orm.jobs.get, { id: "nonsense" })).toBeNull();
    expect(await errorOf(host.t.mutation(orm.jobs.cancel, { id: "nonsense" }))).toMatchObject({ code: "NOT_FOUND" });
    expect(await errorOf(host.retry("nonsense"))).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("purge", () => {
  it("deletes succeeded and cancelled jobs by age, and never a failed one", async () => {
    const host = startHost();
    const old = await startJob(host, "root", { items: [] });
    control.before = () => {
      throw new Error("never");
    };
    const failed = await startJob(host, "root", { retry: { attempts: 1, initialBackoffMs: 1, base: 1 } });
    await host.finish();
    vi.advanceTimersByTime(10_000);
    const fresh = await startJob(host, "root", { items: [] });
    expect(await host.t.mutation(orm.jobs.purge, { olderThanMs: 5_000 })).toBe(1);
    expect(await host.t.query(orm.jobs.get, { id: old })).toBeNull();
    expect(await host.get(fresh)).toMatchObject({ status: "succeeded" });
    expect(await host.get(failed)).toMatchObject({ status: "failed" });
    await host.t.mutation(orm.jobs.cancel, { id: failed });
    expect(await host.t.mutation(orm.jobs.purge, {})).toBe(2);
    await host.finish();
    expect(await host.items()).toEqual([]);
    expect(await host.t.query(orm.jobs.list, {})).toEqual([]);
  });

  it("goes on by itself beyond a batch, and sweeps long frontiers with their keys", async () => {
    const host = startHost();
    for (let i = 0; i < 450; i++) await startJob(host, "root", { items: [] });
    const items = Array.from({ length: 1_500 }, (_, i) => ({ work: "[]", holds: [`key${i}`] }));
    const id = await startJob(host, "root", { items });
    await host.t.mutation(orm.jobs.cancel, { id });
    expect(await host.t.mutation(orm.jobs.purge, {})).toBe(200);
    await host.finish();
    expect(await host.t.query(orm.jobs.list, {})).toEqual([]);
    expect(await host.items()).toEqual([]);
    expect(await host.held()).toEqual([]);
  });
});

describe("start refuses", () => {
  const args = {
    kind: "cascade",
    handle: "function://;worker:worker",
    table: "nodes",
    rowsDone: 0,
    items: [],
    retry: { attempts: 1, initialBackoffMs: 1, base: 1 },
    stepRows: 1,
    stepBytes: 1,
  };
  it.each([
    ["no handle", { handle: "worker" }, "WORKER_MISSING"],
    ["no attempts", { retry: { attempts: 0, initialBackoffMs: 1, base: 1 } }, "INVALID_VALUE"],
    ["a shrinking backoff", { retry: { attempts: 1, initialBackoffMs: 1, base: 0.5 } }, "INVALID_VALUE"],
    ["a negative delay", { delayMs: -1 }, "INVALID_VALUE"],
    ["no rows a step", { stepRows: 0 }, "INVALID_VALUE"],
    ["NaN bytes a step", { stepBytes: NaN }, "INVALID_VALUE"],
  ])("%s", async (_, change, code) => {
    const host = startHost();
    expect(await errorOf(host.t.mutation(orm.jobs.start, { ...args, ...change }))).toMatchObject({ code });
  });
});

describe("work that is taken back", () => {
  const start = (host: Host) =>
    startJob(host, "", {
      items: ["a", "b"].map((root) => ({ work: JSON.stringify([root]), holds: ["k", root] })),
      delayMs: 60_000,
    });
  const holding = (host: Host, ...keys: string[]) => host.t.query(orm.jobs.holding, { keys });
  const takeBack = (host: Host, items: { id: string; work: string | null }[]) =>
    host.t.mutation((ctx) => ctx.runMutation(orm.jobs.takeBack, { items }));

  it("is found by its keys, changed or dropped; a job that has none left has succeeded", async () => {
    const host = startHost();
    const id = await start(host);
    const [a, b] = await holding(host, "k", "b");
    expect([a!.work, b!.work]).toEqual(['["a"]', '["b"]']);
    expect(await holding(host, "nothing")).toEqual([]);
    await takeBack(host, [
      { id: a!.id, work: null },
      { id: b!.id, work: '["c"]' },
    ]);
    expect(await host.get(id)).toMatchObject({ status: "pending", frontier: 1 });
    expect((await host.items()).map((item) => item.work)).toEqual(['["c"]']);
    // Gone already, and no id at all.
    await takeBack(
      host,
      [a!.id, "nonsense"].map((each) => ({ id: each, work: null })),
    );
    await takeBack(host, [{ id: b!.id, work: null }]);
    expect(await host.get(id)).toMatchObject({
      status: "succeeded",
      frontier: 0,
      steps: 0,
      finishedAt: expect.any(Number),
    });
    expect([await host.items(), await host.held()]).toEqual([[], []]);
    await host.finish();
    expect(control.calls).toEqual([]);
  });

  it("leaves a job that is not active what it is", async () => {
    const host = startHost();
    const id = await start(host);
    await host.t.mutation((ctx) => ctx.runMutation(orm.jobs.cancel, { id }));
    await takeBack(
      host,
      (await holding(host, "k")).map((item) => ({ id: item.id, work: null })),
    );
    expect(await host.get(id)).toMatchObject({ status: "cancelled", frontier: 0 });
  });
});
