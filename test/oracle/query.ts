/**
 * The oracle's queries: filter everything, sort everything, cut. What a planner must be indistinguishable from.
 */
import { compareValues } from "convex/values";
import { evaluate, relatedRows, semantics, valueAt, visibleRows } from "./predicate.js";
import type { Row, Semantics, Where, World } from "./predicate.js";

export type Direction = "asc" | "desc";
/** One `{ field: direction }` a key, most significant first. */
export type Order = readonly { readonly [field: string]: Direction }[];

/** What is asked of related rows. */
export interface Load {
  readonly where?: Where;
  readonly orderBy?: Order;
  readonly limit?: number;
  readonly offset?: number;
  readonly columns?: { readonly [field: string]: true };
  readonly with?: Loads;
}
export interface Loads {
  readonly [relation: string]: true | Load;
}

/** One read of one table: a program of the differential tests. */
export interface Query extends Load {
  readonly table: string;
}

/** A row with its related rows under their relations' names. */
export type Shaped = { readonly [key: string]: unknown };

const keysOf = (order: Order): readonly (readonly [string, Direction])[] => order.flatMap((key) => Object.entries(key));

/** The contract's total order; null when nothing is asked, for then any order will do. */
export function comparator(order: Order | undefined): ((left: Row, right: Row) => number) | null {
  const keys = keysOf(order ?? []);
  const last = keys.at(-1);
  if (last === undefined) return null;
  const all = [...keys, ["_creationTime", last[1]], ["_id", last[1]]] as const;
  return (left, right) => {
    for (const [field, direction] of all) {
      const sign = compareValues(valueAt(left, field), valueAt(right, field));
      if (sign !== 0) return direction === "asc" ? sign : -sign;
    }
    return 0;
  };
}

/** Every visible row that satisfies `where`, sorted, not cut. Without an order: in storage order. */
export function matching(world: World, query: Query, meaning: Semantics = semantics): Row[] {
  const rows = visibleRows(world, query.table).filter(
    (row) => evaluate(world, query.table, query.where ?? {}, row, meaning) === true,
  );
  const compare = comparator(query.orderBy);
  return compare === null ? rows : rows.sort(compare);
}

const cut = (rows: readonly Row[], load: Load): readonly Row[] => {
  const offset = load.offset ?? 0;
  return rows.slice(offset, load.limit === undefined ? undefined : offset + load.limit);
};

function shape(world: World, table: string, row: Row, load: Load): Shaped {
  const shaped: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(row)) {
    if (value !== undefined && (load.columns === undefined || load.columns[field] === true)) shaped[field] = value;
  }
  for (const [name, asked] of Object.entries(load.with ?? {})) {
    const relation = world.tables[table]!.relations[name]!;
    const inner: Load = asked === true ? {} : asked;
    const related = relatedRows(world, table, name, row).filter(
      (other) => evaluate(world, relation.table, inner.where ?? {}, other) === true,
    );
    const compare = comparator(inner.orderBy);
    const sorted = compare === null ? related : [...related].sort(compare);
    const loaded = cut(sorted, inner).map((other) => shape(world, relation.table, other, inner));
    if (relation.kind === "one" && loaded.length > 1) throw new Error(`oracle: "${name}" is not unique`);
    shaped[name] = relation.kind === "one" ? (loaded[0] ?? null) : loaded;
  }
  return shaped;
}

/** The answer of `findMany`. */
export function findMany(world: World, query: Query): Shaped[] {
  return cut(matching(world, query), query).map((row) => shape(world, query.table, row, query));
}

/** The answer of `count`. */
export const count = (world: World, query: Query): number => matching(world, query).length;

/** The answer of `exists`. */
export const exists = (world: World, query: Query): boolean => matching(world, query).length > 0;

/** Page `index` (from 0) of a walk in pages of `size` rows. */
export function page(world: World, query: Query, size: number, index: number): Shaped[] {
  return matching(world, query)
    .slice(index * size, (index + 1) * size)
    .map((row) => shape(world, query.table, row, query));
}
