import { complementOf, conjoin, disjoin } from "../predicate/normalize.js";
import {
  above,
  absentOrNull,
  below,
  isPoint,
  contains,
  point,
  sameSet,
  unite,
  type Cut,
  type Interval,
  type ValueSet,
} from "../predicate/sets.js";
import { always, never, type FieldPredicate, type Predicate } from "../predicate/types.js";
import { typeOf } from "../predicate/values.js";
import type { AggregateInfo } from "../schema/aggregates.js";
import type { TableInfo } from "../schema/catalog.js";
import type { Value } from "convex/values";

/**
 * One contiguous range of an aggregate's keys, in one namespace (undefined where it has none): from the first key that
 * begins with `lower` or comes after that, to the last key before `upper`; null is no end.
 */
export interface AggregateRange {
  readonly namespace: Value | undefined;
  readonly lower: readonly Value[] | null;
  readonly upper: readonly Value[] | null;
}

/** How an aggregate counts the rows of a predicate: the sum of disjoint ranges, less the rows that `minus` matches. */
export interface CountPlan {
  /** Its place among the table's aggregates. */
  readonly nth: number;
  readonly ranges: readonly AggregateRange[];
  /** Rows that the ranges hold and the predicate does not: an aggregate takes -0 for 0. */
  readonly minus: Predicate | null;
}

/** Steps that taking a filter apart may need; one that needs more is no sum of a few ranges. */
const maxSteps = 256;

/**
 * The ranges of the table's aggregates that hold exactly the rows of a predicate, policies and visibility included;
 * null when none does. The aggregate with the fewest ranges wins, the first among equals.
 */
export function planCount(table: TableInfo, where: Predicate, maxRanges: number): CountPlan | null {
  if (table.rules.aggregates.every(({ answers }) => !answers)) return null;
  const wide = withBothZeros(where);
  const boxes: Box[] = [];
  if (!takeApart(wide, boxes, { left: maxSteps })) return null;
  let best: CountPlan | null = null;
  for (const [nth, aggregate] of table.rules.aggregates.entries()) {
    const ranges: AggregateRange[] = [];
    if (!aggregate.answers || !boxes.every((box) => addRanges(table, aggregate, box, ranges, maxRanges))) continue;
    if (best !== null && best.ranges.length <= ranges.length) continue;
    const minus = beyond(where, wide);
    best = { nth, ranges, minus: minus === never ? null : minus };
  }
  return best;
}

/** A product of value sets, by field. */
type Box = ReadonlyMap<string, ValueSet>;

/** Writes a predicate as disjoint boxes; false when it holds what no set says, or is too intricate. */
function takeApart(where: Predicate, boxes: Box[], steps: { left: number }): boolean {
  if (--steps.left < 0) return false;
  if (where.kind === "const") {
    if (where === always) boxes.push(new Map());
    return true;
  }
  const parts = where.kind === "and" ? where.of : [where];
  const disjunction = parts.find((part) => part.kind === "or");
  if (disjunction === undefined) {
    if (!parts.every((part): part is FieldPredicate => part.kind === "field" && part.tests.length === 0)) return false;
    boxes.push(new Map(parts.map(({ field, set }) => [field, set])));
    return true;
  }
  const others = parts.filter((part) => part !== disjunction);
  const before: Predicate[] = [];
  return disjunction.of.every((branch) => {
    // A row belongs to the first branch that it matches.
    const apart = before.filter((earlier) => conjoin([earlier, branch]) !== never);
    before.push(branch);
    return takeApart(conjoin([...others, branch, ...apart.map(complementOf)]), boxes, steps);
  });
}

/** Adds the ranges of one box: every field that it names must be the namespace's or part of the key, in order. */
function addRanges(
  table: TableInfo,
  aggregate: AggregateInfo,
  box: Box,
  ranges: AggregateRange[],
  maxRanges: number,
): boolean {
  const left = new Map(box);
  const soft = table.rules.softDelete?.field;
  if (soft !== undefined) {
    // The aggregate holds rows that are not soft-deleted.
    const set = left.get(soft);
    if (set === undefined || !sameSet(set, absentOrNull)) return false;
    left.delete(soft);
  }
  let namespaces: (Value | undefined)[] = [undefined];
  if (aggregate.namespace !== null) {
    const set = left.get(aggregate.namespace);
    if (set === undefined) return false;
    // Convex compares namespaces itself, and tells absent from null.
    const points = set.map(namespacesOf);
    if (points.some(({ length }) => length === 0)) return false;
    namespaces = points.flat();
    left.delete(aggregate.namespace);
  }
  let prefixes: readonly (readonly Value[])[] = [[]];
  let intervals: readonly Interval[] = [];
  for (const field of aggregate.key) {
    const set = left.get(field);
    if (set === undefined) break;
    left.delete(field);
    const points = set.map(pointOf);
    if (points.every((point) => point !== undefined)) {
      if (prefixes.length * points.length > maxRanges) return false;
      prefixes = prefixes.flatMap((prefix) => points.map((point) => [...prefix, point]));
    } else {
      intervals = set;
      break;
    }
  }
  if (left.size > 0 || ranges.length + namespaces.length * prefixes.length * Math.max(1, intervals.length) > maxRanges)
    return false;
  for (const namespace of namespaces) {
    for (const prefix of prefixes) {
      for (const part of intervals.length === 0 ? [unbounded] : intervals) {
        const range = rangeOf(namespace, prefix, part);
        if (range === null) return false;
        ranges.push(range);
      }
    }
  }
  return true;
}

