import type { IndexBounds, IndexKey } from "convex-helpers/server/stream";
import { above, below, point, type Cut, type ValueSet } from "../predicate/sets.js";
import { always, and, or, type Predicate } from "../predicate/types.js";

/**
 * The rows whose key lies within the bounds, as a predicate: the planner makes index ranges of it, whatever the plan.
 * A bound that is a prefix of the key speaks of every row with that prefix.
 */
export function within(fields: readonly string[], bounds: IndexBounds): Predicate {
  const { lowerBound, lowerBoundInclusive, upperBound, upperBoundInclusive } = bounds;
  return and(side(fields, lowerBound, lowerBoundInclusive, true), side(fields, upperBound, upperBoundInclusive, false));
}

function side(fields: readonly string[], key: IndexKey, inclusive: boolean, isLower: boolean): Predicate {
  if (key.length === 0) return always;
  const equal = (depth: number): Predicate[] =>
    key.slice(0, depth).map((value, i) => literal(fields[i]!, point(value)));
  const branches: Predicate[] = key.map((value, i) =>
    and(...equal(i), literal(fields[i]!, beyond(value, false, isLower))),
  );
  if (inclusive) branches.push(and(...equal(key.length)));
  // What all branches have in common bounds the scan where they are tested row by row.
  return and(literal(fields[0]!, beyond(key[0], true, isLower)), or(...branches));
}

function beyond(value: IndexKey[number], inclusive: boolean, isLower: boolean): ValueSet {
  const cut: Cut = inclusive === isLower ? below(value) : above(value);
  return [isLower ? { lower: cut, upper: null } : { lower: null, upper: cut }];
}

const literal = (field: string, set: ValueSet): Predicate => ({ kind: "field", field, set, tests: [], total: true });
