import { planCount, type AggregateRange, type CountPlan } from "../planner/aggregate.js";
import { predicateText } from "../planner/describe.js";
import { hidesSoftDeleted } from "../planner/estimate.js";
import type { Explanation } from "../planner/explain.js";
import { deepFreeze, type Probe, type QueryPlan } from "../planner/plan.js";
import { planQuery } from "../planner/plan-query.js";
import type { TableInfo } from "../schema/catalog.js";
import type { Env } from "./env.js";
import { countPlan } from "./execute.js";
import { executionOf, type ReadRun } from "./run.js";
import type { Selection } from "./select.js";

/** Ranges of an aggregate that one count may ask for. */
const maxRanges = 64;
/** Documents that a range is taken to read at most, each by a query of its own; enough to ask the transaction first. */
const perRange = 80;

/** The two plans of a count that an aggregate answers. */
interface Counting {
  readonly count: CountPlan;
  /** The rows that the ranges hold beyond those asked for. */
  readonly minus: QueryPlan | null;
}

/** How an aggregate of the table counts a selection; null where rows must be read, or are at most as many. */
export function planAggregate(env: Env, { table, request, limits, plan }: Selection): Counting | null {
  if (env.ctx === undefined || table.rules.aggregates.length === 0) return null;
  const count = planCount(table, request.where, Math.min(maxRanges, limits.maxProbes));
  if (count === null) return null;
  if (plan.probes.length <= count.ranges.length && plan.probes.every((probe) => findsOne(table, probe))) return null;
  if (count.minus === null) return { count, minus: null };
  const minus = planQuery(env.catalog, { ...request, where: count.minus, allowFullScan: false });
  // Rows that hold -0 are few, but only where an index leads to them.
  const exact = minus.probes.every(({ residual }) => residual === null || hidesSoftDeleted(table, residual));
  return minus.scan === "bounded" && exact ? { count, minus } : null;
}

/** A probe that names a row at most reads less than any tree. */
function findsOne({ rules }: TableInfo, probe: Probe): boolean {
  if (probe.keys !== null) return false;
  if (probe.kind === "get") return true;
  const { index, eq } = probe;
  const pinned = eq.findIndex((value) => value === undefined || value === null);
  const length = pinned < 0 ? eq.length : pinned;
  return rules.unique.some((unique) => unique.index === index && unique.fields.length <= length);
}

/**
 * How many rows an aggregate says that a selection has; null where none can say.
 *
 * @throws OrmError `BUDGET`, before the transaction's documents run out.
 */
export async function countByAggregate(run: ReadRun, selection: Selection): Promise<number | null> {
  const { env } = run;
  const counting = planAggregate(env, selection);
  if (counting === null) return null;
  const { count, minus } = counting;
  if (count.ranges.length === 0) return 0;
  const { aggregate, single } = selection.table.rules.aggregates[count.nth]!;
  const { budget } = executionOf(run, selection.plan);
  const documents = perRange * count.ranges.length;
  await budget.start(documents, documents);
  if (budget.spare().documents < documents) throw await budget.outOf("documents");
  try {
    const counts = await aggregate.countBatch(
      env.ctx!,
      count.ranges.map(({ namespace, ...range }) => ({ namespace, bounds: boundsOf(range, single) })),
    );
    run.purse.pool.forgetCredit();
    const extra = minus === null ? 0 : await countPlan(executionOf(run, minus), minus);
    return counts.reduce((sum, each) => sum + each, -extra);
  } catch (error) {
    // Writes that others queued are not in it yet.
    if ((error as { data?: { code?: unknown } }).data?.code === "PENDING_OPERATIONS") return null;
    throw error;
  }
}

/** A range as the package writes it: a shorter key is below every key that it begins. */
export function boundsOf({ lower, upper }: Omit<AggregateRange, "namespace">, single: boolean): object {
  const bound = (key: AggregateRange["lower"], inclusive: boolean): object | undefined =>
    key === null ? undefined : { key: single ? key[0] : key, inclusive };
  return { lower: bound(lower, true), upper: bound(upper, false) };
}

/** Adds to an explanation how `count` answers the same filter. */
export function explainCount(env: Env, selection: Selection, explanation: Explanation): Explanation {
  const { table } = selection;
  if (table.rules.aggregates.length === 0) return explanation;
  const counting = planAggregate(env, selection);
  const count = counting?.count ?? null;
  return {
    ...explanation,
    plan: deepFreeze({ ...explanation.plan, count }),
    text: `${explanation.text}\ncount: ${count === null ? "reads the rows" : countText(selection, count)}`,
  };
}

function countText({ table }: Selection, { nth, ranges, minus }: CountPlan): string {
  const { key, namespace } = table.rules.aggregates[nth]!;
  const fields = key.length === 0 ? "all rows" : key.join(", ");
  const within = namespace === null ? "" : ` in ${namespace}`;
  const few = `${ranges.length} ${ranges.length === 1 ? "range" : "ranges"}`;
  return `aggregate ${nth} (${fields})${within}, ${few}${minus === null ? "" : `, less those with ${predicateText(minus)}`}`;
}
