import type { Stored } from "../../predicate/values.js";
import { planForKey, type KeyedPlan } from "../../planner/keyed.js";
import type { Document } from "../env.js";
import { streamPlan } from "../execute.js";
import { keyOf } from "../exists.js";
import { allSettled } from "../gather.js";
import { comparator } from "../order.js";
import { executionOf, type ReadRun } from "../run.js";
import { sortBound } from "./bounds.js";
import { tooManyRows } from "./errors.js";
import type { RelationLoad } from "./parse.js";
import type { Related } from "./related.js";
import { targetsOf } from "./targets.js";

/** Junction rows whose targets failed make the next batch larger, up to this. */
const largestBatch = 64;

/**
 * Through a junction: its rows in the order of their index, each with its target; a target reached twice comes once.
 * With a limit and no order it stops there, junction rows and targets read as far as needed.
 */
export async function throughJunction(
  run: ReadRun,
  load: RelationLoad,
  keyed: KeyedPlan,
  key: readonly Stored[],
): Promise<readonly Related[]> {
  const plan = planForKey(run.env.catalog, keyed, key);
  if (plan === null) return [];
  const { limit, offset, order } = load.plan;
  const wanted = limit === null ? null : limit + offset;
  const bound = sortBound(load);
  const execution = executionOf(run, plan, { limits: load.limits, node: `${load.path} (junction)` });
  const found = new Map<string, Related>();
  const take = async (junctions: readonly Document[]): Promise<void> => {
    const targets = await allSettled(junctions.map((junction) => targetsOfJunction(run, load, junction)));
    targets.forEach((rows, i) => {
      for (const row of rows) if (!found.has(row._id)) found.set(row._id, { row, junction: junctions[i]! });
    });
  };
  const stopsAt = order.length === 0 ? wanted : null;
  let batch: Document[] = [];
  let size = stopsAt ?? Infinity;
  let read = 0;
  for await (const junction of streamPlan(execution, plan)) {
    if (bound !== null && ++read > bound) throw tooManyRows(run, load, read);
    batch.push(junction);
    if (batch.length < size) continue;
    await take(batch);
    batch = [];
    if (found.size >= stopsAt!) break;
    size = Math.min(Math.max(stopsAt! - found.size, 2 * size), largestBatch);
  }
  await take(batch);
  if (limit === null && found.size - offset > load.limits.relationRows)
    throw tooManyRows(run, load, found.size - offset);
  const rows = [...found.values()];
  const compare = comparator(order);
  if (order.length > 0) rows.sort((a, b) => compare(a.row, b.row));
  return rows.slice(offset, wanted ?? undefined);
}

async function targetsOfJunction(run: ReadRun, load: RelationLoad, junction: Document): Promise<readonly Document[]> {
  const key = keyOf(junction, load.relation.through!.to);
  return key === null ? [] : await targetsOf(run, load, key);
}
