import {
  above,
  absentOrNull,
  bracketOf,
  compareCuts,
  isPoint,
  sameSet,
  type Interval,
  type ValueSet,
} from "../predicate/sets.js";
import type { ExistsPredicate, Predicate } from "../predicate/types.js";
import { typeBit, type Catalog, type FieldInfo, type TableInfo } from "../schema/catalog.js";

/** Convex keeps no statistics: every table is taken to have this many rows, and fields to be as their types suggest. */
export const assumedRows = 10_000;

/** The share of rows that one value of the field is taken to have. */
export function pointShare(table: TableInfo, field: string): number {
  if (field === "_id" || field === "_creationTime") return 1 / assumedRows;
  if (table.rules.unique.some((u) => u.fields.length === 1 && u.fields[0] === field)) return 1 / assumedRows;
  const info = table.field(field);
  if (info === null) return 1 / 100;
  if (info.idTable !== null) return 1 / 500;
  const literals = literalCount(info);
  if (literals !== null) return 1 / literals;
  return info.types === typeBit.boolean || info.types === (typeBit.boolean | typeBit.null) ? 1 / 2 : 1 / 100;
}

function literalCount(info: FieldInfo): number | null {
  let count = 0;
  for (const validator of info.validators) {
    const members = validator.kind === "union" ? validator.members : [validator];
    for (const member of members) {
      if (member.kind !== "literal" && member.kind !== "null") return null;
      count++;
    }
  }
  return count === 0 ? null : count;
}

const wide = 0.9;
const halfOpen = 0.3;
const closed = 0.1;

function intervalShare(part: Interval): number {
  const { lower, upper } = part;
  if (lower === null && upper === null) return 1;
  if (lower === null) return compareCuts(upper!, above(null)) <= 0 ? 0.1 : halfOpen;
  const anchor = lower.after && (lower.value === null || typeof lower.value === "bigint") ? null : lower;
  if (anchor === null) return upper === null ? wide : halfOpen;
  const bracket = lower.value === undefined ? null : bracketOf(lower.value);
  const fromStart = bracket?.lower != null && compareCuts(lower, bracket.lower) === 0;
  const toEnd =
    bracket !== null &&
    (upper === null ? bracket.upper === null : bracket.upper !== null && compareCuts(upper, bracket.upper) >= 0);
  return fromStart && toEnd ? wide : fromStart || toEnd ? halfOpen : closed;
}

/** The share of rows whose field lies in the set. */
export function setShare(table: TableInfo, field: string, set: ValueSet): number {
  if (set.length === 0) return 0;
  let points = 0;
  let open = 0;
  for (const part of set) {
    if (isPoint(part)) points += part.lower!.value == null ? 0.1 : pointShare(table, field);
    else open += intervalShare(part);
  }
  // The complement of a few points (ne, notIn) is nearly everything.
  if (set.length > 1 && open > 0 && set[set.length - 1]!.upper === null) return wide;
  return Math.min(1, points + Math.min(wide, open));
}

/** The literal that hides soft-deleted rows: it drops few of them. */
export function hidesSoftDeleted(table: TableInfo, predicate: Predicate): boolean {
  if (predicate.kind !== "field" || predicate.field !== table.rules.softDelete?.field) return false;
  return predicate.tests.length === 0 && sameSet(predicate.set, absentOrNull);
}

const shares = new WeakMap<Predicate, number>();

/** The share of rows that match a normalised predicate, its parts taken as independent. */
export function share(catalog: Catalog, table: TableInfo, predicate: Predicate): number {
  let known = shares.get(predicate);
  if (known === undefined) shares.set(predicate, (known = computeShare(catalog, table, predicate)));
  return known;
}

function computeShare(catalog: Catalog, table: TableInfo, predicate: Predicate): number {
  switch (predicate.kind) {
    case "const":
      return predicate.value === true ? 1 : 0;
    case "field": {
      // Rows that are not soft-deleted are nearly all.
      if (hidesSoftDeleted(table, predicate)) return wide;
      return (
        setShare(table, predicate.field, predicate.set) *
        predicate.tests.reduce((p, t) => p * (t.negated ? wide : 0.25), 1)
      );
    }
    case "exists": {
      const some = existsShare(catalog, predicate);
      return predicate.negated ? Math.max(1 - some, 1 - wide) : some;
    }
    case "and":
      return predicate.of.reduce((p, part) => p * share(catalog, table, part), 1);
    case "or":
      return 1 - predicate.of.reduce((p, part) => p * (1 - share(catalog, table, part)), 1);
    case "not":
      return 1 - share(catalog, table, predicate.of);
  }
}

/** The share of rows with some related row that passes: the target's of a to-one, that of any of its rows of a to-many. */
function existsShare(catalog: Catalog, { relation, where, junction }: ExistsPredicate): number {
  const target = catalog.tables[relation.target]!;
  let passes = share(catalog, target, where);
  if (relation.kind === "one") return Math.min(passes, wide);
  const [held, key] =
    relation.through === null
      ? [target, relation.to]
      : [catalog.tables[relation.through.table]!, relation.through.from];
  if (relation.through !== null) passes *= share(catalog, held, junction);
  return Math.min(1 - (1 - passes) ** rowsOfKey(held, key), 0.7);
}

/** Rows that one key is taken to have. */
function rowsOfKey(table: TableInfo, key: readonly string[]): number {
  return Math.max(1, assumedRows * key.reduce((p, field) => p * pointShare(table, field), 1));
}

/**
 * What testing the relation filters of a residual on so many rows is taken to read: a look-up for each distinct key,
 * answers being remembered, and a document for each.
 */
export function testReads(table: TableInfo, residual: Predicate | null, rows: number): number {
  if (residual === null) return 0;
  if (residual.kind === "and" || residual.kind === "or")
    return residual.of.reduce((n, part) => n + testReads(table, part, rows), 0);
  if (residual.kind !== "exists") return 0;
  return Math.min(rows, 1 / residual.relation.from.reduce((p, field) => p * pointShare(table, field), 1));
}
