import { OrmError } from "../errors.js";
import type { Document } from "../executor/env.js";
import { encodeWork, idsPerItem, type Item } from "../jobs/work.js";
import { startJob } from "../jobs/start.js";
import type { TableInfo } from "../schema/catalog.js";
import type { WriteEnv } from "./env.js";
import { emptyOf } from "./values.js";

/** The field that marks soft-deleted rows. @throws OrmError `INVALID_SCHEMA` where the table has none. */
export function softField(table: TableInfo): string {
  if (table.rules.softDelete !== null) return table.rules.softDelete.field;
  throw new OrmError("INVALID_SCHEMA", `"${table.name}" has no soft delete, so there is nothing to restore`, {
    table: table.name,
    path: `tables -> ${table.name} -> deletion`,
    hint: `Declare tables.${table.name}.deletion: { soft: "deletedAt" }.`,
  });
}

export const markDeleted = (table: TableInfo, row: Document, at: number): Document => ({ ...row, [softField(table)]: at });

export function unmark(table: TableInfo, row: Document): Document {
  const field = softField(table);
  const empty = emptyOf(table, field);
  const { [field]: _mark, ...rest } = row;
  return { ...(empty === undefined ? rest : { ...rest, [field]: empty }), _id: row._id, _creationTime: row._creationTime };
}

/**
 * Starts the job that will delete soft-deleted rows for real; null where the table's rule purges nothing. It takes
 * rows that are still marked with this time: restored ones, and those deleted anew, are not its own.
 */
export async function startPurge(env: WriteEnv, table: TableInfo, rows: readonly Document[], at: number): Promise<string | null> {
  const delayMs = table.rules.softDelete?.purgeAfterMs ?? null;
  if (delayMs === null || rows.length === 0) return null;
  const items: Item[] = [];
  for (let from = 0; from < rows.length; from += idsPerItem) {
    const ids = rows.slice(from, from + idsPerItem).map((row) => row._id);
    items.push({ work: encodeWork({ kind: "purge", table: table.name, at, ids }) });
  }
  return startJob(env, { kind: "purge", table: table.name, rowsDone: 0, items, delayMs });
}
