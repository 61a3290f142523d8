import type { ExistsPredicate, Predicate } from "../predicate/types.js";
import { pointShare } from "./estimate.js";
import { junctionWhere } from "./junction.js";
import type { Conjunction, Path, Planning } from "./paths.js";
import type { KeySet, QueryPlan } from "./plan.js";
import { indexPaths } from "./ranges.js";

/**
 * A key set is taken to be no larger than this: who filters by a relation means to choose. When the run finds more keys
 * than `maxProbes`, the query is planned again without semi-joins.
 */
const assumedKeys = 20;

/**
 * Paths that drive from the related side: the related rows that pass the filter are read through an index of theirs,
 * and their keys become ranges of the root. Only where the related side is itself bounded.
 */
export function semiJoinPaths(planning: Planning, conjunction: Conjunction): Path[] {
  const paths: Path[] = [];
  for (const filter of conjunction.exists) {
    if (filter.negated) continue;
    const source = keySource(planning, filter);
    if (source === null) continue;
    const { keySet, expected } = source;
    const keys = { keySet, fields: filter.relation.from, expected, settles: filter };
    for (const index of planning.table.indexes) paths.push(...indexPaths(planning, index, conjunction, keys));
  }
  return paths;
}

function keySource(planning: Planning, filter: ExistsPredicate): { keySet: KeySet; expected: number } | null {
  const { relation } = filter;
  const name = `${relation.table}.${relation.name}`;
  if (relation.through === null) {
    return related(planning, relation.target, filter.where, name, relation.to);
  }
  return related(planning, relation.through.table, junctionWhere(filter), name, relation.through.from);
}

function related(
  planning: Planning,
  table: string,
  where: Predicate,
  relation: string,
  columns: readonly string[],
): { keySet: KeySet; expected: number } | null {
  const { limits } = planning.request;
  const plan: QueryPlan = planning.planRelated({
    table,
    where,
    order: [],
    limit: null,
    offset: 0,
    paged: false,
    allowFullScan: false,
    limits: { ...limits, maxProbes: Math.min(limits.maxProbes, limits.relationKeys) },
  });
  if (plan.refusal !== null || plan.scan !== "bounded")
    return plan.combine === "none" ? { keySet: { relation, plan, columns }, expected: 0 } : null;
  const info = planning.catalog.tables[table]!;
  // Rows that share a key make one: no more keys than the columns are taken to have values.
  const distinct = 1 / columns.reduce((p, column) => p * pointShare(info, column), 1);
  const expected = Math.max(1, Math.min(plan.estimate.rows, distinct, assumedKeys));
  return { keySet: { relation, plan, columns }, expected };
}
