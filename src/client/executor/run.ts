import type { Access } from "../predicate/access.js";
import { suggestIndexes } from "../planner/advise.js";
import type { Limits } from "../planner/limits.js";
import type { QueryPlan } from "../planner/plan.js";
import { Budget } from "./budget.js";
import { Documents } from "./documents.js";
import type { Document, Env } from "./env.js";
import { emptyTrace, totalReads, type Execution, type ReadCount, type Trace } from "./execution.js";
import { existsProbe, Memo } from "./exists.js";
import { Purse } from "./purse.js";
import { tablesOf } from "./binding.js";

/** What one user-level read shares with everything that it causes: relation filters and loads below it. */
export interface ReadRun {
  readonly env: Env;
  readonly access: Access;
  readonly limits: Limits;
  readonly documents: Documents;
  readonly memo: Memo;
  readonly purse: Purse;
  /** What each node of the relations read, when that is wanted (`analyze`). */
  readonly reads: Reads | null;
}

/** Figures by the place that caused them: `with -> posts -> comments`. */
export class Reads {
  readonly counts = new Map<string, ReadCount>();
  readonly traces: { readonly node: string; readonly trace: Trace }[] = [];

  count(node: string): ReadCount {
    let count = this.counts.get(node);
    if (count === undefined) this.counts.set(node, (count = { documents: 0, queries: 0 }));
    return count;
  }

  /** Everything read so far, node by node. */
  total(): ReadonlyMap<string, ReadCount> {
    for (const { node, trace } of this.traces.splice(0)) {
      const { documents, queries } = totalReads(trace);
      const count = this.count(node);
      count.documents += documents;
      count.queries += queries;
    }
    return this.counts;
  }
}

export function startRun(env: Env, access: Access, limits: Limits, reads: Reads | null = null): ReadRun {
  return { env, access, limits, documents: new Documents(env), memo: new Memo(), purse: new Purse(env), reads };
}

export interface ExecutionOptions {
  /** Default: the run's. */
  readonly limits?: Limits;
  /** Shares another plan's budget: a relation filter spends that of the query that asks it. */
  readonly budget?: Budget;
  /** The place of a relation's plan, under which its reads are noted. */
  readonly node?: string;
}

/** The indexes that the advisor would add for a plan, as `.index(...)` lines. */
export function suggestionsFor(env: Pick<Env, "catalog">, plan: QueryPlan): readonly string[] {
  return suggestIndexes(env.catalog.tables[plan.table]!, plan).map((suggestion) => suggestion.text);
}

/** Everything that executing one plan of the run needs. */
export function executionOf(run: ReadRun, plan: QueryPlan, options: ExecutionOptions = {}): Execution {
  const { env, access } = run;
  const limits = options.limits ?? run.limits;
  const suggestions = (): readonly string[] => suggestionsFor(env, plan);
  // What relation filters read of protected tables is counted too.
  const hideFigures = tablesOf(plan).some((table) => access.isProtected(env.catalog.tables[table]!));
  const budget =
    options.budget ?? new Budget({ env, limits, table: plan.table, hideFigures, suggestions, purse: run.purse });
  const trace = run.reads === null ? null : emptyTrace(plan);
  if (trace !== null && options.node !== undefined) run.reads!.traces.push({ node: options.node, trace });
  const count: ReadCount | null = trace?.filters ?? null;
  const note = (row: Document): void => run.documents.note([row]);
  return { env, access, limits, budget, exists: existsProbe(run, budget, count), note, trace, suggestions };
}
