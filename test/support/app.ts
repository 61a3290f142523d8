/**
 * An app in a test: a schema, an orm over it, and the module that exports the worker, in the in-process Convex with
 * the platform's budgets enforced.
 */
import { convexTest } from "convex-test";
import { componentsGeneric, internalMutationGeneric } from "convex/server";
import type { GenericDataModel, GenericMutationCtx, GenericSchema, SchemaDefinition } from "convex/server";
import { v } from "convex/values";
import { vi } from "vitest";
import { Orm } from "../../src/client/index.js";
import type { ComponentApi } from "../../src/component/_generated/component.js";
import type { FunctionsOptions } from "../../src/client/jobs/index.js";
import type { Job } from "../../src/client/types/job.js";
import { register } from "../../src/test.js";

export const components = componentsGeneric() as unknown as { orm: ComponentApi };
export type Ctx = GenericMutationCtx<GenericDataModel>;

/** Writers and readers without the schema's types: tests hand over wrong values too. */
export interface Db {
  query: Record<string, any>;
  insert(table: string): any;
  update(table: string): any;
  delete(table: string): any;
  restore(table: string): any;
}

export interface AppOptions {
  readonly schema: SchemaDefinition<GenericSchema, boolean>;
  readonly relations?: unknown;
  readonly tables?: Record<string, unknown>;
  readonly limits?: Record<string, number>;
  readonly session?: (ctx: any) => unknown;
  readonly functions?: FunctionsOptions;
  /** Called before each step of a job, in its transaction: what it throws, the worker throws. */
  readonly beforeStep?: () => Promise<void> | void;
  /** Leaves the worker out of the module. */
  readonly workerless?: boolean;
  /** Leaves the component out. */
  readonly unmounted?: boolean;
}

export interface Spent {
  documentsRead: number;
  documentsWritten: number;
  databaseQueries: number;
}

export function makeApp(options: AppOptions) {
  const orm = new Orm(components.orm, {
    schema: options.schema,
    relations: options.relations,
    ...(options.tables === undefined ? {} : { tables: options.tables }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.session === undefined ? {} : { session: options.session }),
  } as never) as any;
  const functions = orm.functions(options.functions);
  let onStep: ((spent: Spent) => void) | null = null;
  if (functions.worker !== undefined)
    functions.worker = metered(functions.worker, options.beforeStep, (spent) => onStep?.(spent));
  let withdrawn = options.workerless === true;
  const modules: Record<string, () => Promise<unknown>> = {
    "./convex/_generated/api.ts": () => Promise.resolve({}),
    "./convex/orm.ts": () => Promise.resolve(withdrawn ? {} : functions),
  };
  const t = convexTest({ schema: options.schema, modules, transactionLimits: true });
  if (options.unmounted !== true) register(t as never);

  const mutate = <T>(run: (ctx: Ctx) => Promise<T>): Promise<T> => (t.mutation as any)(run);
  return {
    t,
    orm,
    /** Takes the worker's export away, as a bad deployment would, or gives it back. */
    withdrawWorker: (isGone: boolean): void => void (withdrawn = isGone),
    /** Told what each call of the worker cost. */
    onStep: (listener: (spent: Spent) => void): void => void (onStep = listener),
    mutate,
    /** A mutation as the session that the options evaluate. */
    as: (run: (db: Db, ctx: Ctx) => Promise<any>): Promise<any> => mutate((ctx) => run(orm.with(ctx), ctx)),
    /** A mutation that no policy restricts. */
    sys: (run: (db: Db, ctx: Ctx) => Promise<any>): Promise<any> => mutate((ctx) => run(orm.system(ctx), ctx)),
    /** All rows of a table, as stored. */
    rows: (table: string): Promise<any[]> => mutate((ctx) => ctx.db.query(table).collect()),
    /** Runs everything that is scheduled, watchdogs included. Needs fake timers. */
    drain: () => t.finishAllScheduledFunctions(vi.runAllTimers, 10_000),
    job: (id: string): Promise<Job | null> =>
      (t.query as any)((ctx: Ctx) => ctx.runQuery(components.orm.jobs.get, { id })),
  };
}

/** The worker, telling what each call of it costs. */
function metered(worker: any, before: AppOptions["beforeStep"], tell: (spent: Spent) => void): unknown {
  return internalMutationGeneric({
    args: { job: v.any(), session: v.any(), items: v.any(), budget: v.any() },
    handler: async (ctx, args): Promise<unknown> => {
      if (args.items.length > 0) await before?.();
      const { result, spent } = await spentBy(ctx, () => worker._handler(ctx, args) as Promise<unknown>);
      if (args.items.length > 0) tell(spent);
      return result;
    },
  });
}

/** What a piece of a mutation costs. */
export async function spentBy<T>(ctx: Ctx, run: () => Promise<T>): Promise<{ result: T; spent: Spent }> {
  const before = await ctx.meta.getTransactionMetrics();
  const result = await run();
  const after = await ctx.meta.getTransactionMetrics();
  const used = (name: keyof Spent): number => after[name].used - before[name].used;
  return {
    result,
    spent: {
      documentsRead: used("documentsRead"),
      documentsWritten: used("documentsWritten"),
      databaseQueries: used("databaseQueries"),
    },
  };
}

/** The code of the error that a run throws. */
export async function codeOf(run: () => Promise<unknown>): Promise<string> {
  const error = await errorOf(run);
  return error.data?.code ?? error.message;
}

export async function errorOf(run: () => Promise<unknown>): Promise<any> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
