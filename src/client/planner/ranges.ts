import { isPoint, type Cut } from "../predicate/sets.js";
import { always, type Predicate } from "../predicate/types.js";
import type { Stored } from "../predicate/values.js";
import type { IndexInfo, TableInfo } from "../schema/catalog.js";
import { assumedRows, pointShare, setShare, share } from "./estimate.js";
import { deliveredBy } from "./order.js";
import { residualOf, type Conjunction, type Path, type Planning } from "./paths.js";
import type { KeySet, KeySlots, Probe } from "./plan.js";

/** Keys that a semi-join will supply for some fields of the root. */
export interface SuppliedKeys {
  readonly keySet: KeySet;
  /** Root fields that the parts of a key fill. */
  readonly fields: readonly string[];
  readonly expected: number;
  /** The relation filter that the keys settle. */
  readonly settles: Predicate;
}

interface Combo {
  readonly eq: readonly Stored[];
  readonly lower: Cut | null;
  readonly upper: Cut | null;
}

interface Walk {
  readonly combos: readonly Combo[];
  readonly absorbed: ReadonlySet<string>;
  readonly slots: readonly number[];
  readonly depth: number;
}

/**
 * The ranges of one index that cover a conjunction: the longest prefix of equalities, each field with several values
 * multiplying the ranges, then one field's intervals. A shorter walk is offered too wherever the next field multiplies
 * them, since fewer ranges may keep an order.
 */
function walkIndex(planning: Planning, index: IndexInfo, conjunction: Conjunction, keys: SuppliedKeys | null): Walk[] {
  const walks: Walk[] = [];
  let combos: readonly Combo[] = [{ eq: [], lower: null, upper: null }];
  const absorbed = new Set<string>();
  const slots: number[] = [];
  let depth = 0;
  const snapshot = (): void => {
    if (depth > 0) walks.push({ combos, absorbed: new Set(absorbed), slots: [...slots], depth });
  };
  for (const field of index.fields) {
    const part = keys?.fields.indexOf(field) ?? -1;
    if (part >= 0) {
      slots[part] = depth;
      // Null holds the place: an absent value is none that a plan could be sent with.
      combos = combos.map((c) => ({ ...c, eq: [...c.eq, null] }));
      depth++;
      continue;
    }
    const literal = conjunction.literals.get(field);
    if (
      literal === undefined ||
      (literal.set.length === 1 && literal.set[0]!.lower === null && literal.set[0]!.upper === null)
    )
      break;
    const { set } = literal;
    const count = combos.length * set.length;
    if (count > planning.request.limits.maxProbes) {
      noteExcess(planning, count, literal);
      break;
    }
    if (set.length > 1) snapshot();
    absorbed.add(field);
    depth++;
    const points = set.every(isPoint);
    combos = combos.flatMap((combo) =>
      set.map((range) =>
        isPoint(range)
          ? { eq: [...combo.eq, range.lower!.value], lower: null, upper: null }
          : { eq: combo.eq, lower: range.lower, upper: range.upper },
      ),
    );
    if (!points) break;
  }
  snapshot();
  return keys === null ? walks : walks.filter((walk) => keys.fields.every((_, part) => walk.slots[part] !== undefined));
}

export function noteExcess(planning: Planning, probes: number, cause: Predicate): void {
  const { excess } = planning;
  excess.probes = Math.max(excess.probes, probes);
  if (isUsers(cause)) excess.byWhere = true;
}

/** Whether the many ranges are the user's own wish: not where all that multiplies them stands in policies. */
function isUsers(cause: Predicate): boolean {
  if (cause.kind === "and") return cause.of.some(isUsers);
  if (cause.kind === "field") return cause.set.length > 1 && !ofPolicies(cause);
  return !ofPolicies(cause);
}

function ofPolicies(predicate: Predicate): boolean {
  if (predicate.kind === "field" || predicate.kind === "exists") return predicate.policies !== undefined;
  return (predicate.kind === "and" || predicate.kind === "or") && predicate.of.every(ofPolicies);
}

/** Every path through one index that bounds the scan. */
export function indexPaths(
  planning: Planning,
  index: IndexInfo,
  conjunction: Conjunction,
  keys: SuppliedKeys | null = null,
): Path[] {
  return walkIndex(planning, index, conjunction, keys).map((walk) => toPath(planning, index, conjunction, walk, keys));
}

