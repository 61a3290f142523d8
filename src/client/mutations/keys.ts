import type { Value } from "convex/values";
import { applyRange, intersectIntervals, intervalOf, splitRange, walkFrom } from "../executor/ranges.js";
import type { Database, Document } from "../executor/env.js";
import { keyText, readPath, type Stored } from "../predicate/values.js";
import type { ForeignKey, IndexInfo, TableInfo } from "../schema/catalog.js";
import { sameFields } from "../schema/indexes.js";
import { valuesAt, type Fields } from "./paths.js";

/** The values of a key, in the order of its fields; none is absent or null. */
export type Key = readonly Value[];

/**
 * The key that a row has under some fields, or null when a part is absent or null: such a row references nothing and
 * is referenced by nothing (MATCH SIMPLE), and collides with no other.
 */
export function keyOf(row: Fields, fields: readonly string[]): Key | null {
  const values = valuesAt(row, fields);
  return values.every((value) => value !== undefined && value !== null) ? (values as Value[]) : null;
}

/** A text that is equal exactly for equal keys. */
export const textOfKey = (key: readonly Stored[]): string =>
  key.length === 1 ? keyText(key[0]) : JSON.stringify(key.map(keyText));

export const sameKey = (a: readonly Stored[] | null, b: readonly Stored[] | null): boolean =>
  a === b || (a !== null && b !== null && textOfKey(a) === textOfKey(b));

/** How a foreign key is named in work items and errors: `posts.author`. */
export const nameOf = (key: ForeignKey): string => `${key.table}.${key.name}`;

export function indexNamed(table: TableInfo, name: string): IndexInfo {
  const index = table.indexes.find((each) => each.name === name);
  if (index === undefined) throw new Error(`table ${table.name} has no index ${name}`);
  return index;
}

/** The key's values in the order of an index that leads with its fields. */
function inIndexOrder(index: IndexInfo, fields: readonly string[], key: readonly Stored[]): Stored[] {
  return index.fields.slice(0, fields.length).map((field) => key[fields.indexOf(field)]);
}

/**
 * Up to `limit` rows that have the key under `fields`, by the index that leads with them, in its order; those after
 * the row `after`, when given. Reads what it returns, and one index range (a few for a resumed walk).
 */
export async function rowsWithKey(
  db: Database,
  table: TableInfo,
  index: IndexInfo,
  fields: readonly string[],
  key: readonly Stored[],
  limit: number,
  after: Document | null = null,
): Promise<Document[]> {
  const eq = inIndexOrder(index, fields, key);
  let interval = intervalOf({ eq, lower: null, upper: null });
  if (after !== null) {
    const rest = walkFrom(
      index.fields.map((field) => readPath(after, field)),
      true,
      "asc",
    );
    interval = intersectIntervals(interval, rest) ?? interval;
  }
  const found: Document[] = [];
  for (const range of splitRange(interval, "asc")) {
    if (found.length >= limit) break;
    const rows = db.query(table.name).withIndex(index.name, (q) => applyRange(q, index.fields, range));
    found.push(...(await rows.take(limit - found.length)));
  }
  return found;
}

/** The referencing rows of a key, as {@link rowsWithKey}. */
export const referencingRows = (
  db: Database,
  child: TableInfo,
  foreignKey: ForeignKey,
  key: Key,
  limit: number,
  after: Document | null = null,
): Promise<Document[]> =>
  rowsWithKey(db, child, indexNamed(child, foreignKey.index), foreignKey.fields, key, limit, after);

export const isIdKey = (fields: readonly string[]): boolean => fields.length === 1 && fields[0] === "_id";

/** Up to `limit` stored rows of the referenced table that have the key: more than one only where uniqueness is broken. */
export async function parentRows(
  db: Database,
  target: TableInfo,
  targetFields: readonly string[],
  key: readonly Stored[],
  limit: number,
): Promise<Document[]> {
  if (isIdKey(targetFields)) {
    const id = typeof key[0] === "string" ? db.normalizeId(target.name, key[0]) : null;
    const row = id === null ? null : await db.get(id);
    return row === null ? [] : [row];
  }
  const unique = target.rules.unique.find((each) => sameFields(each.fields, targetFields));
  if (unique === undefined) throw new Error(`${target.name} has no unique on ${targetFields.join(", ")}`);
  return rowsWithKey(db, target, indexNamed(target, unique.index), targetFields, key, limit);
}
