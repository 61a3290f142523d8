import type { TransactionMetrics } from "convex/server";
import { getConvexSize, type Value } from "convex/values";
import { OrmError } from "../errors.js";
import type { TableInfo } from "../schema/catalog.js";
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

/** Changing a stored row reads it once more, by a point read that counts as a query, and writes it. */
export const costOfChange = (rows: number, bytes: number): Need => ({
  documentsRead: rows,
  bytesRead: bytes,
  databaseQueries: rows,
  documentsWritten: rows,
  bytesWritten: bytes,
});

export function tooManyRows(table: TableInfo, command: string, hint: string): OrmError {
  return new OrmError("BUDGET", `more rows of "${table.name}" to ${command} than one transaction can hold`, { table: table.name, hint });
}

/** Rows that fit any transaction are not weighed. */
const small = 64;

/** @throws OrmError `BUDGET` for an insert that the platform would stop midway. */
export async function checkInsertFits(env: WriteEnv, table: TableInfo, rows: readonly Fields[]): Promise<void> {
  if (rows.length <= small || env.metrics === null) return;
  const need = {
    documentsWritten: rows.length,
    bytesWritten: rows.reduce((sum, row) => sum + getConvexSize(row as Record<string, Value>), 0),
    databaseQueries: rows.length * table.rules.unique.length,
  };
  if (!fits(await env.metrics(), env.limits.headroom, need)) throw tooManyRows(table, "insert", "Insert them in several mutations.");
}
