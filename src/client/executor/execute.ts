import type { QueryPlan } from "../planner/plan.js";
import type { Document } from "./env.js";
import type { Execution } from "./execution.js";
import { open, type Opening } from "./open.js";
import { wholeSpan } from "./position.js";

const lazily = (need: number | null): Opening => ({ span: wholeSpan, need, stop: null, eager: false });

/**
 * The rows of a plan: `limit` of them after `offset`, or all.
 *
 * @throws OrmError `TOO_MANY_ROWS` without a limit past `maxRows`; `SCAN_LIMIT`, `SORT_UNBOUNDED`, `BUDGET`.
 * @throws TooManyKeys when a key set outgrows `maxProbes`; plan again with `semiJoins: false`.
 */
export async function executePlan(execution: Execution, plan: QueryPlan): Promise<Document[]> {
  const { limit, offset } = plan;
  if (limit === 0) return [];
  const rows = limit === null ? await allRows(execution, plan) : await firstRows(execution, plan, offset + limit);
  const wanted = offset === 0 ? rows : rows.slice(offset);
  if (execution.trace !== null) execution.trace.rows = wanted.length;
  return wanted;
}

async function firstRows(execution: Execution, plan: QueryPlan, need: number): Promise<Document[]> {
  const { stream } = await open(execution, plan, lazily(need));
  const rows: Document[] = [];
  while (rows.length < need) {
    const row = await stream.next();
    if (row === null) return rows;
    rows.push(row);
  }
  stream.close();
  return rows;
}

async function allRows(execution: Execution, plan: QueryPlan): Promise<Document[]> {
  const most = plan.offset + execution.limits.maxRows;
  const found = (_row: Document, rows: number): void => {
    if (rows > most) throw execution.budget.tooManyRows(rows - plan.offset);
  };
  const { stream } = await open(execution, plan, { ...lazily(null), eager: true, found });
  const rows: Document[] = [];
  for (let row = await stream.next(); row !== null; row = await stream.next()) rows.push(row);
  return rows;
}

/**
 * How many rows match, within the plan's limit and offset if it has any. Bounded by `maxScan`, not by `maxRows`.
 *
 * @throws OrmError `SCAN_LIMIT`, `BUDGET`. @throws TooManyKeys as {@link executePlan}.
 */
export async function countPlan(execution: Execution, plan: QueryPlan): Promise<number> {
  if (plan.limit !== null) return (await executePlan(execution, plan)).length;
  let count = 0;
  const found = (_row: Document, rows: number): void => {
    count = rows;
  };
  await open(execution, { ...plan, order: [], sorting: "any" }, { ...lazily(null), eager: true, found });
  count = Math.max(0, count - plan.offset);
  if (execution.trace !== null) execution.trace.rows = count;
  return count;
}

/** Whether some row matches; stops at the first. @throws as {@link executePlan}. */
export async function existsPlan(execution: Execution, plan: QueryPlan): Promise<boolean> {
  if (plan.limit === 0) return false;
  const unordered: QueryPlan = plan.order.length === 0 ? plan : { ...plan, order: [], sorting: "any" };
  return (await firstRows(execution, unordered, plan.offset + 1)).length > plan.offset;
}

/**
 * The rows one at a time, read as they are asked for: leaving the loop early reads no more. Bounded by the plan's
 * limit and by `maxScan`, not by `maxRows`.
 *
 * @throws as {@link executePlan}, from the step that meets the bound.
 */
export async function* streamPlan(execution: Execution, plan: QueryPlan): AsyncGenerator<Document, void, undefined> {
  const { limit, offset } = plan;
  if (limit === 0) return;
  const { stream } = await open(execution, plan, lazily(limit === null ? null : offset + limit));
  try {
    for (let nth = 0; limit === null || nth < offset + limit; nth++) {
      const row = await stream.next();
      if (row === null) return;
      if (nth >= offset) yield row;
    }
  } finally {
    stream.close();
  }
}
