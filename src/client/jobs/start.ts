import { createFunctionHandle, makeFunctionReference } from "convex/server";
import { convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";
import { OrmError } from "../errors.js";
import type { WriteEnv } from "../mutations/env.js";
import { callMutation } from "./component.js";
import type { WorkerArgs, WorkerResult, WorkerSettings } from "./worker.js";
import type { Item } from "./work.js";

/** What a job does, as `orm.jobs.get` shows it. */
export type JobKind = "cascade" | "delete" | "update" | "purge";

export interface NewJob {
  readonly kind: JobKind;
  readonly table: string;
  /** Rows that the statement has changed inline. */
  readonly rowsDone: number;
  readonly items: readonly Item[];
  readonly delayMs?: number;
  /** Acts on root rows under the policies of this session; referential actions and purges act as the system. */
  readonly asSession?: boolean;
}

/**
 * The handle of the host's worker.
 *
 * @throws OrmError `WORKER_MISSING` with the line to add.
 */
export async function workerHandle(module: string): Promise<string> {
  const worker = makeFunctionReference<"mutation">(`${module}:worker`);
  try {
    return await createFunctionHandle(worker);
  } catch (error) {
    throw workerMissing(module, error instanceof Error ? error.message : String(error));
  }
}

/**
 * Calls the worker with nothing to do. Not every runtime finds out when the handle is made that no such function is
 * exported, and a job whose steps all fail is a late way to hear of it. And the worker's module knows the options of
 * `orm.functions()`, even where the module that starts the job does not load it.
 */
async function askWorker(
  { ctx, jobs }: Pick<WriteEnv, "ctx" | "jobs">,
  { kind, table }: NewJob,
): Promise<WorkerSettings> {
  const worker = makeFunctionReference<"mutation", WorkerFunctionArgs, WorkerResult>(`${jobs.module}:worker`);
  const budget = { rows: 0, bytes: 0 };
  try {
    const answer = await ctx.runMutation(worker, {
      job: { id: "", kind, table, attempt: 0 },
      session: null,
      items: [],
      budget,
    });
    return answer.settings ?? jobs;
  } catch (error) {
    if (error instanceof Error && !("data" in error) && noFunction.test(error.message))
      throw workerMissing(jobs.module, error.message);
    throw error;
  }
}
type WorkerFunctionArgs = { -readonly [K in keyof WorkerArgs]: WorkerArgs[K] };
const noFunction = /could not find|no such export|not find module/i;

export function workerMissing(module: string, reason: string): OrmError {
  return new OrmError("WORKER_MISSING", `a job needs the worker that convex/${module}.ts should export: ${reason}`, {
    module,
    hint:
      `Add to convex/${module}.ts: \`export const { worker, hydrate } = orm.functions();\` ` +
      "(or name the module that exports it in `module` of `new Orm`).",
  });
}

/** Whom a job acts for. */
export type JobSession = { readonly system: true } | { readonly variables: Readonly<Record<string, Value>> };

export function readSession(text: string | null): JobSession {
  if (text === null) return { system: true };
  const read = JSON.parse(text) as { system: true } | { variables: JSONValue };
  return "system" in read ? { system: true } : { variables: jsonToConvex(read.variables) as Record<string, Value> };
}

/** The session as the text that a job carries: its variables, or that it is the system. */
export function sessionText(variables: Readonly<Record<string, Value | undefined>> | null): string {
  return JSON.stringify(
    variables === null ? { system: true } : { variables: convexToJson(withoutUndefined(variables)) },
  );
}

const withoutUndefined = (variables: Readonly<Record<string, Value | undefined>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value ?? null]));

/** Starts a job in this transaction; returns its id. */
export async function startJob(env: WriteEnv, job: NewJob): Promise<string> {
  const { module, stepBytes } = env.jobs;
  const handle = await workerHandle(module);
  const { retry, stepRows } = await askWorker(env, job);
  return await callMutation(env, (api) => api.jobs.start, {
    kind: job.kind,
    handle,
    table: job.table,
    rowsDone: job.rowsDone,
    items: job.items.map(({ work, holds }) => (holds === undefined ? { work } : { work, holds: [...holds] })),
    session: sessionText(job.asSession === true ? await env.session() : null),
    ...(job.delayMs === undefined ? {} : { delayMs: job.delayMs }),
    retry: { ...retry },
    stepRows,
    stepBytes,
  });
}
