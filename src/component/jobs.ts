import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel.js";
import { mutation, query, type MutationCtx } from "./_generated/server.js";
import { purgeBatch } from "./cleanup.js";
import { componentError } from "./errors.js";
import { addItems, firstItemCap, removeItem } from "./frontier.js";
import { findJob, isActive, publicJob, requireJob, scheduleStep, unschedule } from "./jobState.js";
import { vJob, vJobStatus, vNewItem, vRetry } from "./validators.js";

const LIST_LIMIT = 100;
const LIST_MAX = 1_000;

/**
 * Starts a job: stores its frontier and schedules its first step, in the caller's transaction, so that a caller that
 * rolls back starts nothing. A job without items has succeeded at once.
 *
 * - `handle`: of the host's worker, from `createFunctionHandle`.
 * - `rowsDone`: rows that the caller's statement changed inline, already counted.
 * - `session`: text handed to every call of the worker.
 * - `delayMs`: until the first step; the job is `pending` so long. Default 0.
 * - `stepRows`, `stepBytes`: the budget that a step hands to the worker.
 *
 * @throws WORKER_MISSING, INVALID_VALUE
 */
export const start = mutation({
  args: {
    kind: v.string(),
    handle: v.string(),
    table: v.string(),
    rowsDone: v.number(),
    items: v.array(vNewItem),
    session: v.optional(v.string()),
    actor: v.optional(v.string()),
    delayMs: v.optional(v.number()),
    retry: vRetry,
    stepRows: v.number(),
    stepBytes: v.number(),
  },
  returns: v.string(),
  handler: async (ctx, { items, delayMs = 0, session, actor, ...args }) => {
    requireHandle(args.handle);
    requireNumbers(
      { "delayMs >= 0": delayMs, "rowsDone >= 0": args.rowsDone, "initialBackoffMs >= 0": args.retry.initialBackoffMs },
      0,
    );
    const { attempts, base } = args.retry;
    requireNumbers(
      {
        "attempts >= 1": attempts,
        "base >= 1": base,
        "stepRows >= 1": args.stepRows,
        "stepBytes >= 1": args.stepBytes,
      },
      1,
    );

    const generation = 0;
    const isEmpty = items.length === 0;
    const now = Date.now();
    const jobId = await ctx.db.insert("jobs", {
      ...args,
      session: session ?? null,
      actor: actor ?? null,
      status: isEmpty ? "succeeded" : "pending",
      ...(isEmpty && { startedAt: now, finishedAt: now }),
      frontier: items.length,
      steps: 0,
      attempts: 0,
      error: null,
      rowBudget: args.stepRows,
      itemCap: firstItemCap,
      generation,
      headSeq: 0,
      nextSeq: items.length,
    });
    await addItems(ctx, jobId, 0, items);
    if (!isEmpty) await ctx.db.patch("jobs", jobId, await scheduleStep(ctx, { _id: jobId, generation }, delayMs));
    return jobId;
  },
});

/** A job's state, one document; null when there is none of this id, or no longer. */
export const get = query({
  args: { id: v.string() },
  returns: v.union(vJob, v.null()),
  handler: async (ctx, { id }) => {
    const job = await findJob(ctx, id);
    return job === null ? null : publicJob(job);
  },
});

/**
 * Whether a call of the host's worker is a step of this component's: the job is active and acts under that session, and
 * each item is its own, with that very work. The worker asks, for whoever else may call it must not borrow the rights
 * of a job. Reads the job and the items once more.
 */
export const attest = query({
  args: {
    id: v.string(),
    session: v.union(v.string(), v.null()),
    items: v.array(v.object({ id: v.string(), work: v.string() })),
  },
  returns: v.boolean(),
  handler: async (ctx, { id, session, items }) => {
    const job = await findJob(ctx, id);
    if (job === null || !isActive(job) || job.session !== session) return false;
    const held = await Promise.all(
      items.map(async (item) => {
        const itemId = ctx.db.normalizeId("items", item.id);
        const stored = itemId === null ? null : await ctx.db.get("items", itemId);
        return stored !== null && stored.jobId === job._id && stored.work === item.work;
      }),
    );
    return held.every(Boolean);
  },
});

/** Jobs, newest first (finished ones of one status: last finished first). `limit` defaults to 100, at most 1,000. */
export const list = query({
  args: { status: v.optional(vJobStatus), limit: v.optional(v.number()) },
  returns: v.array(vJob),
  handler: async (ctx, { status, limit }) => {
    const jobs = ctx.db.query("jobs");
    const ordered =
      status === undefined
        ? jobs.order("desc")
        : jobs.withIndex("by_status_and_finishedAt", (q) => q.eq("status", status)).order("desc");
    const found = await ordered.take(Math.min(limit ?? LIST_LIMIT, LIST_MAX));
    return found.map(publicJob);
  },
});

/**
 * Stops a job between two steps; what remains stays in its frontier, its keys stay held, and `retry` goes on. A failed
 * job can be cancelled too, which gives it up to `purge`. One that has succeeded or is cancelled is left as it is.
 *
 * @throws NOT_FOUND
 */
