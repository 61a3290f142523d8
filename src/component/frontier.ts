import type { Doc, Id } from "./_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "./_generated/server.js";
import type { NewItem, WorkerResult } from "./validators.js";

/** Bounds of how many items a step loads; see {@link nextItemCap}. */
const MIN_ITEMS = 8;
const FIRST_ITEMS = 32;
const MAX_ITEMS = 256;

/** What settling a step did to the frontier: the job's counters move by it. */
export interface Settled {
  done: number;
  added: number;
  headSeq: number;
  nextSeq: number;
  itemCap: number;
}

export const firstItemCap = FIRST_ITEMS;

/** The items of a job's next step, oldest first, from where unfinished ones begin. */
export const nextItems = (ctx: QueryCtx, job: Doc<"jobs">): Promise<Doc<"items">[]> =>
  ctx.db
    .query("items")
    .withIndex("by_job_and_seq", (q) => q.eq("jobId", job._id).gte("seq", job.headSeq))
    .take(job.itemCap);

/** Appends items to a job's frontier, the first at `seq`. */
export async function addItems(ctx: MutationCtx, jobId: Id<"jobs">, seq: number, items: NewItem[]): Promise<void> {
  await Promise.all(
    items.map(async ({ work, holds }, i) => {
      const keys = new Set(holds);
      const itemId = await ctx.db.insert("items", { jobId, seq: seq + i, work, holds: keys.size });
      await Promise.all([...keys].map((key) => ctx.db.insert("held", { key, jobId, itemId })));
    }),
  );
}

/** Removes an item and the keys that it held. */
export async function removeItem(ctx: MutationCtx, item: Doc<"items">): Promise<void> {
  if (item.holds > 0) await setHolds(ctx, item, []);
  await ctx.db.delete("items", item._id);
}

/**
 * Books the worker's answer: finished items go, continued ones are rewritten, new ones are appended.
 *
 * @throws when the answer is not about the items given, or when nothing came of the step. The caller's transaction
 * then rolls back, the worker's writes included.
 */
export async function settle(
  ctx: MutationCtx,
  job: Doc<"jobs">,
  items: Doc<"items">[],
  answer: WorkerResult,
): Promise<Settled> {
  const given = new Map<string, Doc<"items">>(items.map((item) => [item._id, item]));
  const open = new Set(items.map((item) => item.seq));
  let [done, changed] = [0, 0];
  for (const { id, ...outcome } of answer.items) {
    const item = given.get(id);
    if (item === undefined) throw new Error(`the worker answered for item ${id}, which it was not given or gave twice`);
    given.delete(id);
    if (outcome.done) {
      await removeItem(ctx, item);
      open.delete(item.seq);
      done++;
    } else if (await rewriteItem(ctx, item, outcome)) {
      changed++;
    }
  }
  if (answer.rows === 0 && done === 0 && changed === 0) {
    throw new Error("no progress: the worker handled no row, finished no item and changed none");
  }
  await addItems(ctx, job._id, job.nextSeq, answer.added);
  const nextSeq = job.nextSeq + answer.added.length;
  const loadedUpTo = items.at(-1)?.seq ?? job.headSeq;
  return {
    done,
    added: answer.added.length,
    headSeq: open.size > 0 ? Math.min(...open) : loadedUpTo + 1,
    nextSeq,
    itemCap: nextItemCap(job.itemCap, items.length, answer.items.length),
  };
}

/**
 * How many items to load next: twice as many when the worker got through a full load, twice what it touched when it
 * left some. An item left alone was read for nothing, and one not loaded leaves the row budget unfilled.
 */
function nextItemCap(cap: number, loaded: number, touched: number): number {
  if (touched < loaded) return Math.min(Math.max(2 * touched, MIN_ITEMS), MAX_ITEMS);
  return loaded === cap ? Math.min(2 * cap, MAX_ITEMS) : cap;
}

/** True when the item is not what it was. */
async function rewriteItem(
  ctx: MutationCtx,
  item: Doc<"items">,
  { work, holds }: { work?: string; holds?: string[] },
): Promise<boolean> {
  const moved = holds !== undefined && (await setHolds(ctx, item, holds));
  const patch = {
    ...(work !== undefined && work !== item.work && { work }),
    ...(holds !== undefined && moved && { holds: new Set(holds).size }),
  };
  const changed = Object.keys(patch).length > 0;
  if (changed) await ctx.db.patch("items", item._id, patch);
  return changed;
}

/** Makes the keys that an item holds exactly these; false when they were. */
async function setHolds(ctx: MutationCtx, item: Doc<"items">, keys: string[]): Promise<boolean> {
  const missing = new Set(keys);
  const surplus: Id<"held">[] = [];
  if (item.holds > 0) {
    for await (const held of ctx.db.query("held").withIndex("by_item", (q) => q.eq("itemId", item._id))) {
      if (!missing.delete(held.key)) surplus.push(held._id);
    }
  }
  await Promise.all([
    ...surplus.map((id) => ctx.db.delete("held", id)),
    ...[...missing].map((key) => ctx.db.insert("held", { key, jobId: item.jobId, itemId: item._id })),
  ]);
  return surplus.length > 0 || missing.size > 0;
}
