import type { TransactionMetrics } from "convex/server";
import { OrmError } from "../errors.js";
import type { Document } from "../executor/env.js";
import { keyText, readPath, type Stored } from "../predicate/values.js";
import { entryOf, type AggregateInfo } from "../schema/aggregates.js";
import type { TableInfo } from "../schema/catalog.js";
import type { WriteEnv } from "./env.js";

/**
 * What putting one row into an aggregate is taken to cost: measured on trees of some thousand rows, with room for a
 * million. Queries are as measured, since the platform counts a node that is read again once.
 */
export const costOfEntry = {
  documentsRead: 40,
  databaseQueries: 24,
  bytesRead: 64 * 1024,
  documentsWritten: 6,
  bytesWritten: 12 * 1024,
} as const satisfies Partial<Record<keyof TransactionMetrics, number>>;

/** Taking a row out costs this much of that. */
const removal = 0.6;

/** What a change of any row costs its aggregates at most, in entries. */
export const mostEntries = ({ rules }: TableInfo, deletes: boolean): number =>
  rules.aggregates.length * (deletes ? removal : 1 + removal);

/** The row as its aggregates hold it: null when it is soft-deleted. */
function counted(table: TableInfo, row: Document | null): Document | null {
  const soft = table.rules.softDelete?.field;
  return row === null || (soft !== undefined && (row[soft] ?? null) !== null) ? null : row;
}

const textOf = (aggregate: AggregateInfo, row: Document): string | null => {
  const entry = entryOf(aggregate, row);
  return entry === null ? null : entry.map(keyText).join("\u0000");
};

/** What a change of a row asks of an aggregate: null for nothing. */
function change(
  table: TableInfo,
  aggregate: AggregateInfo,
  before: Document | null,
  after: Document | null,
): { out: boolean; in: boolean } | null {
  const [old, now] = [counted(table, before), counted(table, after)];
  if (old === null && now === null) return null;
  if (old !== null && now !== null) {
    const text = textOf(aggregate, old);
    if (text !== null && text === textOf(aggregate, now)) return null;
  }
  return { out: old !== null, in: now !== null };
}

/** What a change of a row costs its aggregates, in entries. */
export function entriesTouched(table: TableInfo, before: Document | null, after: Document | null): number {
  let entries = 0;
  for (const aggregate of table.rules.aggregates) {
    const asked = change(table, aggregate, before, after);
    if (asked !== null) entries += (asked.out ? removal : 0) + (asked.in ? 1 : 0);
  }
  return entries;
}

/**
 * Keeps the aggregates of a table right after a row was written. The forms that do not mind are used, so that rows
 * which are not in an aggregate yet, and rows that a trigger of the host's has put there, do no harm. Called for one
 * row after another: a tree takes no two changes at once.
 *
 * @throws OrmError `INVALID_SCHEMA` where the fields that were declared are not the row's key.
 */
export async function keepAggregates(
  env: WriteEnv,
  table: TableInfo,
  before: Document | null,
  after: Document | null,
): Promise<void> {
  // Read when first needed: a trigger of the host's may have changed the row as it was written.
  let stored: Document | null | undefined;
  for (const info of table.rules.aggregates) {
    const asked = change(table, info, before, after);
    if (asked === null) continue;
    const { aggregate } = info;
    if (asked.out) await aggregate.deleteIfExists(env.ctx, before!);
    if (after === null) continue;
    stored ??= await env.db.get(after._id);
    const now = counted(table, stored);
    if (now === null) continue;
    if (info.declared) checkDeclared(table, info, now);
    await aggregate.insertIfDoesNotExist(env.ctx, now);
  }
}

function checkDeclared(table: TableInfo, info: AggregateInfo, row: Document): void {
  const entry = entryOf(info, row);
  if (entry === null) return;
  const values = info.key.map((field) => readPath(row, field) ?? null);
  const key: Stored = info.single ? values[0] : values;
  const space = info.namespace === null ? undefined : readPath(row, info.namespace);
  const fits =
    (info.key.length === 0 || keyText(key) === keyText(entry[0])) &&
    keyText(space ?? null) === keyText(entry[1] ?? null);
  if (fits) return;
  throw new OrmError("INVALID_SCHEMA", `the key of an aggregate of "${table.name}" is not what its fields hold`, {
    table: table.name,
    path: `tables -> ${table.name} -> count`,
    hint: "Leave out `key` and `namespace` where sortKey and namespace compute: then whole counts alone are served.",
  });
}
