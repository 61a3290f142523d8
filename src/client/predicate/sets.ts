import { typeOf, compare, prefixEnd, type Stored } from "./values.js";
import type { TypeName } from "../schema/catalog.js";
import type { Value } from "convex/values";

/**
 * A cut of Convex's value order: the point just before (`after: false`) or just after (`after: true`) a value.
 * Speaking of cuts instead of open and closed ends makes set algebra one comparison.
 */
export interface Cut {
  readonly value: Stored;
  readonly after: boolean;
}

/** The values between two cuts; null is the end of the order (below absent, above every object). */
export interface Interval {
  readonly lower: Cut | null;
  readonly upper: Cut | null;
}

/** Disjoint intervals in ascending order, no two of them touching. */
export type ValueSet = readonly Interval[];

export function compareCuts(a: Cut, b: Cut): number {
  const order = compare(a.value, b.value);
  return order !== 0 ? order : Number(a.after) - Number(b.after);
}
const compareLower = (a: Cut | null, b: Cut | null): number =>
  a === null ? (b === null ? 0 : -1) : b === null ? 1 : compareCuts(a, b);
const compareUpper = (a: Cut | null, b: Cut | null): number =>
  a === null ? (b === null ? 0 : 1) : b === null ? -1 : compareCuts(a, b);

export const below = (value: Stored): Cut => ({ value, after: false });
export const above = (value: Stored): Cut => ({ value, after: true });

export const emptySet: ValueSet = [];
/** Every value, absent included. */
export const everything: ValueSet = [{ lower: null, upper: null }];
/** What is neither absent nor null: where comparisons are known. */
export const present: ValueSet = [{ lower: above(null), upper: null }];
export const absentOrNull: ValueSet = [{ lower: null, upper: above(null) }];

const maxInt64 = 9223372036854775807n;
/** Where each type begins and ends in the order of `compareValues`. */
const brackets: Record<TypeName, Interval> = {
  null: { lower: below(null), upper: above(null) },
  int64: { lower: above(null), upper: above(maxInt64) },
  float64: { lower: above(maxInt64), upper: below(false) },
  boolean: { lower: below(false), upper: above(true) },
  string: { lower: below(""), upper: below(new ArrayBuffer(0)) },
  bytes: { lower: below(new ArrayBuffer(0)), upper: below([]) },
  array: { lower: below([]), upper: below({}) },
  object: { lower: below({}), upper: null },
};

export const point = (value: Stored): ValueSet => [{ lower: below(value), upper: above(value) }];
export const ofType = (type: TypeName): ValueSet => [brackets[type]];
export const bracketOf = (value: Value): Interval => brackets[typeOf(value)];

/** The values of the operand's own type above or below a cut. */
export const upFrom = (cut: Cut): ValueSet => interval(cut, bracketOf(cut.value as Value).upper);
export const downFrom = (cut: Cut): ValueSet => interval(bracketOf(cut.value as Value).lower, cut);

export function withPrefix(prefix: string): ValueSet {
  if (prefix === "") return ofType("string");
  const end = prefixEnd(prefix);
  return interval(below(prefix), end === null ? brackets.string.upper : below(end));
}

export function interval(lower: Cut | null, upper: Cut | null): ValueSet {
  return lower !== null && upper !== null && compareCuts(lower, upper) >= 0 ? emptySet : [{ lower, upper }];
}

export function isPoint(part: Interval): boolean {
  const { lower, upper } = part;
  return lower !== null && upper !== null && !lower.after && upper.after && compare(lower.value, upper.value) === 0;
}

export const allPoints = (set: ValueSet): boolean => set.every(isPoint);

export function contains(set: ValueSet, value: Stored): boolean {
  let low = 0;
  let high = set.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { upper } = set[middle]!;
    if (upper !== null && compareCuts(upper, below(value)) <= 0) low = middle + 1;
    else high = middle;
  }
  const part = set[low];
  return part !== undefined && (part.lower === null || compareCuts(part.lower, below(value)) <= 0);
}

export function intersect(a: ValueSet, b: ValueSet): ValueSet {
  if (a === everything) return b;
  if (b === everything) return a;
  const out: Interval[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const x = a[i]!;
    const y = b[j]!;
    const lower = compareLower(x.lower, y.lower) >= 0 ? x.lower : y.lower;
    const upper = compareUpper(x.upper, y.upper) <= 0 ? x.upper : y.upper;
    out.push(...interval(lower, upper));
    if (compareUpper(x.upper, y.upper) <= 0) i++;
    else j++;
  }
  return out;
}

/** The union of any intervals, in any order. */
export function unite(parts: readonly Interval[]): ValueSet {
  const sorted = [...parts].sort((x, y) => compareLower(x.lower, y.lower));
  const out: Interval[] = [];
  for (const part of sorted) {
    const last = out[out.length - 1];
    if (last === undefined) out.push(part);
    else if (last.upper === null || part.lower === null || compareCuts(part.lower, last.upper) <= 0) {
      if (compareUpper(part.upper, last.upper) > 0) out[out.length - 1] = { lower: last.lower, upper: part.upper };
    } else out.push(part);
  }
  return out;
}

export function complement(set: ValueSet): ValueSet {
  const out: Interval[] = [];
  let from: Cut | null = null;
  let open = true;
  for (const part of set) {
    if (part.lower !== null) out.push({ lower: from, upper: part.lower });
    from = part.upper;
    open = part.upper !== null;
  }
  if (open) out.push({ lower: from, upper: null });
  return out;
}

export const subtract = (a: ValueSet, b: ValueSet): ValueSet => intersect(a, complement(b));

export function isEverything(set: ValueSet): boolean {
  return set.length === 1 && set[0]!.lower === null && set[0]!.upper === null;
}

export function sameSet(a: ValueSet, b: ValueSet): boolean {
  return (
    a.length === b.length &&
    a.every((x, i) => compareLower(x.lower, b[i]!.lower) === 0 && compareUpper(x.upper, b[i]!.upper) === 0)
  );
}
