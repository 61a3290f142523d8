import { compare, readPath, type Stored } from "../predicate/values.js";
import type { OrderKey } from "../planner/plan.js";
import type { Document } from "./env.js";

export type Compare = (a: Document, b: Document) => number;

/** Compares rows by the first `depth` keys of an order. */
export function comparator(order: readonly OrderKey[], depth = order.length): Compare {
  const keys = order.slice(0, depth);
  return (a, b) => {
    for (const { field, direction } of keys) {
      const sign = compare(readPath(a, field), readPath(b, field));
      if (sign !== 0) return direction === "asc" ? sign : -sign;
    }
    return 0;
  };
}

export const valuesOf = (row: Document, fields: readonly string[]): Stored[] =>
  fields.map((field) => readPath(row, field));

/** The values of the first `depth` keys of an order. */
export const orderValues = (row: Document, order: readonly OrderKey[], depth = order.length): Stored[] =>
  order.slice(0, depth).map(({ field }) => readPath(row, field));

/** Compares two lists of order values, of the same length. */
export function compareValuesBy(order: readonly OrderKey[], a: readonly Stored[], b: readonly Stored[]): number {
  for (let i = 0; i < a.length; i++) {
    const sign = compare(a[i], b[i]);
    if (sign !== 0) return order[i]!.direction === "asc" ? sign : -sign;
  }
  return 0;
}

/** Where a row stands to a prefix of order values: before (negative), among those that begin with it (0), or after. */
export function compareToPrefix(row: Document, values: readonly Stored[], order: readonly OrderKey[]): number {
  for (let i = 0; i < values.length; i++) {
    const { field, direction } = order[i]!;
    const sign = compare(readPath(row, field), values[i]);
    if (sign !== 0) return direction === "asc" ? sign : -sign;
  }
  return 0;
}

/** How many leading values tell two rows apart: the shortest prefix of the first that the second does not share. */
export function separatingDepth(a: Document, b: Document, fields: readonly string[]): number {
  for (let i = 0; i < fields.length; i++) {
    if (compare(readPath(a, fields[i]!), readPath(b, fields[i]!)) !== 0) return i + 1;
  }
  return fields.length;
}
