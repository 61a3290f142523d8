import { OrmError } from "../errors.js";
import { forStatement, type Retry, type WriterEnv } from "../mutations/env.js";
import { flush } from "../mutations/flush.js";
import { judge } from "../mutations/judge.js";
import { tableOf } from "../mutations/statement.js";
import { takeByIds } from "./by-ids.js";
import { callQuery } from "./component.js";
import type { List } from "./listed.js";
import { outdated, readRoot, runRoot, type Root } from "./root.js";
import { Step, type ItemOutcome } from "./step.js";
import { changesOf, decodeWork, foreignKeyNamed, itemsOf, restOf, type Item, type PurgeWork } from "./work.js";

/** What the component calls the worker with. */
export interface WorkerArgs {
  readonly job: { readonly id: string; readonly kind: string; readonly table: string; readonly attempt: number };
  readonly session: string | null;
  readonly items: readonly { readonly id: string; readonly work: string }[];
  readonly budget: { readonly rows: number; readonly bytes: number };
}

/** What the worker answers; an item left out stays as it is. */
export interface WorkerResult {
  items: ItemOutcome[];
  added: Item[];
  rows: number;
  /** Answered to a call without items alone. */
  settings?: WorkerSettings;
}

/** What `orm.functions()` was given in the module of the worker, which a job's starter need not have loaded. */
export interface WorkerSettings {
  retry: Retry;
  stepRows: number;
}

/**
 * One step of a job: works its items within the budget, in one transaction that the component's bookkeeping is part of.
 * Everything is staged and judged before it is written; what is refused throws, which rolls the step back.
 */
export async function runWorker(base: WriterEnv, args: WorkerArgs): Promise<WorkerResult> {
  const { items, budget } = args;
  if (items.length === 0) {
    const { retry, stepRows } = base.jobs;
    return { items: [], added: [], rows: 0, settings: { retry: { ...retry }, stepRows } };
  }
  await attest(base, args);
  const env = forStatement(base);
  // A job goes on under the `stepRows` of its start; a smaller one may have been deployed since.
  const step = new Step(env, args.job, { ...budget, rows: Math.min(budget.rows, env.jobs.stepRows) });
  await step.meter.start();
  const roots: Root[] = [];
  const lists: List[] = [];
  const purges: { id: string; work: PurgeWork }[] = [];
  const given = new Map<string, number>();
  for (const { id, work: text } of items) {
    const work = decodeWork(text);
    if (work.kind === "root") roots.push(await readRoot(step, id, work));
    else if (work.kind === "rows") lists.push({ id, work });
    else if (work.kind === "purge") purges.push({ id, work });
    else {
      const foreignKey = foreignKeyNamed(env.catalog, work.foreignKey);
      if (foreignKey === null) throw outdated(`the foreign key ${work.foreignKey}`);
      const changes = changesOf(work);
      given.set(id, changes.length);
      step.fanout.add(id, foreignKey, work.event, changes);
    }
  }
  await step.fanOut();
  for (const { id, work } of purges) await runPurge(step, id, work);
  for (const root of roots) await runRoot(step, root, lists);
  if (purges.length + roots.length > 0) await step.fanOut();
  await judge(env, step.stage, step.fanout, step.meter, { isDoomed: step.doomed() });
  const rows = step.stage.writes;
  await flush(env, step.stage);
  for (const after of step.afterwards) await after();
  settleKeys(step, given);
  return { items: step.outcomes, added: step.added, rows };
}

/**
 * The work and the session are the caller's word, so the component is asked whether it is the caller: other code that
 * calls the worker gets nothing done that it may not do itself.
 *
 * @throws OrmError `POLICY_VIOLATION`
 */
async function attest(env: WriterEnv, { job, session, items }: WorkerArgs): Promise<void> {
  const call = { id: job.id, session, items: items.map(({ id, work }) => ({ id, work })) };
  if (await callQuery(env, (component) => component.jobs.attest, call)) return;
  throw new OrmError("POLICY_VIOLATION", "the worker was called by other code than the component's jobs", {
    path: "worker",
    hint: "Write through orm.with(ctx) or orm.system(ctx).",
  });
}

/** What is left of the frontier: items that go on, and new ones. */
function settleKeys(step: Step, given: ReadonlyMap<string, number>): void {
  const open = new Set<string>();
  for (const batch of step.fanout.rest()) {
    if (batch.item === null) {
      step.added.push(...itemsOf(batch));
      continue;
    }
    open.add(batch.item);
    if (batch.keys.length < given.get(batch.item)!)
      step.outcomes.push({ id: batch.item, done: false, ...restOf(batch) });
  }
  for (const id of given.keys()) if (!open.has(id)) step.outcomes.push({ id, done: true });
}

/** Deletes soft-deleted rows for real, actions included; those restored or deleted anew are left alone. */
async function runPurge(step: Step, id: string, work: PurgeWork): Promise<void> {
  const table = tableOf(step.env.catalog, work.table);
  const soft = table.rules.softDelete?.field;
  await takeByIds(step, table, { id, work }, (row) => {
    if (soft !== undefined && row[soft] === work.at) step.putRoot(table, row, null);
  });
}
