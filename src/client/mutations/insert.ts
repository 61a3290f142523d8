import type { GenericId } from "convex/values";
import { OrmError } from "../errors.js";
import type { Document } from "../executor/env.js";
import { isPlainObject } from "../predicate/values.js";
import type { TableInfo } from "../schema/catalog.js";
import { keepAggregates } from "./aggregates.js";
import { checkInsertFits } from "./capacity.js";
import { passChecks } from "./checks.js";
import { forStatement, type WriteEnv, type WriterEnv } from "./env.js";
import { flush } from "./flush.js";
import { Inline } from "./inline.js";
import { RowPolicies } from "./row-policies.js";
import { Statement } from "./statement.js";
import type { Changed } from "./unique.js";
import { resolveConflicts, type Conflict, type Outcome } from "./upsert.js";
import { newRow } from "./values.js";

type Written = GenericId<string> | Document | null;

/** `db.insert("T")`. */
export class InsertBuilder {
  constructor(
    private readonly env: WriterEnv,
    private readonly table: TableInfo,
  ) {}

  values(values: unknown): InsertStatement {
    return new InsertStatement(this.env, this.table, values, () => null);
  }
}

/** `db.insert("T").values(...)`: the id, or the ids of an array. */
export class InsertStatement extends Statement<Written | Written[]> {
  constructor(
    private readonly env: WriterEnv,
    private readonly table: TableInfo,
    private readonly rows: unknown,
    private readonly conflict: () => Conflict | null,
  ) {
    super(env.db, async () => insert(forStatement(env), table, rows, conflict(), false));
  }

  returning(): Statement<Written | Written[]> {
    return new Statement(this.env.db, async () =>
      insert(forStatement(this.env), this.table, this.rows, this.conflict(), true),
    );
  }

  onConflictDoNothing(options?: unknown): InsertStatement {
    return new InsertStatement(this.env, this.table, this.rows, () => ({
      ...readOptions(this.table, options, ["target"]),
      set: null,
    }));
  }

  onConflictDoUpdate(options: unknown): InsertStatement {
    return new InsertStatement(this.env, this.table, this.rows, () => {
      const { target, set } = readOptions(this.table, options, ["target", "set"]);
      if (target !== null && set !== undefined && set !== null) return { target, set };
      throw new OrmError("INVALID_VALUE", "onConflictDoUpdate needs a `target` and a `set`", {
        table: this.table.name,
        path: "onConflictDoUpdate",
        hint: 'Write .onConflictDoUpdate({ target: "email", set: {...} }).',
      });
    });
  }
}

function readOptions(
  table: TableInfo,
  options: unknown,
  known: readonly string[],
): { target: string | null; set: unknown } {
  if (options === undefined) return { target: null, set: undefined };
  const unknownKey = isPlainObject(options) ? Object.keys(options).find((key) => !known.includes(key)) : "";
  if (!isPlainObject(options) || unknownKey !== undefined) {
    throw new OrmError("INVALID_VALUE", `the options of onConflict are { ${known.join(", ")} }`, {
      table: table.name,
      path: "onConflict",
    });
  }
  const { target, set } = options;
  if (target !== undefined && !table.rules.unique.some((unique) => unique.name === target)) {
    const names = table.rules.unique.map((unique) => unique.name);
    throw new OrmError("INVALID_VALUE", `"${table.name}" has no unique "${String(target)}"`, {
      table: table.name,
      path: "onConflict -> target",
      hint: names.length === 0 ? `Declare tables.${table.name}.unique.` : `Its uniques: ${names.join(", ")}.`,
    });
  }
  return { target: target === undefined ? null : (target as string), set };
}

async function insert(
  env: WriteEnv,
  table: TableInfo,
  values: unknown,
  conflict: Conflict | null,
  returning: boolean,
): Promise<Written | Written[]> {
  const many = Array.isArray(values);
  const given: unknown[] = many ? values : [values];
  const rows = given.map((each, i) => newRow(env.db, table, each, many ? `values[${i}]` : "values"));
  await checkInsertFits(env, table, rows, conflict !== null);
  const access = await env.access({ table, args: {} });
  const policies = access.system ? null : new RowPolicies(env, access);
  for (const row of rows) {
    await policies?.inserted(table, row, returning || conflict !== null);
    await passChecks(env, table, row);
  }
  const inline = new Inline(env);
  const outcomes: Outcome[] =
    conflict === null
      ? rows.map((row) => ({ kind: "insert", row }))
      : await resolveConflicts(env, inline, table, rows, conflict, policies);
  const inserted: Changed[] = [];
  const changed = new Set<string>();
  for (const outcome of outcomes) {
    if (outcome.kind === "insert") {
      inline.stage.insert(table, outcome.row);
      inserted.push({ table, before: null, after: outcome.row });
    } else if (outcome.kind === "update") {
      for (const field of outcome.fields) changed.add(field);
    }
  }
  const rest = await inline.settle(table, { table: table.name, fields: [...changed] }, inserted);
  await inline.handOver(table, rest, inserted.length);
  const written = await write(env, inline, table, outcomes, returning);
  await flush(env, inline.stage);
  if (!many) return written[0]!;
  return conflict !== null && conflict.set === null ? written.filter((each) => each !== null) : written;
}

/** Inserts in order, so that `_creationTime` follows the array. */
async function write(
  env: WriteEnv,
  inline: Inline,
  table: TableInfo,
  outcomes: readonly Outcome[],
  returning: boolean,
): Promise<Written[]> {
  const written: Written[] = [];
  for (const outcome of outcomes) {
    if (outcome.kind === "skip") {
      written.push(null);
    } else if (outcome.kind === "insert") {
      const id = await env.db.insert(table.name, outcome.row);
      await keepAggregates(env, table, null, { ...outcome.row, _id: id } as Document);
      written.push(returning ? await env.db.get(id) : id);
    } else {
      written.push(returning ? inline.stage.get(outcome.id)!.after : outcome.id);
    }
  }
  return written;
}
