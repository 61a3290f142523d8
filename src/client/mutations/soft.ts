import { OrmError } from "../errors.js";
import type { Document } from "../executor/env.js";
import { callMutation, callQuery } from "../jobs/component.js";
import { decodeWork, encodeWork, idsPerItem, type Item } from "../jobs/work.js";
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

export const markDeleted = (table: TableInfo, row: Document, at: number): Document => ({
  ...row,
  [softField(table)]: at,
});

export function unmark(table: TableInfo, row: Document): Document {
  const field = softField(table);
  const empty = emptyOf(table, field);
  const { [field]: _mark, ...rest } = row;
  return {
    ...(empty === undefined ? rest : { ...rest, [field]: empty }),
    _id: row._id,
    _creationTime: row._creationTime,
  };
}

/**
 * Starts the job that will delete soft-deleted rows for real; null where the table's rule purges nothing. It takes
 * rows that are still marked with this time: restored ones, and those deleted anew, are not its own.
 */
export async function startPurge(
  env: WriteEnv,
  table: TableInfo,
  rows: readonly Document[],
  at: number,
): Promise<string | null> {
  const delayMs = table.rules.softDelete?.purgeAfterMs ?? null;
  if (delayMs === null || rows.length === 0) return null;
  const items: Item[] = [];
  for (let from = 0; from < rows.length; from += idsPerItem) {
    const ids = rows.slice(from, from + idsPerItem).map((row) => row._id);
    items.push({ work: encodeWork({ kind: "purge", table: table.name, at, ids }), holds: [purgeText(table, at)] });
  }
  return startJob(env, { kind: "purge", table: table.name, rowsDone: 0, items, delayMs });
}

/** The text by which the component knows the items of a purge: no natural key reads like it. */
const purgeText = (table: TableInfo, at: number): string => `purge ${table.name} ${at}`;

/** Times of deletion whose purges a restore looks for: the others find nothing to delete when they are due. */
const marks = 16;

/** Takes restored rows out of the purges that wait for them; a purge that has no other rows is over. */
export async function undoPurge(env: WriteEnv, table: TableInfo, rows: readonly Document[]): Promise<void> {
  if ((table.rules.softDelete?.purgeAfterMs ?? null) === null || rows.length === 0) return;
  const field = softField(table);
  const keys = new Set(rows.map((row) => purgeText(table, row[field] as number)));
  const held = await callQuery(env, (api) => api.jobs.holding, { keys: [...keys].slice(0, marks) });
  const restored = new Set<string>(rows.map((row) => row._id));
  const items = held.flatMap(({ id, work: text }) => {
    const work = decodeWork(text);
    if (work.kind !== "purge") return [];
    const ids = work.ids.filter((each) => !restored.has(each));
    return ids.length === work.ids.length ? [] : [{ id, work: ids.length === 0 ? null : encodeWork({ ...work, ids }) }];
  });
  if (items.length > 0) await callMutation(env, (api) => api.jobs.takeBack, { items });
}
