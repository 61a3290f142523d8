import type { Access } from "../predicate/access.js";
import type { ExistsProbe } from "../predicate/evaluate.js";
import type { Limits } from "../planner/limits.js";
import type { QueryPlan } from "../planner/plan.js";
import type { Budget } from "./budget.js";
import type { Document, Env } from "./env.js";

/** What was read: documents consumed, and index ranges opened or ids looked up (`databaseQueries`). */
export interface ReadCount {
  documents: number;
  queries: number;
}

/** What one run of a plan read, node by node; the sum equals the growth of the transaction's metrics. */
export interface Trace {
  /** One for each of `plan.probes`; a template's count holds those of all its keys. */
  readonly probes: ReadCount[];
  /** One for each of `plan.keySets`. */
  readonly keySets: Trace[];
  /** Relation filters tested row by row; counted by whoever answers them. */
  readonly filters: ReadCount;
  /** Rows delivered. */
  rows: number;
}

/** Everything that running one plan needs. */
export interface Execution {
  readonly env: Env;
  readonly access: Access;
  /** The guardrails with this query's overrides. */
  readonly limits: Limits;
  /** Counts what the query reads; shared by its relation filters. */
  readonly budget: Budget;
  /** Answers the relation filters that are left as residuals. */
  readonly exists: ExistsProbe;
  /** Told of the whole rows that key sets read, so that a relation load need not get them again. */
  readonly note?: (row: Document) => void;
  /** Filled when given: for `analyze`. */
  readonly trace: Trace | null;
  /** The advisor's indexes for this query, asked only when an error needs them. */
  readonly suggestions: () => readonly string[];
}

export function emptyTrace(plan: QueryPlan): Trace {
  return {
    probes: plan.probes.map(() => ({ documents: 0, queries: 0 })),
    keySets: plan.keySets.map((set) => emptyTrace(set.plan)),
    filters: { documents: 0, queries: 0 },
    rows: 0,
  };
}

/** All that a trace counts. */
export function totalReads(trace: Trace): ReadCount {
  const total = { documents: trace.filters.documents, queries: trace.filters.queries };
  for (const part of [...trace.probes, ...trace.keySets.map(totalReads)]) {
    total.documents += part.documents;
    total.queries += part.queries;
  }
  return total;
}

/**
 * A key set turned out to need more probes than allowed. Not for users: the caller plans again with
 * `semiJoins: false`, so that the relation filter is tested row by row.
 */
export class TooManyKeys extends Error {
  override name = "TooManyKeys";
  constructor(
    readonly relation: string,
    readonly allowed: number,
  ) {
    super(`the relation filter ${relation} has more than ${allowed} keys`);
  }
}
