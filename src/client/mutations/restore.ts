import type { Document } from "../executor/env.js";
import type { TableInfo } from "../schema/catalog.js";
import { startBackground } from "./background.js";
import { forStatement, type WriteEnv, type WriterEnv } from "./env.js";
import { flush } from "./flush.js";
import { rootRows } from "./roots.js";
import { softField, unmark } from "./soft.js";
import { Stage } from "./stage.js";
import { allTarget, Statement, unnamed, whereTarget, type Target } from "./statement.js";
import type { WriteResult } from "./update.js";

/** `db.restore("T")`: undoes soft deletes; who may delete a row may restore it. */
export class RestoreBuilder implements PromiseLike<never> {
  constructor(
    private readonly env: WriterEnv,
    private readonly table: TableInfo,
  ) {}

  where(where: unknown, options?: unknown): RestoreStatement {
    return new RestoreStatement(this.env, this.table, () => whereTarget(this.table, "restore", where, options));
  }
  all(options?: unknown): RestoreStatement {
    return new RestoreStatement(this.env, this.table, () => allTarget(this.table, options));
  }
  then<A = never, B = never>(
    resolved?: ((value: never) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return unnamed(this.table, "restore").then(resolved, rejected);
  }
}

export class RestoreStatement extends Statement<WriteResult> {
  constructor(
    private readonly env: WriterEnv,
    private readonly table: TableInfo,
    private readonly target: () => Target,
  ) {
    super(env.db, async () => ({ count: (await restore(forStatement(env), table, target())).length, job: null }));
  }

  returning(): Statement<Document[]> {
    return new Statement(this.env.db, async () => restore(forStatement(this.env), this.table, this.target()));
  }

  inBackground(): Statement<WriteResult> {
    return new Statement(this.env.db, async () => startBackground(forStatement(this.env), this.table, deletedOnes(this.table, this.target()), { command: "restore" }));
  }
}

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
  return rows.map((row) => stage.get(row._id)!.after!);
}
