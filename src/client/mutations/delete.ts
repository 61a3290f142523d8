import type { Document } from "../executor/env.js";
import type { TableInfo } from "../schema/catalog.js";
import { startBackground } from "./background.js";
import type { WriteEnv, WriterEnv } from "./env.js";
import { flush } from "./flush.js";
import { Inline } from "./inline.js";
import { rootRows } from "./roots.js";
import { RowsStatement, Unaimed, type RowsCommand } from "./rows-statement.js";
import { markDeleted, startPurge } from "./soft.js";
import type { Target } from "./statement.js";

/** `db.delete("T")`. */
export const deleteFrom = (env: WriterEnv, table: TableInfo): Unaimed<DeleteStatement> =>
  new Unaimed(table, "delete", (target) => new DeleteStatement(env, table, target, false));

class DeleteStatement extends RowsStatement {
  constructor(
    env: WriterEnv,
    private readonly table: TableInfo,
    target: () => Target,
    hard: boolean,
  ) {
    super(env, deletion(table, hard), target);
  }

  /** Deletes for real, soft-deleted rows included. */
  hard(): DeleteStatement {
    return new DeleteStatement(this.env, this.table, this.target, true);
  }
}

const deletion = (table: TableInfo, hard: boolean): RowsCommand => ({
  inline: (env, target) => deleteRows(env, table, target, hard),
  background: (env, target) => startBackground(env, table, target, { command: "delete", hard }),
});

/** The rows are as they were; after a soft delete, as they are. */
async function deleteRows(
  env: WriteEnv,
  table: TableInfo,
  target: Target,
  hard: boolean,
): Promise<{ rows: Document[]; job: string | null }> {
  const rows = await rootRows(env, table, target, "delete", hard);
  const inline = new Inline(env);
  if (table.rules.softDelete !== null && !hard) {
    const at = Date.now();
    for (const row of rows) inline.stage.put(table, row, markDeleted(table, row, at), true);
    const job = await startPurge(env, table, rows, at);
    await flush(env, inline.stage);
    return { rows: rows.map((row) => inline.stage.get(row._id)!.after!), job };
  }
  for (const row of rows) inline.stage.put(table, row, null, true);
  for (const row of rows) inline.fanout.note(table, row, null);
  const rest = await inline.settle(table, { table: table.name, fields: null });
  return { rows, job: await inline.finish(table, rest) };
}
