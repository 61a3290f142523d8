import { above, below, compareCuts, complement, isPoint, type ValueSet } from "../predicate/sets.js";
import type { Predicate } from "../predicate/types.js";
import type { Stored } from "../predicate/values.js";

/** What a Convex filter is built with (`q` of `.filter(q => ...)`); expressions are opaque. */
export interface FilterBuilder {
  field(path: string): unknown;
  eq(left: unknown, right: unknown): unknown;
  neq(left: unknown, right: unknown): unknown;
  and(...parts: unknown[]): unknown;
  or(...parts: unknown[]): unknown;
}
export type NativeFilter = (q: FilterBuilder) => unknown;

/** More comparisons than this are no filter to send. */
const mostPoints = 64;

/**
 * The predicate as a Convex filter expression with exactly its meaning, or null when there is none. Only equalities and
 * their negations are taken: Convex's comparisons cross types, those of the ORM do not.
 */
export function nativeFilter(predicate: Predicate): NativeFilter | null {
  switch (predicate.kind) {
    case "field":
      return predicate.tests.length > 0 ? null : setFilter(predicate.field, predicate.set);
    case "and":
    case "or": {
      const parts = predicate.of.map(nativeFilter);
      if (parts.some((part) => part === null)) return null;
      const join = predicate.kind;
      return (q) => q[join](...parts.map((part) => part!(q)));
    }
    default:
      return null;
  }
}

function setFilter(field: string, set: ValueSet): NativeFilter | null {
  const points = pointsOf(set);
  if (points !== null)
    return (q) =>
      joined(
        points.map((value) => q.eq(q.field(field), value)),
        (of) => q.or(...of),
      );
  const missing = pointsOf(complement(set));
  if (missing !== null)
    return (q) =>
      joined(
        missing.map((value) => q.neq(q.field(field), value)),
        (of) => q.and(...of),
      );
  return null;
}

const joined = (parts: readonly unknown[], join: (of: readonly unknown[]) => unknown): unknown =>
  parts.length === 1 ? parts[0] : join(parts);

/** The values of a set of finitely many points; absent and null, being neighbours, may share an interval. */
function pointsOf(set: ValueSet): Stored[] | null {
  if (set.length === 0 || set.length > mostPoints) return null;
  const points: Stored[] = [];
  for (const part of set) {
    // Nothing lies below absent, nor between absent and null.
    const lower =
      part.lower === null
        ? below(undefined)
        : part.lower.value === undefined && part.lower.after
          ? below(null)
          : part.lower;
    const upper = part.upper !== null && part.upper.value === null && !part.upper.after ? above(undefined) : part.upper;
    if (isPoint({ lower, upper })) points.push(lower.value);
    else if (upper !== null && compareCuts(lower, below(undefined)) === 0 && compareCuts(upper, above(null)) === 0)
      points.push(undefined, null);
    else return null;
  }
  return points;
}
