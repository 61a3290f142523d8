import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import { internalMutation, type MutationCtx } from "./_generated/server.js";
import { removeItem } from "./frontier.js";

const JOBS_A_BATCH = 200;
const DOCUMENTS_A_BATCH = 1_000;

/**
 * Deletes a batch of the jobs that succeeded or were cancelled up to `until`, and schedules the rest. A job's document
 * goes first, so nothing can resume it; its items follow in batches of their own.
 */
export async function purgeBatch(ctx: MutationCtx, until: number): Promise<number> {
  let purged = 0;
  for (const status of ["succeeded", "cancelled"] as const) {
    if (purged === JOBS_A_BATCH) break;
    const jobs = await ctx.db
      .query("jobs")
      .withIndex("by_status_and_finishedAt", (q) => q.eq("status", status).lte("finishedAt", until))
      .take(JOBS_A_BATCH - purged);
    for (const job of jobs) {
      await ctx.db.delete("jobs", job._id);
      if (job.frontier > 0) {
        await ctx.scheduler.runAfter(0, internal.cleanup.sweep, { jobId: job._id, fromSeq: job.headSeq });
      }
    }
    purged += jobs.length;
  }
  if (purged === JOBS_A_BATCH) await ctx.scheduler.runAfter(0, internal.cleanup.purge, { until });
  return purged;
}

/** The scheduled rest of a purge. */
export const purge = internalMutation({
  args: { until: v.number() },
  returns: v.null(),
  handler: async (ctx, { until }) => {
    await purgeBatch(ctx, until);
    return null;
  },
});

/** Deletes the items of a purged job, and the keys that they held, a batch a transaction. */
export const sweep = internalMutation({
  args: { jobId: v.id("jobs"), fromSeq: v.number() },
  returns: v.null(),
  handler: async (ctx, { jobId, fromSeq }) => {
    let documents = 0;
    const items = ctx.db.query("items").withIndex("by_job_and_seq", (q) => q.eq("jobId", jobId).gte("seq", fromSeq));
    for await (const item of items) {
      if (documents >= DOCUMENTS_A_BATCH) {
        await ctx.scheduler.runAfter(0, internal.cleanup.sweep, { jobId, fromSeq: item.seq });
        return null;
      }
      await removeItem(ctx, item);
      documents += 1 + item.holds;
    }
    return null;
  },
});
