import { internal } from "./_generated/api.js";
import type { Doc, Id } from "./_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "./_generated/server.js";
import { componentError } from "./errors.js";
import type { Job } from "./validators.js";

/** How long after a step was due its watchdog looks: far beyond the one second that a step's code may take. */
export const WATCHDOG_MS = 60_000;

/**
 * The longest delay given to the scheduler at once, some 24 days; longer ones are waited for in stages. In-process
 * backends for tests schedule by JavaScript timers, which fire at once beyond 2 ** 31 - 1 ms: a purge in 30 days would
 * happen now.
 */
const MAX_DELAY_MS = 2 ** 31 - 1 - 2 * WATCHDOG_MS;

const MAX_BACKOFF_MS = 86_400_000;
const MAX_ERROR_CHARS = 1_000;

/** A job as hosts see it. */
export const publicJob = (job: Doc<"jobs">): Job => ({
  _id: job._id,
  kind: job.kind,
  status: job.status,
  rowsDone: job.rowsDone,
  frontier: job.frontier,
  steps: job.steps,
  attempts: job.attempts,
  error: job.error,
  createdAt: job._creationTime,
  ...(job.startedAt !== undefined && { startedAt: job.startedAt }),
  ...(job.finishedAt !== undefined && { finishedAt: job.finishedAt }),
});

/** The job of this id, or null: also for text that is no id of a job. */
export async function findJob(ctx: QueryCtx, id: string): Promise<Doc<"jobs"> | null> {
  const jobId = ctx.db.normalizeId("jobs", id);
  return jobId === null ? null : await ctx.db.get("jobs", jobId);
}

/** @throws NOT_FOUND */
export async function requireJob(ctx: QueryCtx, id: string): Promise<Doc<"jobs">> {
  const job = await findJob(ctx, id);
  if (job !== null) return job;
  throw componentError("NOT_FOUND", `There is no job ${id}.`, {
    hint: "It may have been purged; `jobs.list` shows those there are.",
  });
}

export const isActive = (job: Doc<"jobs">): boolean => job.status === "pending" || job.status === "running";

/** The job, if it still stands at this generation; null tells a step or watchdog that it is stale. */
export async function jobAt(ctx: QueryCtx, jobId: Id<"jobs">, generation: number): Promise<Doc<"jobs"> | null> {
  const job = await ctx.db.get("jobs", jobId);
  return job !== null && isActive(job) && job.generation === generation ? job : null;
}

/**
 * Schedules a job's next step and the watchdog that looks after it, under a generation of their own; the answer is to
 * be patched into the job. `dueAt` is set where the delay is too long for one timer.
 */
export async function scheduleStep(ctx: MutationCtx, job: { _id: Id<"jobs">; generation: number }, delayMs: number) {
  const generation = job.generation + 1;
  const turn = { jobId: job._id, generation };
  const delay = Math.min(delayMs, MAX_DELAY_MS);
  const [step, watchdog] = await Promise.all([
    ctx.scheduler.runAfter(delay, internal.driver.step, turn),
    ctx.scheduler.runAfter(delay + WATCHDOG_MS, internal.driver.watchdog, turn),
  ]);
  return { generation, step, watchdog, dueAt: delay < delayMs ? Date.now() + delayMs : undefined };
}

/** Cancels what is scheduled for a job and has not begun. What has begun finds a newer generation and stops. */
export async function unschedule(ctx: MutationCtx, job: Doc<"jobs">): Promise<void> {
  for (const id of [job.step, job.watchdog]) {
    if (id === undefined) continue;
    const scheduled = await ctx.db.system.get("_scheduled_functions", id);
    if (scheduled?.state.kind === "pending") await ctx.scheduler.cancel(id);
  }
}

/**
 * Counts a failed step: the next attempt waits by the backoff and gets half the rows, and the last one parks the job
 * as `failed`, its items kept.
 */
export async function noteFailure(ctx: MutationCtx, job: Doc<"jobs">, error: string): Promise<void> {
  const now = Date.now();
  const attempts = job.attempts + 1;
  const noted = {
    attempts,
    error: error.slice(0, MAX_ERROR_CHARS),
    startedAt: job.startedAt ?? now,
    rowBudget: Math.max(1, Math.floor(job.rowBudget / 2)),
  };
  if (attempts >= job.retry.attempts) {
    await ctx.db.patch("jobs", job._id, { ...noted, status: "failed", finishedAt: now });
    return;
  }
  const backoff = Math.min(job.retry.initialBackoffMs * job.retry.base ** job.attempts, MAX_BACKOFF_MS);
  const next = await scheduleStep(ctx, job, backoff);
  await ctx.db.patch("jobs", job._id, { ...noted, status: "running", ...next });
}

/** The text of anything thrown: `CODE: message` of a ConvexError that carries them, else the message. */
export function errorText(error: unknown): string {
  const data: unknown = typeof error === "object" && error !== null && "data" in error ? error.data : undefined;
  if (typeof data === "object" && data !== null && "code" in data && "message" in data) {
    return `${String(data.code)}: ${String(data.message)}`;
  }
  if (data !== undefined) return typeof data === "string" ? data : JSON.stringify(data);
  return error instanceof Error ? error.message : String(error);
}
