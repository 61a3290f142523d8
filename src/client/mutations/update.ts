import { OrmError } from "../errors.js";
import type { Document } from "../executor/env.js";
import type { TableInfo } from "../schema/catalog.js";
import { startBackground } from "./background.js";
import { forStatement, type WriteEnv, type WriterEnv } from "./env.js";
import { Inline } from "./inline.js";
import { rootRows } from "./roots.js";
import { RowPolicies } from "./row-policies.js";
import { difference } from "./stage.js";
import { allTarget, Statement, unnamed, whereTarget, type Target } from "./statement.js";
import { checkPatch, patched, patchFor } from "./values.js";

/** What an update or delete resolves to: `count` counts root rows, `job` is the id of the job that does the rest. */
export interface WriteResult {
  readonly count: number;
  readonly job: string | null;
}

/** `db.update("T")`: rejects with `INVALID_WHERE` when awaited before it names rows. */
export class UpdateBuilder {
  constructor(
    private readonly env: WriterEnv,
    private readonly table: TableInfo,
  ) {}

  set(patch: unknown): UpdateWhere {
    return new UpdateWhere(this.env, this.table, patch);
  }
}

export class UpdateWhere implements PromiseLike<never> {
  constructor(
    private readonly env: WriterEnv,
    private readonly table: TableInfo,
    private readonly patch: unknown,
  ) {}

  where(where: unknown, options?: unknown): UpdateStatement {
    return new UpdateStatement(this.env, this.table, this.patch, () => whereTarget(this.table, "update", where, options));
  }
  all(options?: unknown): UpdateStatement {
    return new UpdateStatement(this.env, this.table, this.patch, () => allTarget(this.table, options));
  }
  then<A = never, B = never>(
    resolved?: ((value: never) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return unnamed(this.table, "update").then(resolved, rejected);
  }
}

export class UpdateStatement extends Statement<WriteResult> {
  constructor(
    private readonly env: WriterEnv,
    private readonly table: TableInfo,
    private readonly patch: unknown,
    private readonly target: () => Target,
  ) {
    super(env.db, async () => {
      const { rows, job } = await update(forStatement(env), table, patch, target());
      return { count: rows.length, job };
    });
  }

  returning(): Statement<Document[]> {
    return new Statement(this.env.db, async () => (await update(forStatement(this.env), this.table, this.patch, this.target())).rows);
  }

  inBackground(): Statement<WriteResult> {
    return new Statement(this.env.db, async () => {
      if (typeof this.patch === "function") {
        throw new OrmError("INVALID_VALUE", "an update in the background takes values: a function cannot be stored", {
          table: this.table.name,
          path: "set",
          hint: "Set values, or update inline in portions.",
        });
      }
      const set = patchFor(this.table, this.patch, {} as Document);
      checkPatch(this.env.db, this.table, set);
      return startBackground(forStatement(this.env), this.table, this.target(), { command: "update", set });
    });
  }
}

async function update(
  env: WriteEnv,
  table: TableInfo,
  set: unknown,
  target: Target,
): Promise<{ rows: Document[]; job: string | null }> {
  if (typeof set !== "function") checkPatch(env.db, table, patchFor(table, set, {} as Document));
  const found = await rootRows(env, table, target, "update");
  const access = await env.access({ table, args: {} });
  const policies = access.system ? null : new RowPolicies(env, access);
  const inline = new Inline(env);
  const changed = new Set<string>();
  for (const row of found) {
    const after = patched(env.db, table, row, patchFor(table, set, row));
    await policies?.updated(table, after);
    inline.stage.put(table, row, after, true);
    for (const field of Object.keys(difference(row, after))) changed.add(field);
  }
  for (const row of found) inline.fanout.note(table, row, inline.stage.current(row));
  const rest = await inline.settle(table, { table: table.name, fields: [...changed] });
  const rows = found.map((row) => inline.stage.get(row._id)!.after!);
  return { rows, job: await inline.finish(table, rest) };
}
