import { compareCuts, type Cut } from "../predicate/sets.js";
import { compare, type Stored } from "../predicate/values.js";
import type { Direction, RangeProbe } from "../planner/plan.js";
import type { RangeBuilder } from "./env.js";

/**
 * A cut of an index's key space, tuples ordered field by field: just before or just after all keys that begin with
 * `values`.
 */
export interface TupleCut {
  readonly values: readonly Stored[];
  readonly after: boolean;
}

/** The keys between two cuts; null is an end of the index. */
export interface TupleInterval {
  readonly lower: TupleCut | null;
  readonly upper: TupleCut | null;
}

/** What one Convex index range can say: equalities, then bounds of the next field. */
export interface Range {
  readonly eq: readonly Stored[];
  readonly lower: Cut | null;
  readonly upper: Cut | null;
}

export function compareTupleCuts(a: TupleCut, b: TupleCut): number {
  const shared = Math.min(a.values.length, b.values.length);
  for (let i = 0; i < shared; i++) {
    const order = compare(a.values[i], b.values[i]);
    if (order !== 0) return order;
  }
  if (a.values.length === b.values.length) return Number(a.after) - Number(b.after);
  // The shorter prefix stands for all keys below it: its cut lies outside them.
  return a.values.length < b.values.length ? (a.after ? 1 : -1) : b.after ? -1 : 1;
}

/** The interval of keys that a probe covers. */
export function intervalOf(probe: Pick<RangeProbe, "eq" | "lower" | "upper">): TupleInterval {
  const { eq, lower, upper } = probe;
  const pinned = eq.length > 0;
  return {
    lower:
      lower !== null
        ? { values: [...eq, lower.value], after: lower.after }
        : pinned
          ? { values: eq, after: false }
          : null,
    upper:
      upper !== null
        ? { values: [...eq, upper.value], after: upper.after }
        : pinned
          ? { values: eq, after: true }
          : null,
  };
}

/** The common part of two intervals, or null when there is none. */
export function intersectIntervals(a: TupleInterval, b: TupleInterval): TupleInterval | null {
  const lower =
    a.lower === null ? b.lower : b.lower === null || compareTupleCuts(a.lower, b.lower) >= 0 ? a.lower : b.lower;
  const upper =
    a.upper === null ? b.upper : b.upper === null || compareTupleCuts(a.upper, b.upper) <= 0 ? a.upper : b.upper;
  return lower !== null && upper !== null && compareTupleCuts(lower, upper) >= 0 ? null : { lower, upper };
}

/** Keys that a walk in `direction` meets after the cut `past` the given prefix (or from its first key on). */
export function walkFrom(values: readonly Stored[], past: boolean, direction: Direction): TupleInterval {
  return direction === "asc"
    ? { lower: { values, after: past }, upper: null }
    : { lower: null, upper: { values, after: !past } };
}

/** Keys that a walk in `direction` meets before that cut. */
export function walkUntil(values: readonly Stored[], past: boolean, direction: Direction): TupleInterval {
  return direction === "asc"
    ? { lower: null, upper: { values, after: past } }
    : { lower: { values, after: !past }, upper: null };
}

/**
 * The interval as Convex index ranges, in the order of a walk in `direction`: one where the cuts differ in a single
 * field, else the tail under the lower cut, the middle, and the head under the upper cut, deepest prefix outermost.
 */
export function splitRange({ lower, upper }: TupleInterval, direction: Direction): Range[] {
  const low = lower?.values ?? [];
  const high = upper?.values ?? [];
  let shared = 0;
  while (shared < low.length && shared < high.length && compare(low[shared], high[shared]) === 0) shared++;
  const ranges: Range[] = [];
  for (let i = low.length - 1; i > shared; i--) {
    ranges.push({
      eq: low.slice(0, i),
      lower: { value: low[i], after: i < low.length - 1 || lower!.after },
      upper: null,
    });
  }
  const middle: Range = {
    eq: low.slice(0, shared),
    lower: low.length > shared ? { value: low[shared], after: low.length > shared + 1 || lower!.after } : null,
    upper: high.length > shared ? { value: high[shared], after: high.length === shared + 1 && upper!.after } : null,
  };
  if (middle.lower === null || middle.upper === null || compareCuts(middle.lower, middle.upper) < 0)
    ranges.push(middle);
  for (let i = shared + 1; i < high.length; i++) {
    ranges.push({
      eq: high.slice(0, i),
      lower: null,
      upper: { value: high[i], after: i === high.length - 1 && upper!.after },
    });
  }
  const useful = ranges.filter(mayHoldKeys).map(withoutIdleBound);
  return direction === "asc" ? useful : useful.reverse();
}

/** Nothing lies below an absent field. */
const mayHoldKeys = ({ upper }: Range): boolean => upper === null || upper.after || upper.value !== undefined;
const withoutIdleBound = (range: Range): Range =>
  range.lower !== null && !range.lower.after && range.lower.value === undefined ? { ...range, lower: null } : range;

/** Says the range to Convex. `eq(f, undefined)` matches absent fields, and absent sorts below everything. */
export function applyRange(q: RangeBuilder, fields: readonly string[], range: Range): RangeBuilder {
  let builder = q;
  range.eq.forEach((value, i) => (builder = builder.eq(fields[i]!, value)));
  const field = fields[range.eq.length];
  if (range.lower !== null)
    builder = range.lower.after ? builder.gt(field!, range.lower.value) : builder.gte(field!, range.lower.value);
  if (range.upper !== null)
    builder = range.upper.after ? builder.lte(field!, range.upper.value) : builder.lt(field!, range.upper.value);
  return builder;
}
