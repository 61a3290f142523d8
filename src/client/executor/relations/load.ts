import { OrmError } from "../../errors.js";
import { keyText, type Stored } from "../../predicate/values.js";
import type { Document } from "../env.js";
import { keyOf } from "../exists.js";
import type { ReadRun } from "../run.js";
import { readRelated, type Related } from "./related.js";
import { shapeRow, type ShapedRow } from "./shape.js";
import type { RelationLoad, RowShape } from "./parse.js";

/**
 * Gives rows the shape that was asked for: their relations loaded level by level, each level with one deduplicated set
 * of keys whose reads are issued together.
 */
export async function shapeRows(run: ReadRun, rows: readonly Document[], shape: RowShape): Promise<ShapedRow[]> {
  if (shape.loads.length > 0) run.documents.note(rows);
  const loaded = await Promise.all(shape.loads.map((load) => loadRelation(run, rows, load)));
  return rows.map((row, i) => {
    const relations = shape.loads.map((load, n) => [load.relation.name, loaded[n]![i]] as const);
    return shapeRow(row, shape, relations);
  });
}

/** One relation of all parents: for each an array, or one row or null. */
async function loadRelation(run: ReadRun, parents: readonly Document[], load: RelationLoad): Promise<(ShapedRow[] | ShapedRow | null)[]> {
  const { relation } = load;
  const keys = new Map<string, readonly Stored[]>();
  const keyOfParent = parents.map((parent) => {
    const key = keyOf(parent, relation.from);
    if (key === null) return null;
    const text = key.map(keyText).join(" ");
    keys.set(text, key);
    return text;
  });
  if (keys.size > load.limits.relationKeys) throw tooManyKeys(run, load, keys.size);
  const found = new Map<string, readonly Related[]>();
  await Promise.all([...keys].map(async ([text, key]) => found.set(text, await readRelated(run, load, key))));
  const shaped = await shapeDistinct(run, load, found);
  const rowsOf = (text: string): ShapedRow[] =>
    found.get(text)!.map(({ row, junction }) => {
      // A row of its own for each parent: callers may change what they are given.
      const copy = { ...shaped.get(row._id)! };
      return load.withJunction ? { ...copy, _through: junction } : copy;
    });
  return keyOfParent.map((text) => {
    const related = text === null ? [] : rowsOf(text);
    return relation.kind === "one" ? (related[0] ?? null) : related;
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
  const shaped = await shapeRows(run, rows, load);
  return new Map(rows.map((row, i) => [row._id, shaped[i]!]));
}

function tooManyKeys(run: ReadRun, load: RelationLoad, keys: number): OrmError {
  const { relationKeys } = load.limits;
  const hidden = run.access.isProtected(run.env.catalog.tables[load.relation.table]!);
  return new OrmError("RELATION_KEYS", `loading "${load.relation.name}" needs more than relationKeys = ${relationKeys} distinct keys`, {
    table: load.relation.table,
    path: load.path,
    limit: "relationKeys",
    allowed: relationKeys,
    ...(hidden ? {} : { figure: keys }),
    hint: "Load fewer parents with `limit` or `paginate`, or raise relationKeys.",
  });
}
