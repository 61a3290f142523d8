import { Budget } from "../executor/budget.js";
import { tablesOf } from "../executor/binding.js";
import type { Document } from "../executor/env.js";
import type { Execution, ReadCount } from "../executor/execution.js";
import { executionOf, type ReadRun } from "../executor/run.js";
import { betterIndex, type SearchPlan } from "./plan.js";
import { Results, truncated } from "./results.js";

/** What a search does when the platform's 1,024 results end it: give what there is, or refuse. */
export type OnTruncated = "return" | "throw";

/** The node under which `analyze` counts a search. */
export const searchNode = ({ search }: SearchPlan): string => `search ${search.index}`;

export const countOf = (run: ReadRun, plan: SearchPlan): ReadCount | null => run.reads?.count(searchNode(plan)) ?? null;

/** Everything that running a search needs; `skipped` results are read again for a page and do not count as scanned. */
export function searchExecution(run: ReadRun, plan: SearchPlan, skipped = 0): Execution {
  const { env, access } = run;
  const table = env.catalog.tables[plan.table]!;
  const suggestions = (): readonly string[] => {
    const better = betterIndex(table, plan);
    return better === null ? [] : [better];
  };
  const limits = { ...run.limits, maxScan: run.limits.maxScan + skipped };
  const hideFigures = tablesOf(plan).some((name) => access.isProtected(env.catalog.tables[name]!));
  const budget = new Budget({ env, limits, table: plan.table, hideFigures, suggestions, purse: run.purse });
  const execution = executionOf(run, plan, { budget, node: searchNode(plan) });
  return { ...execution, suggestions };
}

export interface SearchAnswer {
  readonly rows: Document[];
  /** The platform's 1,024 results ended before the rows that were asked for. */
  readonly truncated: boolean;
}

/**
 * The rows of a search in relevance order: `limit` of them after `offset`, or all.
 *
 * @throws OrmError `TOO_MANY_ROWS` without a limit past `maxRows`; `SCAN_LIMIT` past `maxScan`, and with `"throw"`
 * when the answer was cut short; `BUDGET`.
 */
export async function searchRows(run: ReadRun, plan: SearchPlan, onTruncated: OnTruncated): Promise<SearchAnswer> {
  const { limit, offset } = plan;
  if (limit === 0) return { rows: [], truncated: false };
  const execution = searchExecution(run, plan);
  const { maxRows } = run.limits;
  const need = offset + (limit ?? maxRows + 1);
  const most = plan.search.residual === null ? need : Infinity;
  const results = new Results(execution, plan, most, countOf(run, plan));
  const found = await results.take(need);
  results.close();
  const wanted = found.slice(offset);
  if (limit === null && wanted.length > maxRows) throw execution.budget.tooManyRows(wanted.length);
  const short = results.cut && found.length < need;
  if (short && onTruncated === "throw") throw truncated(plan);
  return { rows: wanted.map(({ row }) => row), truncated: short };
}
