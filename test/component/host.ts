import { convexTest } from "convex-test";
import { componentsGeneric, createFunctionHandle, makeFunctionReference } from "convex/server";
import { expect, vi } from "vitest";
import type { ComponentApi } from "../../src/component/_generated/component.js";
import type { Doc } from "../../src/component/_generated/dataModel.js";
import componentSchema from "../../src/component/schema.js";
import type { Job, NewItem } from "../../src/component/validators.js";
import { modules as componentModules } from "../../src/test.js";
import { control } from "./control.js";
import schema from "./host/schema.js";

export const { orm } = componentsGeneric() as unknown as { orm: ComponentApi<"orm"> };

/** Wraps the handler of one internal function of the component: how tests break what they may not change. */
export type Around = (run: () => Promise<unknown>, ctx: any, args: any) => Promise<unknown>;

/** A host app with the component mounted; `around` wraps functions of `driver.ts` by their names. */
export function startHost(
  around: Record<string, Around> = {},
  transactionLimits: true | { documentsRead: number } = true,
) {
  const worker = () => import("./host/worker.js");
  const t = convexTest({
    schema,
    modules: { "./_generated/api.js": async () => ({}), "./worker.ts": async () => (host.gone ? {} : await worker()) },
    transactionLimits,
  });
  const driver = async () => {
    const real = (await componentModules["./component/driver.ts"]?.()) as Record<string, any>;
    const wrapped = Object.entries(around).map(([name, hook]) => [name, wrap(real[name], hook)] as const);
    return { ...real, ...Object.fromEntries(wrapped) };
  };
  t.registerComponent("orm", componentSchema, { ...componentModules, "./component/driver.ts": driver });
  // Present, but not in convex-test's types.
  const { runInComponent } = t as unknown as {
    runInComponent: <R>(path: string, handler: (ctx: any) => Promise<R>) => Promise<R>;
  };
  const host = {
    t,
    /** Runs a handler on the component's own tables. */
    inside: <R>(handler: (ctx: any) => Promise<R>) => runInComponent("orm", handler),
    /** While true, the worker's module exports nothing: its handle leads nowhere. */
    gone: false,
    get: async (id: string): Promise<Job> => {
      const job = await t.query(orm.jobs.get, { id });
      if (job === null) throw new Error(`no job ${id}`);
      return job;
    },
    retry: (id: string) =>
      t.mutation(async (ctx) => ctx.runMutation(orm.jobs.retry, { id, handle: await workerHandle() })),
    /** Runs what is due now: one step of each running job. */
    step: async () => {
      vi.advanceTimersByTime(0);
      await t.finishInProgressScheduledFunctions();
    },
    finish: () => t.finishAllScheduledFunctions(vi.runAllTimers, 10_000),
    /** The job's whole document. */
    doc: (id: string): Promise<Doc<"jobs">> => host.inside((ctx) => ctx.db.get("jobs", id)),
    /** The unfinished items as stored. */
    items: (): Promise<any[]> => host.inside((ctx) => ctx.db.query("items").collect()),
    held: (): Promise<any[]> => host.inside((ctx) => ctx.db.query("held").collect()),
  };
  return host;
}
export type Host = ReturnType<typeof startHost>;

function wrap(real: any, hook: Around): any {
  const wrapped = Object.assign((...args: unknown[]) => real(...args), real);
  wrapped._handler = (ctx: any, args: any) => hook(() => real._handler(ctx, args), ctx, args);
  return wrapped;
}

export const workerHandle = () => createFunctionHandle(makeFunctionReference<"mutation">("worker:worker"));

export const retryFast = { attempts: 5, initialBackoffMs: 250, base: 2 };

/** Makes a tree under a root that is gone already: `widths[0]` children, each with `widths[1]` children, and so on. */
export async function plantTree(host: Host, root: string, ...widths: number[]): Promise<number> {
  let parents: string[] = [root];
  let total = 0;
  for (const width of widths) {
    const rows = parents.flatMap((parent) => Array.from({ length: width }, () => parent));
    parents = [];
    for (let i = 0; i < rows.length; i += 5_000) {
      const ids = await host.t.run((ctx) =>
        Promise.all(rows.slice(i, i + 5_000).map((parent) => ctx.db.insert("nodes", { parent }))),
      );
      parents.push(...ids);
    }
    total += rows.length;
  }
  return total;
}

interface StartOptions {
  items?: NewItem[];
  rowsDone?: number;
  delayMs?: number;
  stepRows?: number;
  stepBytes?: number;
  session?: string;
  retry?: typeof retryFast;
}

/** Starts a job that deletes everything below `root`. */
export const startJob = (host: Host, root: string, options: StartOptions = {}): Promise<string> =>
  host.t.mutation(async (ctx) =>
    ctx.runMutation(orm.jobs.start, {
      kind: "cascade",
      handle: await workerHandle(),
      table: "nodes",
      rowsDone: 0,
      items: [{ work: JSON.stringify([root]), ...(control.hold && { holds: [root] }) }],
      retry: retryFast,
      stepRows: 1_000,
      stepBytes: 4 * 2 ** 20,
      ...options,
    }),
  );

/** What is left in the host: rows still there, and how often each removed row was handled. */
export const outcome = (host: Host) =>
  host.t.run(async (ctx) => {
    const [nodes, handled] = await Promise.all([ctx.db.query("nodes").collect(), ctx.db.query("handled").collect()]);
    return { left: nodes.length, handled: handled.length, distinct: new Set(handled.map((h) => h.node)).size };
  });

/** 60 rows below the root. */
export const plant = (host: Host): Promise<number> => plantTree(host, "root", 10, 5);

/** The job has done everything once, as if nothing had happened on the way. */
export async function expectDone(host: Host, id: string, total: number): Promise<void> {
  expect(await host.get(id)).toMatchObject({
    status: "succeeded",
    rowsDone: total,
    frontier: 0,
    attempts: 0,
    error: null,
  });
  expect(await outcome(host)).toEqual({ left: 0, handled: total, distinct: total });
  expect(await host.items()).toEqual([]);
  expect(await host.held()).toEqual([]);
}
