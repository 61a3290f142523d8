import { OrmError } from "../errors.js";
import type { Document } from "../executor/env.js";
import type { TableInfo, UniqueInfo } from "../schema/catalog.js";
import type { WriteDatabase } from "./env.js";
import { indexNamed, keyOf, rowsWithKey, sameKey, textOfKey, type Key } from "./keys.js";
import type { Fields } from "./paths.js";
import type { Stage } from "./stage.js";

export function uniqueViolation(table: TableInfo, unique: UniqueInfo, message?: string): OrmError {
  const fields = unique.fields.join(", ");
  return new OrmError(
    "UNIQUE_VIOLATION",
    message ?? `another row of "${table.name}" has this (${fields}): the unique "${unique.name}"`,
    {
      table: table.name,
      unique: unique.name,
      fields: [...unique.fields],
      path: `tables -> ${table.name} -> unique -> ${unique.name}`,
    },
  );
}

/** The stored row that holds a unique's key once the statement is done, other than `self`; null when it is free. */
export async function holderOf(
  db: WriteDatabase,
  stage: Stage,
  table: TableInfo,
  unique: UniqueInfo,
  key: Key,
  self: string | null,
): Promise<Document | null> {
  const index = indexNamed(table, unique.index);
  // A row that the statement deletes or moves away may stand before the one that matters.
  for (let limit = 2; ; limit *= 4) {
    const rows = await rowsWithKey(db, table, index, unique.fields, key, limit);
    for (const row of rows) {
      const now = stage.current(row);
      if (row._id !== self && now !== null && sameKey(keyOf(now, unique.fields), key)) return row;
    }
    if (rows.length < limit) return null;
  }
}

/** One row as the statement leaves it: `before` is null for an insert. */
export interface Changed {
  readonly table: TableInfo;
  readonly before: Document | null;
  readonly after: Fields;
}

/**
 * Judges the uniques of all rows of a statement, against the tables as it leaves them and against each other. Only
 * keys that change are looked up; absent and null never collide.
 *
 * @throws OrmError `UNIQUE_VIOLATION`, naming the unique and its fields.
 */
export async function checkUniques(db: WriteDatabase, stage: Stage, rows: readonly Changed[]): Promise<void> {
  const taken = new Map<UniqueInfo, Set<string>>();
  const lookups: (() => Promise<void>)[] = [];
  for (const { table, before, after } of rows) {
    for (const unique of table.rules.unique) {
      const key = keyOf(after, unique.fields);
      if (key === null) continue;
      if (before !== null && sameKey(keyOf(before, unique.fields), key)) continue;
      let keys = taken.get(unique);
      if (keys === undefined) taken.set(unique, (keys = new Set()));
      const text = textOfKey(key);
      if (keys.has(text))
        throw uniqueViolation(table, unique, `two rows of the statement have the same (${unique.fields.join(", ")})`);
      keys.add(text);
      lookups.push(async () => {
        if ((await holderOf(db, stage, table, unique, key, before?._id ?? null)) !== null)
          throw uniqueViolation(table, unique);
      });
    }
  }
  await inBatches(lookups, (look) => look());
}

const together = 16;

/**
 * Runs independent reads or writes as many at a time as the platform batches, in order. The first that fails is thrown
 * once the others of its batch are done: whoever catches it finds nothing still under way.
 */
export async function inBatches<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += together) {
    const batch = items.slice(at, at + together).map(run);
    await Promise.allSettled(batch);
    results.push(...(await Promise.all(batch)));
  }
  return results;
}
