import { internalMutationGeneric, internalQueryGeneric } from "convex/server";
import type {
  GenericDataModel,
  GenericMutationCtx,
  GenericQueryCtx,
  RegisteredMutation,
  RegisteredQuery,
} from "convex/server";
import { v } from "convex/values";
import type { JobSettings, Retry, WriterEnv } from "../mutations/env.js";
import { defaultJobSettings } from "../mutations/env.js";
import { OrmError } from "../errors.js";
import { readSession, type JobSession } from "./start.js";
import { runWorker, type WorkerArgs, type WorkerResult } from "./worker.js";

type MutationCtx = GenericMutationCtx<GenericDataModel>;
type QueryCtx = GenericQueryCtx<GenericDataModel>;

/** Options of `orm.functions()`. */
export interface FunctionsOptions {
  /**
   * Wraps the context that the worker writes through as the host's own mutations wrap theirs (triggers, for example).
   */
  readonly wrap?: (ctx: MutationCtx) => MutationCtx;
  /** After the nth failure in a row a job waits `initialBackoffMs * base ** (n - 1)`. Default `{ 5, 250, 2 }`. */
  readonly retry?: Partial<Retry>;
  /** Rows that a step of a job handles at most. Default 1,000. */
  readonly stepRows?: number;
}

/** What the functions need of the orm that makes them. */
export interface FunctionsHost {
  /** The environment of a step: under the given variables, or as the system. */
  writeEnv(ctx: MutationCtx, session: JobSession): WriterEnv;
  /** Reads for an action, under the policies of the session that `ctx` stands for. */
  hydrate(ctx: QueryCtx, request: unknown): Promise<unknown>;
}

export interface HydrateArgs {
  readonly [name: string]: unknown;
  readonly request: unknown;
}

/** The internal functions that the component and actions call back. */
export interface OrmFunctions {
  worker: RegisteredMutation<"internal", WorkerFunctionArgs, WorkerResult>;
  hydrate: RegisteredQuery<"internal", HydrateArgs, unknown>;
}
type WorkerFunctionArgs = { -readonly [K in keyof WorkerArgs]: WorkerArgs[K] };

const vWorkerArgs = {
  job: v.object({ id: v.string(), kind: v.string(), table: v.string(), attempt: v.number() }),
  session: v.union(v.string(), v.null()),
  items: v.array(v.object({ id: v.string(), work: v.string() })),
  budget: v.object({ rows: v.number(), bytes: v.number() }),
};
const vWorkerResult = v.object({
  items: v.array(
    v.object({
      id: v.string(),
      done: v.boolean(),
      work: v.optional(v.string()),
      holds: v.optional(v.array(v.string())),
    }),
  ),
  added: v.array(v.object({ work: v.string(), holds: v.optional(v.array(v.string())) })),
  rows: v.number(),
  settings: v.optional(
    v.object({
      retry: v.object({ attempts: v.number(), initialBackoffMs: v.number(), base: v.number() }),
      stepRows: v.number(),
    }),
  ),
});

/** Makes `worker` and `hydrate`. */
export function makeFunctions(host: FunctionsHost, options: FunctionsOptions = {}): OrmFunctions {
  const { wrap = (ctx: MutationCtx) => ctx } = options;
  return {
    worker: internalMutationGeneric({
      args: vWorkerArgs,
      returns: vWorkerResult,
      handler: (ctx: MutationCtx, args: WorkerArgs): Promise<WorkerResult> =>
        runWorker(host.writeEnv(wrap(ctx), readSession(args.session)), args),
    }) as OrmFunctions["worker"],
    hydrate: internalQueryGeneric({
      args: { request: v.any() },
      returns: v.any(),
      handler: (ctx: QueryCtx, { request }: { request: unknown }): Promise<unknown> => host.hydrate(ctx, request),
    }) as OrmFunctions["hydrate"],
  };
}

/** The job settings that the options stand for. */
export function jobSettings(module: string, { retry, stepRows }: FunctionsOptions = {}): JobSettings {
  const settings: JobSettings = {
    ...defaultJobSettings,
    module,
    retry: { ...defaultJobSettings.retry, ...retry },
    stepRows: stepRows ?? defaultJobSettings.stepRows,
  };
  const numbers: [string, number, number][] = [
    ["retry.attempts", settings.retry.attempts, 1],
    ["retry.initialBackoffMs", settings.retry.initialBackoffMs, 0],
    ["retry.base", settings.retry.base, 1],
    ["stepRows", settings.stepRows, 1],
  ];
  for (const [name, value, least] of numbers) {
    if (typeof value === "number" && Number.isFinite(value) && value >= least) continue;
    throw new OrmError("INVALID_VALUE", `${name} must be a number, ${least} or more`, { path: `functions -> ${name}` });
  }
  return settings;
}
