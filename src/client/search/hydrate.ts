import { Budget } from "../executor/budget.js";
import { tablesOf } from "../executor/binding.js";
import type { Document, Env } from "../executor/env.js";
import { together } from "../executor/gather.js";
import { parseShape } from "../executor/relations/parse.js";
import { shapeRows } from "../executor/relations/load.js";
import type { ShapedRow } from "../executor/relations/shape.js";
import { executionOf, startRun } from "../executor/run.js";
import { residualTest } from "../executor/scan.js";
import { planSelectWith, userScope, type Selection } from "../executor/select.js";
import { parseWhere } from "../predicate/parse.js";
import { always, never } from "../predicate/types.js";
import type { TableInfo } from "../schema/catalog.js";
import { vectorFilter, type VectorFilter } from "./vector.js";

/** What an action asks of the transaction: the read without what it does itself. */
export interface NearestArgs {
  /** Of the read: `where`, `with`, `columns`, `withDeleted`, limits. */
  readonly read: Readonly<Record<string, unknown>>;
  /** The vector index's filter, as a `where`. */
  readonly filter: Readonly<Record<string, unknown>>;
}

async function select(env: Env, table: TableInfo, { read, filter }: NearestArgs): Promise<Selection> {
  const access = await env.access({ table, args: read });
  const also = parseWhere(userScope(env, access), table, filter, "vectorSearch -> filter");
  const { columns: _columns, with: _with, ...rest } = read;
  return planSelectWith(env, access, table, rest, { also });
}

/** How a vector search may be narrowed under the caller's policies. */
export interface NearestPlan {
  /** Equalities for the index, joined by OR; null for none. */
  readonly filter: VectorFilter | null;
  /** No row can match. */
  readonly empty: boolean;
}

/** Validates the read and plans it. Reads no row. */
export async function planNearest(env: Env, table: TableInfo, index: string, args: NearestArgs): Promise<NearestPlan> {
  const selection = await select(env, table, args);
  parseShape(env, selection.access, table, args.read, selection.limits);
  const { where } = selection.request;
  const declared = table.vectorIndexes.find((known) => known.name === index)!;
  return { filter: vectorFilter(declared, where), empty: where === never };
}

export interface HydratedRow {
  readonly id: string;
  readonly row: ShapedRow;
}

/**
 * The first `limit` rows of the ids that still exist and that the caller's policies and filters let through, in the
 * order of the ids, in their shape.
 *
 * @throws OrmError `SCAN_LIMIT`, `BUDGET` and what loading relations throws.
 */
export async function readNearest(
  env: Env,
  table: TableInfo,
  ids: readonly string[],
  limit: number,
  args: NearestArgs,
): Promise<HydratedRow[]> {
  const selection = await select(env, table, args);
  const { access, limits, request } = selection;
  const plan = { ...selection.plan, where: request.where };
  const run = startRun(env, access, limits);
  const shape = parseShape(env, access, table, args.read, limits);
  const hideFigures = tablesOf(plan).some((name) => access.isProtected(env.catalog.tables[name]!));
  const budget = new Budget({ env, limits, table: table.name, hideFigures, suggestions: () => [], purse: run.purse });
  const execution = executionOf(run, plan, { budget });
  const test = residualTest(execution, request.where === always ? null : request.where);
  await budget.start(ids.length, ids.length);
  const found: Document[] = [];
  for (let at = 0; at < ids.length && found.length < limit;) {
    const batch = ids.slice(at, at + Math.min(together, limit - found.length));
    at += batch.length;
    const rows = (await Promise.all(batch.map((id) => run.documents.get(table.name, id, budget, null)))).filter(
      (row) => row !== null,
    );
    const passed = await Promise.all(rows.map(test));
    found.push(...rows.filter((_row, i) => passed[i] === true));
  }
  const shaped = await shapeRows(run, found, shape);
  return shaped.map((row, i) => ({ id: found[i]!._id, row }));
}
