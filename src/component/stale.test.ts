import { makeFunctionReference } from "convex/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { control, resetControl } from "../../test/component/control.js";
import {
  expectDone,
  orm,
  outcome,
  plant,
  retryFast,
  startHost,
  startJob,
  type Host,
} from "../../test/component/host.js";

beforeEach(() => {
  resetControl();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** By 10 rows a step, the tree of `plant` takes 7 steps. */
const options = { stepRows: 10 };

describe("stale functions", () => {
  it("a watchdog whose step went well, or is only late, does nothing", async () => {
    const host = startHost();
    const total = await plant(host);
    const id = await startJob(host, "root", options);
    const { generation } = await host.doc(id);
    // The step is late: it is still to come.
    await fire(host, "watchdog", id, generation);
    expect(await host.get(id)).toMatchObject({ status: "pending", attempts: 0 });
    await host.step();
    // It went well.
    await fire(host, "watchdog", id, generation);
    expect(await host.get(id)).toMatchObject({ steps: 1, attempts: 0 });
    await host.finish();
    await expectDone(host, id, total);
    expect(control.calls).toHaveLength(7);
  });

  it("a step that comes twice, or after a cancel, does nothing", async () => {
    const host = startHost();
    await plant(host);
    const id = await startJob(host, "root", options);
    const { generation } = await host.doc(id);
    await host.step();
    await fire(host, "step", id, generation);
    await fire(host, "attempt", id, generation);
    expect(control.calls).toHaveLength(1);
    const running = (await host.doc(id)).generation;
    await host.t.mutation(orm.jobs.cancel, { id });
    await fire(host, "step", id, running);
    await fire(host, "watchdog", id, running);
    expect(control.calls).toHaveLength(1);
    expect(await host.get(id)).toMatchObject({ status: "cancelled", steps: 1, rowsDone: 10 });
  });

  it("a watchdog leaves a step alone that is at work", async () => {
    const host = startHost();
    const id = await startJob(host, "root", options);
    const { step, generation } = await host.doc(id);
    const say = (kind: string) => host.inside((ctx) => ctx.db.patch("_scheduled_functions", step, { state: { kind } }));
    await say("inProgress");
    await fire(host, "watchdog", id, generation);
    expect(await host.get(id)).toMatchObject({ status: "pending", attempts: 0 });
    // The watchdog that it left behind finds out when the step does not come after all.
    await say("canceled");
    vi.advanceTimersByTime(60_000);
    await host.finish();
    expect(await host.get(id)).toMatchObject({ status: "succeeded" });
  });

  it("a step from before a cancel does nothing after a retry", async () => {
    const host = startHost();
    await plant(host);
    const id = await startJob(host, "root", options);
    await host.step();
    const { generation } = await host.doc(id);
    await host.t.mutation(orm.jobs.cancel, { id });
    await host.retry(id);
    await fire(host, "step", id, generation);
    expect(control.calls).toHaveLength(1);
    await host.step();
    expect(control.calls).toHaveLength(2);
  });

  it("a step and its watchdog that come at the same moment run the step once", async () => {
    const host = startHost();
    const total = await plant(host);
    const id = await startJob(host, "root", options);
    // Both timers fire before either transaction begins.
    vi.advanceTimersByTime(61_000);
    await host.t.finishInProgressScheduledFunctions();
    expect(await host.get(id)).toMatchObject({ attempts: 0, steps: 1 });
    await host.finish();
    await expectDone(host, id, total);
  });

  it("those of a purged job do nothing", async () => {
    const host = startHost();
    const id = await startJob(host, "root", options);
    const { generation } = await host.doc(id);
    await host.t.mutation(orm.jobs.cancel, { id });
    await host.t.mutation(orm.jobs.purge, {});
    for (const name of ["step", "attempt", "watchdog"]) await fire(host, name, id, generation);
    await host.finish();
    expect(control.calls).toEqual([]);
  });
});

describe("an answer that cannot be right", () => {
  it.each([
    ["no progress", () => ({ items: [], added: [], rows: 0 }), /no progress/],
    [
      "an item that it was not given",
      () => ({ items: [{ id: "other", done: true }], added: [], rows: 1 }),
      /item other/,
    ],
    ["a negative count", (right: any) => ({ ...right, rows: -1 }), /counted -1 rows/],
    ["one item twice", (right: any) => ({ ...right, items: [...right.items, ...right.items] }), /twice/],
    ["new items but nothing done", () => ({ items: [], added: [{ work: "[]" }], rows: 0 }), /no progress/],
  ])("%s fails the step and takes the worker's writes back", async (_, answer, message) => {
    const host = startHost();
    const total = await plant(host);
    control.answer = answer as any;
    const id = await startJob(host, "root", { ...options, retry: { ...retryFast, attempts: 2 } });
    await host.finish();
    expect(await host.get(id)).toMatchObject({ status: "failed", rowsDone: 0, error: expect.stringMatching(message) });
    expect(await outcome(host)).toEqual({ left: total, handled: 0, distinct: 0 });
    control.answer = undefined;
    await host.retry(id);
    await host.finish();
    await expectDone(host, id, total);
  });
});

/** Calls an internal function of the driver, as the scheduler would. */
const fire = (host: Host, name: string, jobId: string, generation: number) =>
  host.inside((ctx) => ctx.runMutation(makeFunctionReference<"mutation">(`driver:${name}`), { jobId, generation }));
