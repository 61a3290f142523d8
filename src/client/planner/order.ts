import { OrmError } from "../errors.js";
import { describe } from "../predicate/parse.js";
import { isPlainObject } from "../predicate/values.js";
import type { TableInfo } from "../schema/catalog.js";
import type { Direction, OrderKey } from "./plan.js";

/**
 * Reads `orderBy`: a list of objects of one key each, or one such object. Throws `INVALID_ORDER`; an object of several
 * keys is refused because Convex may reorder keys in transit.
 */
export function parseOrder(table: TableInfo, orderBy: unknown, path = "orderBy"): OrderKey[] {
  if (orderBy === undefined) return [];
  const fail = (message: string, hint: string): never => {
    throw new OrmError("INVALID_ORDER", message, { table: table.name, path, hint });
  };
  const keys: OrderKey[] = [];
  for (const item of Array.isArray(orderBy) ? orderBy : [orderBy]) {
    const entries = isPlainObject(item) ? Object.entries(item) : null;
    if (entries === null || entries.length !== 1) {
      return fail(
        entries === null
          ? `an order key is an object such as { title: "asc" }, not ${describe(item)}`
          : `an order key names one field, not ${entries.length}`,
        'Write a list of one-key objects: [{ a: "desc" }, { b: "asc" }].',
      );
    }
    const [field, direction] = entries[0]!;
    if (table.field(field) === null)
      return fail(`"${field}" is no field of "${table.name}"`, "Check the spelling against the schema.");
    if (direction !== "asc" && direction !== "desc")
      return fail(`the direction of "${field}" is ${describe(direction)}`, 'Write "asc" or "desc".');
    if (!keys.some((key) => key.field === field)) keys.push({ field, direction });
  }
  return keys;
}

/**
 * The whole order: ties end in `_creationTime`, then `_id`, in the last key's direction. Keys after `_id` decide nothing.
 */
export function completeOrder(keys: readonly OrderKey[]): readonly OrderKey[] {
  if (keys.length === 0) return [];
  const out: OrderKey[] = [];
  const { direction } = keys[keys.length - 1]!;
  for (const key of [...keys, { field: "_creationTime", direction }, { field: "_id", direction }]) {
    if (!out.some((k) => k.field === key.field)) out.push(key);
    if (key.field === "_id") break;
  }
  return out;
}

/**
 * How many leading keys of the order an index delivers, read in which direction. Fields that equality pins are constant
 * in every row, so they neither help nor hinder.
 */
export function deliveredBy(
  fields: readonly string[],
  pinned: ReadonlySet<string>,
  order: readonly OrderKey[],
): { readonly delivered: number; readonly direction: Direction } {
  let at = 0;
  let direction: Direction | null = null;
  const skipPinned = (): void => {
    while (at < order.length && pinned.has(order[at]!.field)) at++;
  };
  skipPinned();
  for (const field of fields) {
    if (pinned.has(field)) continue;
    const key = order[at];
    if (key === undefined || key.field !== field || (direction !== null && direction !== key.direction)) break;
    direction = key.direction;
    at++;
    skipPinned();
  }
  return { delivered: at, direction: direction ?? order[order.length - 1]?.direction ?? "asc" };
}
