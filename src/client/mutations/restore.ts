import type { Document } from "../executor/env.js";
import type { TableInfo } from "../schema/catalog.js";
import { startBackground } from "./background.js";
import type { WriteEnv, WriterEnv } from "./env.js";
import { flush } from "./flush.js";
import { rootRows } from "./roots.js";
import { RowsStatement, Unaimed, type RowsCommand } from "./rows-statement.js";
import { softField, undoPurge, unmark } from "./soft.js";
import { Stage } from "./stage.js";
import type { Target } from "./statement.js";

/** `db.restore("T")`: undoes soft deletes; who may delete a row may restore it. */
export const restoreIn = (env: WriterEnv, table: TableInfo): Unaimed<RowsStatement> =>
  new Unaimed(table, "restore", (target) => new RowsStatement(env, restoration(table), target));

const restoration = (table: TableInfo): RowsCommand => ({
  inline: async (env, target) => ({ rows: await restore(env, table, target), job: null }),
  background: (env, target) => startBackground(env, table, deletedOnes(table, target), { command: "restore" }),
});

/** The target among soft-deleted rows alone. */
const deletedOnes = (table: TableInfo, target: Target): Target => ({
  ...target,
  where: { AND: [target.where, { NOT: { [softField(table)]: { isNull: true } } }] },
});

async function restore(env: WriteEnv, table: TableInfo, target: Target): Promise<Document[]> {
  const rows = await rootRows(env, table, deletedOnes(table, target), "delete", true);
  const stage = new Stage();
  for (const row of rows) stage.put(table, row, unmark(table, row), true);
  await flush(env, stage);
  await undoPurge(env, table, rows);
  return rows.map((row) => stage.get(row._id)!.after!);
}
