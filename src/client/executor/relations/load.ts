import { keyText, type Stored } from "../../predicate/values.js";
import { predicateIdentity } from "../binding.js";
import type { Document } from "../env.js";
import { keyOf } from "../exists.js";
import { allSettled } from "../gather.js";
import type { ReadRun } from "../run.js";
import { tooManyKeys } from "./errors.js";
import { readRelated, type Related } from "./related.js";
import { shapeRow, type ShapedRow } from "./shape.js";
import type { RelationLoad, RowShape } from "./parse.js";

/**
 * Gives rows the shape that was asked for: their relations loaded level by level, each level with one deduplicated set
 * of keys whose reads are issued together.
 */
export async function shapeRows(run: ReadRun, rows: readonly Document[], shape: RowShape): Promise<ShapedRow[]> {
  if (shape.loads.length > 0) run.documents.note(rows);
  const loaded = await allSettled(shape.loads.map((load) => loadRelation(run, rows, load)));
  return rows.map((row, i) => {
    const relations = shape.loads.map((load, n) => [load.relation.name, loaded[n]![i]] as const);
    return shapeRow(row, shape, relations);
  });
}

/** One relation of all parents: for each an array, or one row or null. */
async function loadRelation(
  run: ReadRun,
  parents: readonly Document[],
  load: RelationLoad,
): Promise<(ShapedRow[] | ShapedRow | null)[]> {
  const keys = new Map<string, readonly Stored[]>();
  const keyOfParent = parents.map((parent) => {
    const key = keyOf(parent, load.plan.from);
    if (key === null) return null;
    const text = key.map(keyText).join("\u0000");
    keys.set(text, key);
    return text;
  });
  if (keys.size > load.limits.relationKeys) throw tooManyKeys(run, load, keys.size);
  const reads = sharedReads(run, load);
  const pairs = [...keys].map(async ([text, key]) => {
    let related = reads.get(text);
    if (related === undefined) reads.set(text, (related = readRelated(run, load, key)));
    return [text, await related] as const;
  });
  const found = new Map(await allSettled(pairs));
  const shaped = await shapeDistinct(run, load, found);
  const rowsOf = (text: string): ShapedRow[] =>
    found.get(text)!.map(({ row, junction }) => {
      // A row of its own for each parent: callers may change what they are given.
      const copy = { ...shaped.get(row._id)! };
      return load.withJunction ? { ...copy, _through: { ...junction } } : copy;
    });
  return keyOfParent.map((text) => {
    const related = text === null ? [] : rowsOf(text);
    return load.relation.kind === "one" ? (related[0] ?? null) : related;
  });
}

/** Each related row is shaped once, with what it loads in turn, however many parents share it. */
async function shapeDistinct(
  run: ReadRun,
  load: RelationLoad,
  found: ReadonlyMap<string, readonly Related[]>,
): Promise<ReadonlyMap<string, ShapedRow>> {
  const distinct = new Map<string, Document>();
  for (const related of found.values()) for (const { row } of related) distinct.set(row._id, row);
  const rows = [...distinct.values()];
  run.documents.note(rows);
  const shaped = await shapeRows(run, rows, load);
  return new Map(rows.map((row, i) => [row._id, shaped[i]!]));
}

type Reads = Map<string, Promise<readonly Related[]>>;
const readsOfRun = new WeakMap<ReadRun, Map<string, Reads>>();

/** The reads of a relation by key: two levels that ask the same of the same relation share them. */
function sharedReads(run: ReadRun, load: RelationLoad): Reads {
  let levels = readsOfRun.get(run);
  if (levels === undefined) readsOfRun.set(run, (levels = new Map()));
  const text = askedOf(load);
  let reads = levels.get(text);
  if (reads === undefined) levels.set(text, (reads = new Map()));
  return reads;
}

/** A text that is equal for loads that give equal rows for equal keys, within equal limits. */
function askedOf({ relation, plan, limits, allowFullScan }: RelationLoad): string {
  const order = plan.order.map(({ field, direction }) => [field, direction]);
  return JSON.stringify([
    relation.table,
    relation.name,
    predicateIdentity(plan.where),
    predicateIdentity(plan.junctionWhere),
    order,
    plan.limit,
    plan.offset,
    allowFullScan,
    limits,
  ]);
}
