import { conjoin } from "../predicate/normalize.js";
import { always, type ExistsPredicate, type Predicate } from "../predicate/types.js";
import type { RelationInfo } from "../schema/catalog.js";

/** A relation through a junction, seen from the junction: its rows to their targets. */
export function junctionToTarget(relation: RelationInfo): RelationInfo {
  return {
    name: relation.name,
    table: relation.through!.table,
    kind: "one",
    target: relation.target,
    from: relation.through!.to,
    to: relation.to,
    through: null,
    where: null,
    targetUnique: relation.targetUnique,
  };
}

const known = new WeakMap<ExistsPredicate, Predicate>();

/**
 * What a junction row must pass for a filter through it: its own conditions, and some target that passes the filter.
 * The same object every time, for answers are remembered by it.
 */
export function junctionWhere(filter: ExistsPredicate): Predicate {
  let where = known.get(filter);
  if (where === undefined) known.set(filter, (where = makeJunctionWhere(filter)));
  return where;
}

function makeJunctionWhere(filter: ExistsPredicate): Predicate {
  const target: Predicate = {
    kind: "exists",
    relation: junctionToTarget(filter.relation),
    where: filter.where,
    junction: always,
    negated: false,
    unrestricted: filter.unrestricted,
  };
  return conjoin([filter.junction, target]);
}
