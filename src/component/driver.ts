import type { FunctionHandle } from "convex/server";
import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import type { Doc } from "./_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "./_generated/server.js";
import { nextItems, settle, type Settled } from "./frontier.js";
import { errorText, jobAt, noteFailure, scheduleStep, WATCHDOG_MS } from "./jobState.js";
import type { WorkerArgs, WorkerResult } from "./validators.js";

const vTurn = { jobId: v.id("jobs"), generation: v.number() };

/**
 * What {@link step} keeps back of its transaction's budgets for noting a failure: a worker that runs out of them is
 * then an error that can be caught, since reads stay spent when a nested call rolls back.
 */
const RESERVE = { documentsRead: 64, bytesRead: 2 ** 20, databaseQueries: 32 };

/** One scheduled step of a job. A stale one does nothing. */
export const step = internalMutation({
  args: vTurn,
  returns: v.null(),
  handler: async (ctx, { jobId, generation }): Promise<null> => {
    const job = await jobAt(ctx, jobId, generation);
    if (job === null) return null;
    const early = (job.dueAt ?? 0) - Date.now();
    if (early > 0) {
      await ctx.db.patch("jobs", jobId, await scheduleStep(ctx, job, early));
      return null;
    }
    const { documentsRead, bytesRead, databaseQueries } = await ctx.meta.getTransactionMetrics();
    const transactionLimits = {
      documentsRead: documentsRead.remaining - RESERVE.documentsRead,
      bytesRead: bytesRead.remaining - RESERVE.bytesRead,
      databaseQueries: databaseQueries.remaining - RESERVE.databaseQueries,
    };
    try {
      await ctx.runMutation(internal.driver.attempt, { jobId, generation }, { transactionLimits });
    } catch (error) {
      await noteFailure(ctx, job, errorText(error));
    }
    return null;
  },
});

/**
 * The work of a step and its bookkeeping, as a transaction within the step's: whatever throws in here, the worker or
 * the component, takes all of it back and leaves the step to note the failure.
 */
export const attempt = internalMutation({
  args: vTurn,
  returns: v.null(),
  handler: async (ctx, { jobId, generation }): Promise<null> => {
    const job = await jobAt(ctx, jobId, generation);
    if (job === null) return null;
    const items = await nextItems(ctx, job);
    const answer = items.length === 0 ? { items: [], added: [], rows: 0 } : await callWorker(ctx, job, items);
    const settled = items.length === 0 ? null : await settle(ctx, job, items, answer);
    await advance(ctx, job, answer.rows, settled);
    return null;
  },
});

/**
 * Looks after one scheduled step. A step whose transaction died as a whole could note nothing: its job still stands at
 * the watchdog's generation, and the platform will not run it again, so the watchdog counts the lost attempt and
 * restarts it. A step that is only late is left to run, and looked after again.
 */
export const watchdog = internalMutation({
  args: vTurn,
  returns: v.null(),
  handler: async (ctx, { jobId, generation }): Promise<null> => {
    const job = await jobAt(ctx, jobId, generation);
    if (job === null) return null;
    const scheduled = job.step === undefined ? null : await ctx.db.system.get("_scheduled_functions", job.step);
    const state = scheduled?.state;
    if (state?.kind === "pending" || state?.kind === "inProgress") {
      await ctx.scheduler.runAfter(WATCHDOG_MS, internal.driver.watchdog, { jobId, generation });
      return null;
    }
    const reason =
      state?.kind === "failed" ? (state.error ?? "its transaction failed") : `it was ${state?.kind ?? "gone"}`;
    await noteFailure(ctx, job, `A step was lost: ${reason}`);
    return null;
  },
});

/** Calls the host's worker through its handle, in this transaction, and checks the shape of its answer. */
async function callWorker(ctx: MutationCtx, job: Doc<"jobs">, items: Doc<"items">[]): Promise<WorkerResult> {
  const share = job.rowBudget / job.stepRows;
  const worker = job.handle as FunctionHandle<"mutation", WorkerArgs, WorkerResult>;
  const answer = await ctx.runMutation(worker, {
    job: { id: job._id, kind: job.kind, table: job.table, attempt: job.attempts + 1 },
    session: job.session,
    items: items.map(({ _id, work }) => ({ id: _id, work })),
    budget: { rows: job.rowBudget, bytes: Math.max(1, Math.floor(job.stepBytes * share)) },
  });
  if (!Number.isInteger(answer.rows) || answer.rows < 0) throw new Error(`the worker counted ${answer.rows} rows`);
  return answer;
}

/** Moves the job on past a step that went well: to its end, or to the next step. */
async function advance(ctx: MutationCtx, job: Doc<"jobs">, rows: number, settled: Settled | null): Promise<void> {
  const now = Date.now();
  const frontier = settled === null ? 0 : job.frontier - settled.done + settled.added;
  const moved = {
    frontier,
    rowsDone: job.rowsDone + rows,
    steps: job.steps + 1,
    attempts: 0,
    error: null,
    startedAt: job.startedAt ?? now,
  };
  if (settled === null || frontier === 0) {
    await ctx.db.patch("jobs", job._id, { ...moved, status: "succeeded", finishedAt: now });
    return;
  }
  const { headSeq, nextSeq, itemCap } = settled;
  // Halved by a failure, restored in small shares: a bound that was too high once is not tried again at once.
  const rowBudget = Math.min(job.stepRows, job.rowBudget + Math.ceil(job.stepRows / 16));
  const next = await scheduleStep(ctx, job, 0);
  await ctx.db.patch("jobs", job._id, { ...moved, status: "running", headSeq, nextSeq, itemCap, rowBudget, ...next });
}
