import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { control, resetControl } from "../../test/component/control.js";
import { orm, plantTree, startHost, startJob, workerHandle } from "../../test/component/host.js";

beforeEach(() => {
  resetControl();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("what a step costs", () => {
  it("loads a bounded page of a frontier of thousands, and never starts at its beginning again", async () => {
    const read: number[] = [];
    const host = startHost({
      step: async (run, ctx) => {
        await run();
        read.push((await ctx.meta.getTransactionMetrics()).documentsRead.used);
      },
    });
    const items = Array.from({ length: 5_000 }, (_, i) => ({ work: JSON.stringify([`empty${i}`]) }));
    const id = await startJob(host, "root", { items });
    await host.finish();
    expect(await host.get(id)).toMatchObject({ status: "succeeded", frontier: 0, rowsDone: 0 });
    // At most 256 items, each read and deleted, and the job's document.
    expect(Math.max(...read)).toBeLessThanOrEqual(2 * 256 + 3);
    expect(control.calls.length).toBeLessThan(30);
  });

  it("reads the job's document three times, writes it once, and schedules two functions", async () => {
    const costs: Record<string, number>[] = [];
    const host = startHost({
      step: async (run, ctx) => {
        await run();
        const all = await ctx.meta.getTransactionMetrics();
        costs.push({
          read: all.documentsRead.used,
          written: all.documentsWritten.used,
          scheduled: all.functionsScheduled.used,
        });
      },
    });
    control.answer = (right) => ({ ...right, added: [] });
    await plantTree(host, "root", 30);
    await startJob(host, "root", { stepRows: 10 });
    await host.step();
    // The worker: 10 rows read, deleted (a read and a write each) and logged. The item: read, and left as it was.
    expect(costs).toEqual([{ read: 10 + 10 + 1 + 3, written: 10 + 10 + 0 + 1, scheduled: 2 }]);
  });

  it("adds little to the rows of 1 -> 500 x 4, where items hold a hundred keys each", async () => {
    const own = { read: 0, written: 0, steps: 0 };
    const host = startHost({
      step: async (run, ctx) => {
        const rows = control.rows;
        await run();
        const all = await ctx.meta.getTransactionMetrics();
        own.read += all.documentsRead.used - 2 * (control.rows - rows);
        own.written += all.documentsWritten.used - 2 * (control.rows - rows);
        own.steps++;
      },
    });
    control.keysAnItem = 100;
    const total = await plantTree(host, "root", 500, 4);
    const id = await startJob(host, "root");
    await host.finish();
    const job = await host.get(id);
    expect(job).toMatchObject({ status: "succeeded", rowsDone: total });
    expect(own.steps).toBeLessThanOrEqual(5);
    // 78 and 58 documents for 2,500 rows.
    expect(own.read / total).toBeLessThanOrEqual(0.035);
    expect(own.written / total).toBeLessThanOrEqual(0.025);
  });

  it("keeps its documents small whatever the tree", async () => {
    const host = startHost();
    await plantTree(host, "root", 2_000);
    await startJob(host, "root", { session: "x" });
    for (let i = 0; i < 3; i++) {
      await host.step();
      const sizes = await host.inside(async (ctx) =>
        (await ctx.db.query("jobs").collect()).map((job: object) => JSON.stringify(job).length),
      );
      expect(Math.max(...sizes)).toBeLessThan(900);
    }
  });

  it("costs one document to look at", async () => {
    const host = startHost();
    const id = await startJob(host, "root");
    const read = await host.t.query(async (ctx) => {
      await ctx.runQuery(orm.jobs.get, { id });
      return (await ctx.meta.getTransactionMetrics()).documentsRead.used;
    });
    expect(read).toBe(1);
  });

  it("an item and each key it holds cost two reads and two writes in all", async () => {
    let own = { read: 0, written: 0 };
    const add = async (ctx: any) => {
      const all = await ctx.meta.getTransactionMetrics();
      own = { read: own.read + all.documentsRead.used, written: own.written + all.documentsWritten.used };
    };
    const host = startHost({
      step: async (run, ctx) => {
        await run();
        await add(ctx);
      },
    });
    const items = [{ work: "[]", holds: ["a", "b", "c"] }, { work: "[]" }];
    await host.t.mutation(async (ctx) => {
      const handle = await workerHandle();
      const retry = { attempts: 1, initialBackoffMs: 1, base: 1 };
      const job = { kind: "cascade", handle, table: "nodes", rowsDone: 0, items, retry, stepRows: 1, stepBytes: 1 };
      await ctx.runMutation(orm.jobs.start, job);
      await add(ctx);
    });
    await host.finish();
    // Beside them the job: inserted and patched when it starts (a read), then read three times and written by its step.
    expect(own).toEqual({ read: 2 * (2 + 3) + 1 + 3, written: 2 * (2 + 3) + 2 + 1 });
  });

  it("a watchdog with nothing to do reads the job and writes nothing", async () => {
    const costs: number[][] = [];
    const host = startHost({
      watchdog: async (run, ctx) => {
        await run();
        const all = await ctx.meta.getTransactionMetrics();
        costs.push([all.documentsRead.used, all.documentsWritten.used, all.functionsScheduled.used]);
      },
    });
    await startJob(host, "root");
    await host.step();
    await host.finish();
    expect(costs).toEqual([[1, 0, 0]]);
  });
});
