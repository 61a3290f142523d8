import type { Explanation } from "../planner/explain.js";

/** What `explain` returns: the frozen plan, its text, what is costly about it, and the indexes that would better it. */
export type { Explanation } from "../planner/explain.js";
export type { QueryPlan } from "../planner/plan.js";
export type { CountPlan } from "../planner/aggregate.js";

/** What one node of a plan read. */
export interface NodeReads {
  readonly node: string;
  readonly documentsRead: number;
  readonly databaseQueries: number;
}

/** What `analyze` returns: the explanation, and what running the query read. */
export interface Analysis extends Explanation {
  readonly rows: number;
  readonly documentsRead: number;
  readonly databaseQueries: number;
  readonly nodes: readonly NodeReads[];
}
