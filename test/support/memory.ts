/** A data set as an in-memory database: rows get ids and creation times, as storing them would give. */
import { resolve, TABLE_NAMES } from "../oracle/arbitrary.js";
import type { DataSet } from "../oracle/arbitrary.js";
import type { Row, World } from "../oracle/predicate.js";
import { TABLES } from "./catalog.js";

const missing = (table: string): string => `${table}:none`;

export function inMemory(data: DataSet): { readonly world: World; readonly resolve: <T>(given: T) => T } {
  let clock = 1;
  const bare = Object.fromEntries(
    TABLE_NAMES.map((table) => [
      table,
      (data[table] ?? []).map((row, at): Row => ({ ...row, _id: `${table}:${at}`, _creationTime: clock++ })),
    ]),
  );
  const rows = resolve(bare, bare, missing);
  return { world: { tables: TABLES, rows }, resolve: (given) => resolve(given, rows, missing) };
}
