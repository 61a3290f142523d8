import type { TransactionMetrics } from "convex/server";
import { getConvexSize, type Value } from "convex/values";
import { OrmError } from "../errors.js";
import type { TableInfo } from "../schema/catalog.js";
import { costOfEntry, mostEntries } from "./aggregates.js";
import type { WriteEnv } from "./env.js";
import type { Fields } from "./paths.js";

type Budget = "documentsRead" | "bytesRead" | "databaseQueries" | "documentsWritten" | "bytesWritten";

/** What is still to be spent of some budgets of the transaction. */
export type Need = Partial<Record<Budget, number>>;

/** Whether the transaction holds this much more, a share of each budget left untouched. */
export function fits(metrics: TransactionMetrics, headroom: number, need: Need): boolean {
  return (Object.entries(need) as [Budget, number][]).every(([name, amount]) => {
    const { used, remaining } = metrics[name];
    return amount <= remaining - headroom * (used + remaining);
  });
}

/**
 * Changing a stored row reads it once more, by a point read that counts as a query, and writes it; the entries of
 * aggregates that the rows touch come on top.
 */
export const costOfChange = (rows: number, bytes: number, entries: number): Need => ({
  documentsRead: rows + entries * costOfEntry.documentsRead,
  bytesRead: bytes + entries * costOfEntry.bytesRead,
  databaseQueries: rows + entries * costOfEntry.databaseQueries,
  documentsWritten: rows + entries * costOfEntry.documentsWritten,
  bytesWritten: bytes + entries * costOfEntry.bytesWritten,
});

export function tooManyRows(table: TableInfo, command: string, hint: string): OrmError {
  return new OrmError("BUDGET", `more rows of "${table.name}" to ${command} than one transaction can hold`, {
    table: table.name,
    hint,
  });
}

/** Rows that fit any transaction are not weighed. */
const small = 64;

/**
 * @param upserts each row may be an update instead, which takes an entry out of an aggregate and puts another in.
 * @throws OrmError `BUDGET` for an insert that the platform would stop midway.
 */
export async function checkInsertFits(
  env: WriteEnv,
  table: TableInfo,
  rows: readonly Fields[],
  upserts: boolean,
): Promise<void> {
  const entries = rows.length * (upserts ? mostEntries(table, false) : table.rules.aggregates.length);
  if (rows.length + entries <= small || env.metrics === null) return;
  const bytes = rows.reduce((sum, row) => sum + getConvexSize(row as Record<string, Value>), 0);
  const { documentsWritten, bytesWritten, databaseQueries, documentsRead, bytesRead } = costOfChange(
    rows.length,
    bytes,
    entries,
  );
  const need = {
    documentsWritten,
    bytesWritten,
    databaseQueries: databaseQueries! + rows.length * (table.rules.unique.length - 1),
    ...(entries === 0 ? {} : { documentsRead, bytesRead }),
  };
  if (!fits(await env.metrics(), env.limits.headroom, need))
    throw tooManyRows(table, "insert", "Insert them in several mutations.");
}
