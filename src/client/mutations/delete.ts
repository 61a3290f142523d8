import type { Document } from "../executor/env.js";
import type { TableInfo } from "../schema/catalog.js";
import { startBackground } from "./background.js";
import { forStatement, type WriteEnv, type WriterEnv } from "./env.js";
import { flush } from "./flush.js";
import { Inline } from "./inline.js";
import { rootRows } from "./roots.js";
import { markDeleted, startPurge } from "./soft.js";
import { allTarget, Statement, unnamed, whereTarget, type Target } from "./statement.js";
import type { WriteResult } from "./update.js";

/** `db.delete("T")`: rejects with `INVALID_WHERE` when awaited before it names rows. */
export class DeleteBuilder implements PromiseLike<never> {
  constructor(
    private readonly env: WriterEnv,
    private readonly table: TableInfo,
  ) {}

  where(where: unknown, options?: unknown): DeleteStatement {
    return new DeleteStatement(this.env, this.table, () => whereTarget(this.table, "delete", where, options), false);
  }
  all(options?: unknown): DeleteStatement {
    return new DeleteStatement(this.env, this.table, () => allTarget(this.table, options), false);
  }
  then<A = never, B = never>(
    resolved?: ((value: never) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return unnamed(this.table, "delete").then(resolved, rejected);
  }
}

export class DeleteStatement extends Statement<WriteResult> {
  constructor(
    private readonly env: WriterEnv,
    private readonly table: TableInfo,
    private readonly target: () => Target,
    private readonly isHard: boolean,
  ) {
    super(env.db, async () => {
      const { rows, job } = await deleteRows(forStatement(env), table, target(), isHard);
      return { count: rows.length, job };
    });
  }

  /** Deletes for real, soft-deleted rows included. */
  hard(): DeleteStatement {
    return new DeleteStatement(this.env, this.table, this.target, true);
  }

  /** The rows as they were; after a soft delete, as they are. */
  returning(): Statement<Document[]> {
    return new Statement(this.env.db, async () => (await deleteRows(forStatement(this.env), this.table, this.target(), this.isHard)).rows);
  }

  inBackground(): Statement<WriteResult> {
    return new Statement(this.env.db, async () => startBackground(forStatement(this.env), this.table, this.target(), { command: "delete", hard: this.isHard }));
  }
}

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
