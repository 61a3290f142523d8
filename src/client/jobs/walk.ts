import type { Database, Document } from "../executor/env.js";
import { applyRange, intersectIntervals, intervalOf, splitRange, walkFrom, type TupleInterval } from "../executor/ranges.js";
import { compareCuts, type Cut } from "../predicate/sets.js";
import type { FieldPredicate, Predicate } from "../predicate/types.js";
import { readPath, type Stored } from "../predicate/values.js";
import type { IndexInfo, TableInfo } from "../schema/catalog.js";

/** One index range in a fixed order, which holds every row that a predicate can match. */
export interface Walk {
  readonly index: IndexInfo;
  readonly interval: TupleInterval;
}

/**
 * The range that a background statement walks: the longest prefix of equalities, then the hull of one more field, of
 * an index whose further fields the statement does not change. Rows must not move within it, else they would be met
 * twice or never; by creation time, where nothing better is, they never do.
 */
export function walkOf(table: TableInfo, predicate: Predicate, mutable: ReadonlySet<string>): Walk {
  const literals = new Map<string, FieldPredicate>();
  for (const part of predicate.kind === "and" ? predicate.of : [predicate]) {
    if (part.kind === "field") literals.set(part.field, part);
  }
  let best: { score: number; walk: Walk } | null = null;
  for (const index of table.indexes) {
    const eq: Stored[] = [];
    while (eq.length < index.fields.length) {
      const pinned = pointOf(literals.get(index.fields[eq.length]!));
      if (pinned === null) break;
      eq.push(pinned.value);
    }
    if (index.fields.slice(eq.length, index.declared).some((field) => mutable.has(field.split(".")[0]!))) continue;
    const hull = hullOf(literals.get(index.fields[eq.length] ?? ""));
    const score = 3 * eq.length + (hull === null ? 0 : Number(hull.lower !== null) + Number(hull.upper !== null));
    const interval = intervalOf({ eq, lower: hull?.lower ?? null, upper: hull?.upper ?? null });
    const isPlain = index.name === "by_creation_time";
    if (best === null || score > best.score || (score === best.score && isPlain)) best = { score, walk: { index, interval } };
  }
  return best!.walk;
}

/** The single value that a literal allows, or null. */
function pointOf(literal: FieldPredicate | undefined): { readonly value: Stored } | null {
  const [only, more] = literal?.set ?? [];
  if (only === undefined || more !== undefined || only.lower === null || only.upper === null) return null;
  const isPoint = !only.lower.after && only.upper.after && compareCuts({ ...only.lower, after: true }, only.upper) === 0;
  return isPoint ? { value: only.lower.value } : null;
}

function hullOf(literal: FieldPredicate | undefined): { readonly lower: Cut | null; readonly upper: Cut | null } | null {
  const set = literal?.set ?? [];
  if (set.length === 0) return null;
  return { lower: set[0]!.lower, upper: set.at(-1)!.upper };
}

/** Up to `limit` rows of the walk after a cursor: the key of the last row that was met. */
export async function rowsOf(
  db: Database,
  table: TableInfo,
  { index, interval }: Walk,
  cursor: readonly Stored[] | null,
  limit: number,
): Promise<Document[]> {
  const rest = cursor === null ? interval : intersectIntervals(interval, walkFrom(cursor, true, "asc"));
  const rows: Document[] = [];
  if (rest === null) return rows;
  for (const range of splitRange(rest, "asc")) {
    if (rows.length >= limit) break;
    const query = db.query(table.name).withIndex(index.name, (q) => applyRange(q, index.fields, range));
    rows.push(...(await query.take(limit - rows.length)));
  }
  return rows;
}

export const cursorAt = (walk: Walk, row: Document): Stored[] => walk.index.fields.map((field) => readPath(row, field));
