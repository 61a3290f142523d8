import { isPoint } from "../predicate/sets.js";
import type { Predicate } from "../predicate/types.js";
import { compare, readPath, type Stored } from "../predicate/values.js";
import type { OrderKey, Probe, QueryPlan, RangeProbe } from "../planner/plan.js";
import type { Document } from "./env.js";
import type { Branch } from "./expand.js";
import { orderValues, valuesOf } from "./order.js";
import { intersectIntervals, walkFrom, walkUntil, type TupleInterval } from "./ranges.js";

/**
 * A place between two rows of a plan's stream.
 *
 * `order`: after every row whose first order keys equal `values`. It is a place in the order itself, whatever the plan.
 * `probe`: for plans without order, after every row of that probe whose index key begins with `values`; null is its
 * end. `key` tells apart the probes that a key set made of one.
 */
export type Position =
  | { readonly kind: "order"; readonly values: readonly Stored[] }
  | {
      readonly kind: "probe";
      readonly ordinal: number;
      readonly key: readonly Stored[] | null;
      readonly values: readonly Stored[] | null;
    };

export type OrderPosition = Extract<Position, { kind: "order" }>;
export type ProbePosition = Extract<Position, { kind: "probe" }>;

/** The part of a stream that is asked for; null is its start or end. */
export interface Span {
  readonly start: Position | null;
  readonly end: Position | null;
}

export const wholeSpan: Span = { start: null, end: null };

/** Fields that hold one value in every row of the probe: pinned by its equalities, or by its residual. */
function constantsOf(probe: RangeProbe): Map<string, Stored> {
  const constants = new Map<string, Stored>();
  const { residual } = probe;
  const parts: readonly Predicate[] = residual === null ? [] : residual.kind === "and" ? residual.of : [residual];
  for (const part of parts) {
    if (part.kind === "field" && part.set.length === 1 && isPoint(part.set[0]!))
      constants.set(part.field, part.set[0]!.lower!.value);
  }
  probe.eq.forEach((value, i) => constants.set(probe.fields[i]!, value));
  return constants;
}

/**
 * Where a row that a probe has read, matching or not, stands in the order of its stream: what the probe holds constant
 * it has in every row of the stream, whatever this row says.
 */
export function placeOf(probe: Probe, order: readonly OrderKey[], row: Document): Stored[] {
  if (probe.kind === "get") return orderValues(row, order);
  const constants = constantsOf(probe);
  return order.map(({ field }) => (constants.has(field) ? constants.get(field) : readPath(row, field)));
}

/** The place after a row at which a stream stopped, wherever the next one may be. */
export function placeAfter(plan: QueryPlan, row: Document, branch: Branch | undefined): Position {
  // Rows are sorted in whole groups of ties: the place is after the group.
  if (plan.sorting === "partial") return { kind: "order", values: orderValues(row, plan.order, plan.delivered) };
  if (plan.order.length > 0) return { kind: "order", values: placeOf(branch!.probe, plan.order, row) };
  const { ordinal, key, probe } = branch!;
  return { kind: "probe", ordinal, key, values: probe.kind === "get" ? null : valuesOf(row, probe.fields) };
}

interface ProbeCut {
  readonly values: readonly Stored[];
  readonly past: boolean;
  /** A constant of the probe differs from the prefix's value: its rows lie wholly on one side of what is left. */
  readonly decided: boolean;
}

/**
 * Translates a prefix of order values into the probe's own key. Order keys that are constant in the probe decide at
 * once when their value differs from the prefix's; the others follow the index fields, one by one.
 */
function cutInProbe(probe: RangeProbe, order: readonly OrderKey[], values: readonly Stored[]): ProbeCut {
  const constants = constantsOf(probe);
  const cut: Stored[] = [...probe.eq];
  let at = probe.eq.length;
  for (let i = 0; i < values.length; i++) {
    const { field, direction } = order[i]!;
    if (constants.has(field)) {
      const sign = compare(constants.get(field), values[i]);
      if (sign !== 0) return { values: cut, past: direction === "asc" ? sign < 0 : sign > 0, decided: true };
      continue;
    }
    while (at < probe.fields.length && constants.has(probe.fields[at]!)) cut.push(constants.get(probe.fields[at++]!));
    if (probe.fields[at] !== field)
      throw new Error(`the plan's probe of ${probe.index} does not deliver its order at ${field}`);
    cut.push(values[i]);
    at++;
  }
  return { values: cut, past: true, decided: false };
}

/**
 * The part of a probe's interval that lies in a span of an ordered stream; null when there is none. Deeper keys than
 * the probe delivers are judged row by row: a group of ties that the span cuts is read from its start to its end.
 */
export function orderedPart(
  probe: RangeProbe,
  whole: TupleInterval,
  order: readonly OrderKey[],
  delivered: number,
  start: OrderPosition | null,
  end: OrderPosition | null,
): TupleInterval | null {
  let part: TupleInterval | null = whole;
  if (start !== null) {
    const { values, past, decided } = cutInProbe(probe, order, start.values.slice(0, delivered));
    const cutsGroup = !decided && start.values.length > delivered;
    part = intersectIntervals(part, walkFrom(values, past && !cutsGroup, probe.direction));
  }
  if (end !== null && part !== null) {
    const { values, past } = cutInProbe(probe, order, end.values.slice(0, delivered));
    part = intersectIntervals(part, walkUntil(values, past, probe.direction));
  }
  return part;
}
