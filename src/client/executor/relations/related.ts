import { OrmError, type OrmErrorDetails } from "../../errors.js";
import { matchesWith } from "../../predicate/evaluate.js";
import { conjoin } from "../../predicate/normalize.js";
import { never, type Predicate } from "../../predicate/types.js";
import type { Stored } from "../../predicate/values.js";
import { completeOrder } from "../../planner/order.js";
import { planQuery } from "../../planner/plan-query.js";
import type { OrderKey, QueryPlan } from "../../planner/plan.js";
import { Budget } from "../budget.js";
import type { Document } from "../env.js";
import { executePlan, streamPlan } from "../execute.js";
import { existsProbe, keyIs, keyOf } from "../exists.js";
import { comparator } from "../order.js";
import { executionOf, suggestionsFor, type ReadRun } from "../run.js";
import type { RelationLoad } from "./parse.js";

/** A related row, and the junction row that led to it. */
export interface Related {
  readonly row: Document;
  readonly junction: Document | null;
}

/** The related rows of one key, filtered, ordered and limited. */
export async function readRelated(run: ReadRun, load: RelationLoad, key: readonly Stored[]): Promise<readonly Related[]> {
  if (load.where === never || load.junction === never || load.limit === 0) return [];
  return load.relation.through === null ? await direct(run, load, key) : await throughJunction(run, load, key);
}

async function direct(run: ReadRun, load: RelationLoad, key: readonly Stored[]): Promise<Related[]> {
  const { relation } = load;
  if (byId(relation.to)) {
    const row = await lookUp(run, load, key[0]);
    return row === null ? [] : [{ row, junction: null }];
  }
  const one = relation.kind === "one";
  // A second row of a key that is not unique makes a to-one ambiguous.
  const limit = one ? (relation.targetUnique ? 1 : 2) : load.limit;
  const rows = await guarded(load, run, async () => {
    const plan = planRelated(run, load, key, limit);
    const limits = childLimits(load, plan);
    return await executePlan(executionOf(run, plan, { limits, node: load.path }), plan);
  });
  if (one && rows.length > 1) throw notUnique(load);
  return rows.map((row) => ({ row, junction: null }));
}

const byId = (fields: readonly string[]): boolean => fields.length === 1 && fields[0] === "_id";

async function lookUp(run: ReadRun, load: RelationLoad, id: Stored): Promise<Document | null> {
  const budget = levelBudget(run, load);
  const count = run.reads?.count(load.path) ?? null;
  const row = await run.documents.get(load.relation.target, id, budget, count);
  return row !== null && (await matchesWith(load.where, row, existsProbe(run, budget, count))) ? row : null;
}

function levelBudget(run: ReadRun, load: RelationLoad): Budget {
  const { env, access } = run;
  return new Budget({ env, limits: load.limits, table: load.target.name, hideFigures: access.isProtected(load.target), suggestions: () => [] });
}

/** The plan of one key's rows: an index that pins the key and delivers the order, where there is one. */
export function planRelated(run: Pick<ReadRun, "env">, load: RelationLoad, key: readonly Stored[], limit: number | null): QueryPlan {
  return planQuery(run.env.catalog, {
    table: load.target.name,
    where: conjoin([keyIs(load.relation.to, key), load.where]),
    order: load.order,
    limit,
    offset: load.relation.kind === "one" ? 0 : load.offset,
    paged: false,
    allowFullScan: true,
    limits: load.limits,
    dropped: load.dropped,
  });
}

/** Without a limit a parent has `relationRows` rows at most; a sort that no index spares reads no more than that. */
function childLimits(load: RelationLoad, plan: QueryPlan): RelationLoad["limits"] {
  const { relationRows, maxScan } = load.limits;
  const sorted = plan.sorting === "memory" && !load.allowFullScan;
  return { ...load.limits, maxRows: relationRows, maxScan: sorted ? Math.min(maxScan, relationRows) : maxScan };
}

/** Errors of a child's query, told as the relation's: with its place, and in its own terms. */
async function guarded<T>(load: RelationLoad, run: ReadRun, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof OrmError)) throw error;
    const { code, message, path: _path, ...details } = error.data;
    const sorting = code === "SORT_UNBOUNDED" || (code === "SCAN_LIMIT" && load.limits.relationRows === details["allowed"]);
    if (code === "TOO_MANY_ROWS" || sorting) throw tooManyRows(load, run, sorting);
    throw new OrmError(code, message, { ...(details as OrmErrorDetails), path: load.path });
  }
}

