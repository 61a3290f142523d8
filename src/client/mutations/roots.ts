import { OrmError } from "../errors.js";
import type { Document } from "../executor/env.js";
import { defaultLimits } from "../planner/limits.js";
import type { TableInfo } from "../schema/catalog.js";
import { mostEntries } from "./aggregates.js";
import { costOfChange, fits, tooManyRows } from "./capacity.js";
import type { WriteEnv } from "./env.js";
import type { Pending } from "./meter.js";
import type { Target } from "./statement.js";

/** More than any transaction can read: bounds that the transaction's own budget stands in for. */
const unbounded = 32_000;

/**
 * The rows that a statement names, under the policies of SELECT and of the command. They are bounded by what the
 * transaction can hold; `maxScan` bounds what is read without being one of them.
 *
 * @throws OrmError `SCAN_LIMIT`; `BUDGET`, which says how to go on in the background.
 */
export async function rootRows(
  env: WriteEnv,
  table: TableInfo,
  target: Target,
  command: "update" | "delete",
  withDeleted = false,
): Promise<Document[]> {
  const maxScan = target.maxScan ?? env.limits.maxScan;
  const before = env.metrics === null ? null : await env.metrics();
  const measured = before !== null && target.maxScan === null && maxScan >= defaultLimits.maxScan;
  let rows: Document[];
  try {
    rows = await env.selectRows(env, table, {
      where: target.where,
      command,
      allowFullScan: target.allowFullScan,
      withDeleted,
      limits: { maxRows: unbounded, maxScan: measured || target.all ? unbounded : maxScan },
    });
  } catch (error) {
    throw inBackgroundHint(error, table, command);
  }
  if (before === null || env.metrics === null) return rows;
  const now = await env.metrics();
  const wasted = now.documentsRead.used - before.documentsRead.used - rows.length;
  if (measured && !target.all && wasted > maxScan) {
    throw new OrmError(
      "SCAN_LIMIT",
      `finding the rows to ${command} in "${table.name}" read more than maxScan (${maxScan}) others`,
      {
        table: table.name,
        hint: "Declare an index for the filter, raise maxScan, or use inBackground().",
      },
    );
  }
  // What an update touches of aggregates is known when it is staged; a restore puts rows in.
  const each = withDeleted ? table.rules.aggregates.length : mostEntries(table, true);
  const entries = command === "delete" ? rows.length * each : 0;
  const bytes = Math.min(now.bytesRead.used - before.bytesRead.used, rows.length * 2 ** 20);
  if (!fits(now, env.limits.headroom, costOfChange(rows.length, bytes, entries))) throw tooManyRoots(table, command);
  return rows;
}

/** @throws OrmError `BUDGET` for an update whose aggregates would take more than is left. */
export async function checkAggregatesFit(env: WriteEnv, table: TableInfo, { rows, entries }: Pending): Promise<void> {
  if (entries === 0 || env.metrics === null) return;
  if (!fits(await env.metrics(), env.limits.headroom, costOfChange(rows, 0, entries)))
    throw tooManyRoots(table, "update");
}

const tooManyRoots = (table: TableInfo, command: string): OrmError =>
  tooManyRows(table, command, "Use inBackground(): a durable job does any number of rows.");

const tooMuch = new Set(["BUDGET", "TOO_MANY_ROWS"]);

/** What a query would advise on is advised on here as a write. */
function inBackgroundHint(error: unknown, table: TableInfo, command: string): unknown {
  if (!(error instanceof OrmError)) return error;
  if (tooMuch.has(error.code)) return tooManyRoots(table, command);
  return error;
}