function toPath(
  planning: Planning,
  index: IndexInfo,
  conjunction: Conjunction,
  walk: Walk,
  keys: SuppliedKeys | null,
): Path {
  const { catalog, table, order } = planning;
  const residual = residualOf(conjunction, walk.absorbed, keys?.settles ?? null);
  const { delivered: inSequence, direction } = deliveredBy(index.fields, conjunction.pinned, order);
  const each = walk.combos.every((combo) => {
    const pinned = new Set([...conjunction.pinned, ...index.fields.slice(0, combo.eq.length)]);
    return deliveredBy(index.fields, pinned, order).delivered === order.length;
  });
  const merged = each && inSequence < order.length;
  const probeDirection = merged
    ? deliveredBy(
        index.fields,
        new Set([...conjunction.pinned, ...index.fields.slice(0, walk.combos[0]!.eq.length)]),
        order,
      ).direction
    : direction;
  const slots: KeySlots | null = keys === null ? null : { set: 0, slots: walk.slots };
  const byId = index.name === "by_id";
  const probes = walk.combos.map((combo): Probe => {
    if (byId && combo.eq.length === 1) return { kind: "get", id: String(combo.eq[0] ?? ""), residual, keys: slots };
    return {
      kind: "range",
      index: index.name,
      fields: index.fields,
      direction: probeDirection,
      ...combo,
      residual,
      keys: slots,
    };
  });
  if (probeDirection === "desc" && !merged) probes.reverse();
  const expectedKeys = keys?.expected ?? 1;
  const rows = expectedRows(table, index, conjunction, walk, keys);
  const overhead = keys === null ? 0 : keys.keySet.plan.estimate.documents + keys.keySet.plan.estimate.queries;
  const left = residual === null ? 1 : share(catalog, table, residual);
  const gets = probes[0]!.kind === "get";
  return {
    key: `${keys === null ? "index" : `semi ${keys.keySet.relation}`}:${index.name}:${walk.depth}`,
    probes,
    keySets: keys === null ? [] : [keys.keySet],
    overlapping: false,
    bounded: true,
    // One row is in any order; the streams of several keys, one after another, are in none.
    inSequence: keys !== null ? 0 : gets && probes.length === 1 ? order.length : inSequence,
    each: gets || each,
    rows,
    yield: rows * left,
    queries: probes.length * expectedKeys,
    overhead,
    depth: walk.depth,
  };
}

function expectedRows(
  table: TableInfo,
  index: IndexInfo,
  conjunction: Conjunction,
  walk: Walk,
  keys: SuppliedKeys | null,
): number {
  const equal = new Set(index.fields.slice(0, Math.min(...walk.combos.map((c) => c.eq.length))));
  const unique = table.rules.unique.some((u) => u.fields.every((f) => equal.has(f)));
  const count = walk.combos.length * (keys?.expected ?? 1);
  if (unique || equal.has("_id")) return count;
  let rows = assumedRows;
  for (const field of walk.absorbed) rows *= setShare(table, field, conjunction.literals.get(field)!.set);
  if (keys !== null) rows *= keys.expected * keys.fields.reduce((p, f) => p * pointShare(table, f), 1);
  return Math.max(Math.min(1, count), rows);
}

/** A walk of a whole index: in an order that it delivers, or of the table as it was written. */
export function walkPath(planning: Planning, index: IndexInfo, conjunction: Conjunction): Path {
  const { delivered, direction } = deliveredBy(index.fields, conjunction.pinned, planning.order);
  const residual = conjunction.whole === always ? null : conjunction.whole;
  const left = residual === null ? 1 : share(planning.catalog, planning.table, residual);
  return {
    key: `walk:${index.name}`,
    probes: [
      {
        kind: "range",
        index: index.name,
        fields: index.fields,
        direction,
        eq: [],
        lower: null,
        upper: null,
        residual,
        keys: null,
      },
    ],
    keySets: [],
    overlapping: false,
    bounded: false,
    inSequence: delivered,
    each: delivered === planning.order.length,
    rows: assumedRows,
    yield: assumedRows * left,
    queries: 1,
    overhead: 0,
    depth: 0,
  };
}
