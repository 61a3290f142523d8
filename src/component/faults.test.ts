import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { control, resetControl } from "../../test/component/control.js";
import {
  expectDone,
  orm,
  outcome,
  plant,
  plantTree,
  retryFast,
  startHost,
  startJob,
  type Around,
} from "../../test/component/host.js";

beforeEach(() => {
  resetControl();
  vi.useFakeTimers();
  // convex-test reports every scheduled function that throws.
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const options = { stepRows: 10 };
/** 60 rows by 10 a step: 7 steps, as the uninterrupted run below shows. */
const STEPS = [1, 2, 3, 4, 5, 6, 7];

describe("one fault at step k", () => {
  it("uninterrupted, takes as many steps as the cases below have", async () => {
    const host = startHost();
    const total = await plant(host);
    const id = await startJob(host, "root", options);
    await host.finish();
    await expectDone(host, id, total);
    expect((await host.get(id)).steps).toBe(STEPS.length);
  });

  it.each(STEPS)("the worker throws before its work (k = %i)", async (k) => {
    const host = startHost();
    const total = await plant(host);
    control.before = (call) => {
      if (call === k) throw new Error("a fault");
    };
    const id = await startJob(host, "root", options);
    await host.finish();
    await expectDone(host, id, total);
    expect(control.calls[k]?.job.attempt).toBe(2);
  });

  it.each(STEPS)("the worker throws after its work, which is taken back (k = %i)", async (k) => {
    const host = startHost();
    control.hold = true;
    const total = await plant(host);
    control.after = (call) => {
      if (call === k) throw new Error("a fault");
    };
    const id = await startJob(host, "root", options);
    await host.finish();
    await expectDone(host, id, total);
  });

  /** Breaks the kth run of a function of the driver as a whole: what it did is rolled back, and nobody is told. */
  const dieAt = (k: number, when: "before" | "after"): Around => {
    let runs = 0;
    return async (run) => {
      const dies = ++runs === k;
      if (dies && when === "before") throw new Error("died");
      const result = await run();
      if (dies) throw new Error("died");
      return result;
    };
  };

  it.each(STEPS)("the bookkeeping throws after the work (k = %i)", async (k) => {
    const host = startHost({ attempt: dieAt(k, "after") });
    const total = await plant(host);
    const id = await startJob(host, "root", options);
    await host.finish();
    await expectDone(host, id, total);
  });

  it.each(STEPS.flatMap((k) => [[k, "before"] as const, [k, "after"] as const]))(
    "the step's transaction dies whole (k = %i, %s its work), and the watchdog restarts it",
    async (k, when) => {
      const host = startHost({ step: dieAt(k, when) });
      control.hold = true;
      const total = await plant(host);
      const id = await startJob(host, "root", options);
      for (let i = 0; i < k; i++) await host.step();
      const before = await host.get(id);
      expect(before).toMatchObject({ steps: k - 1, attempts: 0 });
      vi.advanceTimersByTime(60_000);
      await host.t.finishInProgressScheduledFunctions();
      expect(await host.get(id)).toMatchObject({
        status: "running",
        attempts: 1,
        error: expect.stringContaining("A step was lost"),
      });
      await host.finish();
      await expectDone(host, id, total);
    },
  );

  it.each(["cancelled", "deleted"])("the scheduled step is %s behind the component's back", async (how) => {
    for (const k of [0, 3]) {
      const host = startHost();
      const total = await plant(host);
      const id = await startJob(host, "root", options);
      for (let i = 0; i < k; i++) await host.step();
      await host.inside(async (ctx) => {
        const step = (await ctx.db.get("jobs", id)).step;
        await (how === "cancelled" ? ctx.scheduler.cancel(step) : ctx.db.delete("_scheduled_functions", step));
      });
      await host.finish();
      await expectDone(host, id, total);
      control.calls.length = 0;
    }
  });
});

describe("many faults", () => {
  it("does the work once, however steps, workers and watchdogs fall over", async () => {
    for (let seed = 1; seed <= 6; seed++) {
      resetControl();
      control.hold = seed % 2 === 0;
      control.keysAnItem = seed;
      const random = generator(seed);
      const flaky: Around = async (run) => {
        if (random() < 0.15) throw new Error("died before");
        const result = await run();
        if (random() < 0.15) throw new Error("died after");
        return result;
      };
      const host = startHost({ step: flaky, attempt: flaky });
      control.before = control.after = () => {
        if (random() < 0.15) throw new Error("a fault");
      };
      const total = await plantTree(host, "root", 6, 4);
      const id = await startJob(host, "root", { stepRows: 7, retry: { ...retryFast, attempts: 3 } });
      for (let i = 0; i < 400 && (await host.get(id)).status !== "succeeded"; i++) {
        vi.advanceTimersByTime(random() < 0.3 ? 60_000 : 500);
        await host.t.finishInProgressScheduledFunctions();
        if (random() < 0.05) await host.t.mutation(orm.jobs.cancel, { id });
        if (random() < 0.2) await host.retry(id);
        const { left, handled, distinct } = await outcome(host);
        expect([handled, distinct, left]).toEqual([(await host.get(id)).rowsDone, handled, total - handled]);
        expect(await host.items()).toHaveLength((await host.get(id)).frontier);
      }
      await expectDone(host, id, total);
      await host.finish();
      await expectDone(host, id, total);
    }
  });
});

describe("a worker that keeps failing", () => {
  it("parks the job as failed with its error, after growing pauses; retry finishes it", async () => {
    const host = startHost();
    const total = await plant(host);
    const times: number[] = [];
    control.before = () => {
      times.push(Date.now());
      throw new Error("the disk is full");
    };
    const id = await startJob(host, "root", options);
    for (let ms = 0; ms < 10_000; ms += 10) {
      vi.advanceTimersByTime(10);
      await host.t.finishInProgressScheduledFunctions();
    }
    const pauses = times.slice(1).map((at, i) => at - times[i]!);
    expect(pauses).toEqual(
      [250, 500, 1_000, 2_000].map((ms) => expect.toSatisfy((is: number) => Math.abs(is - ms) <= 20)),
    );
    const failed = await host.get(id);
    expect(failed).toMatchObject({ status: "failed", attempts: 5, rowsDone: 0, steps: 0, frontier: 1 });
    expect(failed.error).toContain("the disk is full");
    expect(failed.finishedAt).toBeDefined();
    await host.finish();
    expect(control.calls).toHaveLength(5);

    control.before = undefined;
    await host.retry(id);
    expect(await host.get(id)).toMatchObject({ status: "pending", attempts: 0, error: null });
    expect((await host.get(id)).finishedAt).toBeUndefined();
    await host.finish();
    await expectDone(host, id, total);
  });

  it("is asked for half as much each time, and the bound comes back in small shares", async () => {
    const host = startHost();
    await plantTree(host, "root", 1_300);
    control.answer = (right) => ({ ...right, added: [] });
    control.before = (call) => {
      if (call <= 3) throw new Error("too much");
    };
    await startJob(host, "root", { stepRows: 1_000, stepBytes: 8_000 });
    await host.finish();
    const budgets = control.calls.map((call) => call.budget.rows);
    expect(budgets.slice(0, 6)).toEqual([1_000, 500, 250, 125, 188, 251]);
    expect(control.calls[3]?.budget.bytes).toBe(1_000);
    expect(Math.max(...budgets.slice(1))).toBeLessThanOrEqual(1_000);
  });

  it("finds the size that fits by itself when its reads run out, with no step lost", async () => {
    const errors = new Set<string | null>();
    const host = startHost(
      {
        step: async (run, ctx, { jobId }) => {
          await run();
          errors.add((await ctx.db.get("jobs", jobId)).error);
        },
      },
      { documentsRead: 600 },
    );
    const total = 900;
    await host.t.run(async (ctx) => {
      for (let i = 0; i < total; i++) await ctx.db.insert("nodes", { parent: "root" });
    });
    const id = await startJob(host, "root", { items: [{ work: '["root"]' }] });
    control.answer = (right) => ({ ...right, added: [] });
    await host.finish();
    expect(await host.get(id)).toMatchObject({ status: "succeeded", rowsDone: total });
    expect([...errors].join()).toMatch(/Scanned too many documents/);
    expect([...errors].join()).not.toMatch(/lost/);
  });

  it("keeps the error of a ConvexError as its code and message", async () => {
    const { ConvexError } = await import("convex/values");
    const host = startHost();
    control.before = () => {
      throw new ConvexError({ code: "RESTRICT_VIOLATION", message: "posts.authorId: 1 row of posts refers to users" });
    };
    const id = await startJob(host, "root", { retry: { ...retryFast, attempts: 1 } });
    await host.finish();
    expect((await host.get(id)).error).toBe("RESTRICT_VIOLATION: posts.authorId: 1 row of posts refers to users");
  });

  it("keeps a long error short", async () => {
    const host = startHost();
    control.before = () => {
      throw new Error("x".repeat(100_000));
    };
    const id = await startJob(host, "root", { retry: { ...retryFast, attempts: 1 } });
    await host.finish();
    expect((await host.get(id)).error).toHaveLength(1_000);
  });

  it("counts failures in a row only: scattered ones never park a long job", async () => {
    const host = startHost();
    const total = await plantTree(host, "root", 10, 10);
    control.before = (call) => {
      if (call % 2 === 0) throw new Error("every other call");
    };
    const id = await startJob(host, "root", { stepRows: 10, retry: { ...retryFast, attempts: 2 } });
    await host.finish();
    await expectDone(host, id, total);
  });
});

describe("a handle that leads nowhere", () => {
  it("is tried again until it is back", async () => {
    const host = startHost();
    const total = await plant(host);
    const id = await startJob(host, "root", options);
    await host.step();
    host.gone = true;
    await host.step();
    expect(await host.get(id)).toMatchObject({
      status: "running",
      attempts: 1,
      error: expect.stringContaining("no such export"),
    });
    host.gone = false;
    await host.finish();
    await expectDone(host, id, total);
  });

  it("parks the job when it stays away", async () => {
    const host = startHost();
    const total = await plant(host);
    const id = await startJob(host, "root", options);
    host.gone = true;
    await host.finish();
    expect(await host.get(id)).toMatchObject({ status: "failed", frontier: 1 });
    host.gone = false;
    await host.retry(id);
    await host.finish();
    await expectDone(host, id, total);
  });
});

/** A small deterministic generator of numbers in [0, 1) (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