export const cancel = mutation({
  args: { id: v.string() },
  returns: v.null(),
  handler: async (ctx, { id }) => {
    const job = await requireJob(ctx, id);
    if (!isActive(job) && job.status !== "failed") return null;
    await unschedule(ctx, job);
    await ctx.db.patch("jobs", job._id, {
      status: "cancelled",
      finishedAt: Date.now(),
      step: undefined,
      watchdog: undefined,
    });
    return null;
  },
});

/**
 * Resumes a failed or cancelled job where it stopped, with a fresh handle and all its attempts. Any other job is left
 * as it is: a second click does no harm.
 *
 * @throws NOT_FOUND, WORKER_MISSING
 */
export const retry = mutation({
  args: { id: v.string(), handle: v.string() },
  returns: v.null(),
  handler: async (ctx, { id, handle }) => {
    requireHandle(handle);
    const job = await requireJob(ctx, id);
    if (job.status !== "failed" && job.status !== "cancelled") return null;
    await ctx.db.patch("jobs", job._id, {
      status: "pending",
      handle,
      attempts: 0,
      error: null,
      finishedAt: undefined,
      ...(await scheduleStep(ctx, job, 0)),
    });
    return null;
  },
});

/**
 * Deletes jobs that succeeded or were cancelled at least `olderThanMs` ago (default 0: all of them), with what is left
 * of their frontiers. Failed jobs stay until they are retried or cancelled: their work is not lost unasked. Returns
 * how many jobs this call deleted; beyond a batch, the rest follows in scheduled calls.
 */
export const purge = mutation({
  args: { olderThanMs: v.optional(v.number()) },
  returns: v.number(),
  handler: (ctx, { olderThanMs = 0 }) => purgeBatch(ctx, Date.now() - olderThanMs),
});

/** Which of these natural keys unfinished items hold, in the order given. One document read a key that is taken. */
export const held = query({
  args: { keys: v.array(v.string()) },
  returns: v.array(v.string()),
  handler: async (ctx, { keys }) => {
    const holders = await Promise.all(
      keys.map((key) =>
        ctx.db
          .query("held")
          .withIndex("by_key", (q) => q.eq("key", key))
          .first(),
      ),
    );
    return keys.filter((_, i) => holders[i] !== null);
  },
});

/** How many items of one key {@link holding} answers with. */
const ITEMS_A_KEY = 16;

/** Unfinished items that hold these keys, the oldest 16 of each: what a host may have to take back. */
export const holding = query({
  args: { keys: v.array(v.string()) },
  returns: v.array(v.object({ id: v.string(), work: v.string() })),
  handler: async (ctx, { keys }) => {
    const held = await Promise.all(
      keys.map((key) =>
        ctx.db
          .query("held")
          .withIndex("by_key", (q) => q.eq("key", key))
          .take(ITEMS_A_KEY),
      ),
    );
    const ids = new Set(held.flat().map(({ itemId }) => itemId));
    const items = await Promise.all([...ids].map((id) => ctx.db.get("items", id)));
    return items.flatMap((item) => (item === null ? [] : [{ id: item._id, work: item.work }]));
  },
});

/**
 * Takes work back: an item becomes what it still has to do, or goes where that is null. An active job that has nothing
 * left has succeeded, and its schedule is cancelled. Items that are not there are passed over.
 */
export const takeBack = mutation({
  args: { items: v.array(v.object({ id: v.string(), work: v.union(v.string(), v.null()) })) },
  returns: v.null(),
  handler: async (ctx, { items }) => {
    for (const { id, work } of items) {
      const itemId = ctx.db.normalizeId("items", id);
      const item = itemId === null ? null : await ctx.db.get("items", itemId);
      if (item === null) continue;
      if (work === null) await dropItem(ctx, item);
      else await ctx.db.patch("items", item._id, { work });
    }
    return null;
  },
});

async function dropItem(ctx: MutationCtx, item: Doc<"items">): Promise<void> {
  await removeItem(ctx, item);
  const job = await ctx.db.get("jobs", item.jobId);
  if (job === null) return;
  const frontier = job.frontier - 1;
  if (frontier > 0 || !isActive(job)) return await ctx.db.patch("jobs", job._id, { frontier });
  await unschedule(ctx, job);
  const now = Date.now();
  await ctx.db.patch("jobs", job._id, {
    frontier,
    status: "succeeded",
    startedAt: job.startedAt ?? now,
    finishedAt: now,
    step: undefined,
    watchdog: undefined,
  });
}

function requireHandle(handle: string): void {
  if (handle.startsWith("function://")) return;
  throw componentError("WORKER_MISSING", "The handle of the worker is no function handle.", {
    hint: "Export `worker` from `orm.functions()` and pass `createFunctionHandle(internal.orm.worker)`.",
  });
}

/** Refuses NaN and what lies below `least`; the keys say the rule. */
function requireNumbers(rules: Record<string, number>, least: number): void {
  for (const [rule, value] of Object.entries(rules)) {
    if (value >= least && Number.isFinite(value)) continue;
    throw componentError("INVALID_VALUE", `A job needs ${rule}, not ${value}.`);
  }
}
