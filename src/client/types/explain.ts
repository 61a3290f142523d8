/** A planner's plan as explain shows it: frozen, of plain data. */
export interface QueryPlan {
  readonly [part: string]: unknown;
}

/** What `explain` returns. */
export interface Explanation {
  /** The frozen plan that the executor would run. */
  readonly plan: QueryPlan;
  /** The plan as a stable tree of lines. */
  readonly text: string;
  /** What is costly about this plan, in words. */
  readonly warnings: readonly string[];
  /** The exact `.index(...)` calls that would remove a scan, a sort or a residual. */
  readonly suggestions: readonly string[];
}

/** What one node of a plan read. */
export interface NodeReads {
  readonly node: string;
  readonly documentsRead: number;
  readonly databaseQueries: number;
  readonly rows: number;
}

/** What `analyze` returns: the explanation, and what running the query read. */
export interface Analysis extends Explanation {
  readonly rows: number;
  readonly documentsRead: number;
  readonly databaseQueries: number;
  readonly nodes: readonly NodeReads[];
}