const unbounded: Interval = { lower: null, upper: null };

/** The few namespaces that the interval stands for. */
function namespacesOf(part: Interval): (Value | undefined)[] {
  if (sameSet([part], absentOrNull)) return [undefined, null];
  if (sameSet([part], zeros)) return [-0, 0];
  return isPoint(part) ? [part.lower!.value] : [];
}

/** The single value of an aggregate's key that the interval stands for; undefined when there are others, or may be. */
function pointOf(part: Interval): Value | undefined {
  if (sameSet([part], absentOrNull)) return null;
  if (sameSet([part], zeros)) return 0;
  if (!isPoint(part)) return undefined;
  const value = part.lower!.value;
  return value === undefined || after(value) === undefined ? undefined : value;
}

function rangeOf(
  namespace: Value | undefined,
  prefix: readonly Value[],
  { lower, upper }: Interval,
): AggregateRange | null {
  const low = lower === null ? null : keyAt(lower);
  const high = upper === null ? null : keyAt(upper);
  if (low === undefined || high === undefined) return null;
  // No value is the greatest of all: what begins with a prefix ends before the next prefix.
  const next = prefix.length === 0 ? null : [...prefix.slice(0, -1), after(prefix.at(-1)!)!];
  return {
    namespace,
    lower: low !== null ? [...prefix, low] : prefix.length === 0 ? null : prefix,
    upper: high !== null ? [...prefix, high] : next,
  };
}

/**
 * The least value above a cut; undefined where an aggregate's order is not Convex's there. It compares strings by
 * UTF-16, which is the order of UTF-8 up to the surrogates.
 */
function keyAt({ value, after: past }: Cut): Value | undefined {
  if (value === undefined || (value === null && !past)) return undefined;
  if (typeof value === "string" && /[\uD800-\uFFFF]/.test(value)) return undefined;
  if (past) return after(value);
  // Arrays and objects begin with the empty one; there is no telling how others compare.
  const type = typeOf(value);
  return (type === "array" || type === "object") && Object.keys(value as object).length > 0 ? undefined : value;
}

/** The value that follows in Convex's order; undefined for arrays and objects. */
function after(value: Value): Value | undefined {
  switch (typeOf(value)) {
    case "null":
      return leastInt64;
    case "int64":
      return value === greatestInt64 ? -Infinity : (value as bigint) + 1n;
    case "float64":
      return nextUp(value as number);
    case "boolean":
      return value === true ? "" : true;
    case "string":
      return `${value as string}\0`;
    case "bytes": {
      const bytes = new Uint8Array((value as ArrayBuffer).byteLength + 1);
      bytes.set(new Uint8Array(value as ArrayBuffer));
      return bytes.buffer;
    }
    default:
      return undefined;
  }
}

const leastInt64 = -(2n ** 63n);
const greatestInt64 = 2n ** 63n - 1n;

/** NaN follows infinity, and false follows NaN. */
function nextUp(value: number): Value {
  if (Number.isNaN(value)) return false;
  if (value === Infinity) return NaN;
  if (value === 0) return Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? 1n : -1n));
  return view.getFloat64(0);
}

const zeros: ValueSet = [{ lower: below(-0), upper: above(0) }];

/** The predicate with -0 wherever it has 0, and the other way round: what an aggregate can tell apart. */
function withBothZeros(where: Predicate): Predicate {
  if (where.kind === "and" || where.kind === "or") {
    const of = where.of.map(withBothZeros);
    return of.every((part, i) => part === where.of[i]) ? where : { ...where, of };
  }
  if (where.kind !== "field" || !where.set.some(({ lower, upper }) => splits(lower) || splits(upper))) return where;
  return { ...where, set: unite([...where.set, ...zeros]) };
}

/** The rows that the widened predicate matches and the predicate itself does not. */
function beyond(where: Predicate, wide: Predicate): Predicate {
  if (where === wide) return never;
  if (where.kind === "field")
    return { ...where, set: [-0, 0].filter((zero) => !contains(where.set, zero)).flatMap(point) };
  if ((where.kind !== "and" && where.kind !== "or") || wide.kind !== where.kind) return never;
  const each = where.of.map((part, i) => beyond(part, wide.of[i]!));
  if (where.kind === "or") return conjoin([disjoin(each), complementOf(where)]);
  return disjoin(each.map((part, i) => conjoin([part, ...wide.of.filter((_, other) => other !== i)])));
}

/** The cut lies between -0 and 0. */
const splits = (cut: Cut | null): boolean => cut !== null && Object.is(cut.value, cut.after ? -0 : 0);