function tooManyRows(load: RelationLoad, run: ReadRun, sorting: boolean): OrmError {
  const { relationRows } = load.limits;
  const sample = planRelated(run, load, load.relation.to.map(() => ""), load.limit);
  const indexes = sorting ? suggestionsFor(run.env, sample) : [];
  return new OrmError(
    "RELATION_ROWS",
    `a row of "${load.relation.table}" has more than relationRows = ${relationRows} related rows in "${load.relation.name}"`,
    {
      table: load.target.name,
      path: load.path,
      limit: "relationRows",
      allowed: relationRows,
      hint:
        indexes.length === 0
          ? "Pass a `limit` for the relation, or raise relationRows."
          : `Add ${indexes.join(" or ")} to "${load.target.name}" so that the order needs no sort, or raise relationRows.`,
      ...(indexes.length === 0 ? {} : { suggestions: [...indexes] }),
    },
  );
}

const notUnique = (load: RelationLoad): OrmError =>
  new OrmError("NOT_UNIQUE", `"${load.relation.name}" leads to one row, and several match`, {
    table: load.target.name,
    path: load.path,
    hint: `Declare ${load.relation.to.join(", ")} unique, or make the relation a many.`,
  });

/**
 * Through a junction: its rows in the order of their index, each with its target; a target reached twice comes once.
 * Without an order it stops at the limit, junction rows and targets read as far as needed.
 */
async function throughJunction(run: ReadRun, load: RelationLoad, key: readonly Stored[]): Promise<Related[]> {
  const { relation, order } = load;
  const through = relation.through!;
  const wanted = load.limit === null ? null : load.limit + load.offset;
  const lazily = order.length === 0 && wanted !== null;
  const plan = planQuery(run.env.catalog, {
    table: through.table,
    where: conjoin([keyIs(through.from, key), load.junction]),
    order: [],
    limit: null,
    offset: 0,
    paged: false,
    allowFullScan: true,
    limits: load.limits,
  });
  return await guarded(load, run, async () => {
    const limits = { ...load.limits, maxRows: load.limits.relationRows };
    const execution = executionOf(run, plan, { limits, node: `${load.path} (junction)` });
    const found = new Map<string, Related>();
    const take = async (junctions: readonly Document[]): Promise<void> => {
      const rows = await Promise.all(junctions.map((junction) => targetOf(run, load, junction)));
      rows.forEach((row, i) => {
        if (row !== null && !found.has(row._id)) found.set(row._id, { row, junction: junctions[i]! });
      });
    };
    if (lazily) {
      let batch: Document[] = [];
      for await (const junction of streamPlan(execution, plan)) {
        batch.push(junction);
        if (found.size + batch.length < wanted) continue;
        await take(batch);
        batch = [];
        if (found.size >= wanted) break;
      }
      await take(batch);
    } else await take(await executePlan(execution, plan));
    return pick(load, [...found.values()], wanted);
  });
}

async function targetOf(run: ReadRun, load: RelationLoad, junction: Document): Promise<Document | null> {
  const { relation } = load;
  const key = keyOf(junction, relation.through!.to);
  if (key === null) return null;
  if (byId(relation.to)) return await lookUp(run, load, key[0]);
  const where: Predicate = conjoin([keyIs(relation.to, key), load.where]);
  const plan = planQuery(run.env.catalog, {
    table: load.target.name,
    where,
    order: [],
    limit: 1,
    offset: 0,
    paged: false,
    allowFullScan: true,
    limits: load.limits,
  });
  const rows = await executePlan(executionOf(run, plan, { limits: load.limits, node: load.path }), plan);
  return rows[0] ?? null;
}

function pick(load: RelationLoad, related: readonly Related[], wanted: number | null): Related[] {
  const order: readonly OrderKey[] = completeOrder(load.order);
  const compare = comparator(order);
  const sorted = order.length === 0 ? [...related] : [...related].sort((a, b) => compare(a.row, b.row));
  if (load.limit === null && sorted.length - load.offset > load.limits.relationRows) throw new OrmError("TOO_MANY_ROWS", "too many related rows");
  return sorted.slice(load.offset, wanted ?? undefined);
}
