import { OrmError } from "../errors.js";
import type { Document } from "../executor/env.js";
import type { TableInfo } from "../schema/catalog.js";
import { startBackground } from "./background.js";
import type { WriteEnv, WriterEnv } from "./env.js";
import { Inline } from "./inline.js";
import { checkAggregatesFit, rootRows } from "./roots.js";
import { RowPolicies } from "./row-policies.js";
import { RowsStatement, Unaimed, type RowsCommand } from "./rows-statement.js";
import { difference } from "./stage.js";
import type { Target } from "./statement.js";
import { checkPatch, patched, patchFor } from "./values.js";

/** `db.update("T")`. */
export class UpdateBuilder {
  constructor(
    private readonly env: WriterEnv,
    private readonly table: TableInfo,
  ) {}

  set(patch: unknown): Unaimed<RowsStatement> {
    return new Unaimed(
      this.table,
      "update",
      (target) => new RowsStatement(this.env, change(this.table, patch), target),
    );
  }
}

const change = (table: TableInfo, patch: unknown): RowsCommand => ({
  inline: (env, target) => update(env, table, patch, target),
  background: async (env, target) => {
    if (typeof patch === "function") {
      throw new OrmError("INVALID_VALUE", "an update in the background takes values: a function cannot be stored", {
        table: table.name,
        path: "set",
        hint: "Set values, or update inline in portions.",
      });
    }
    const set = patchFor(table, patch, {} as Document);
    checkPatch(env.db, table, set);
    return startBackground(env, table, target, { command: "update", set });
  },
});

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
  await checkAggregatesFit(env, table, inline.stage.pending);
  for (const row of found) inline.fanout.note(table, row, inline.stage.current(row));
  const rest = await inline.settle(table, { table: table.name, fields: [...changed] });
  const rows = found.map((row) => inline.stage.get(row._id)!.after!);
  return { rows, job: await inline.finish(table, rest) };
}
