import { literalMatches } from "../predicate/evaluate.js";
import type { Predicate } from "../predicate/types.js";
import { compare, readPath, type Stored } from "../predicate/values.js";
import { reactionsTo, type Event } from "../mutations/reach.js";
import type { QueryPlan } from "../planner/plan.js";
import type { Document } from "../executor/env.js";
import type { Catalog, TableInfo } from "../schema/catalog.js";

/** What a background statement changes of what it walks by. Fields are top-level ones. */
export interface Effect {
  /** Of the rows that it takes. */
  readonly fields: ReadonlySet<string>;
  /** Of rows of its table that its referential actions reach before it does. */
  readonly moved: ReadonlySet<string>;
  /** A row that it took matches no longer. */
  readonly leaves: boolean;
}

const topLevel = (field: string): string => field.split(".", 1)[0]!;

/** The effect of a statement that deletes or hides rows, or brings them back: they are gone from what it names. */
export const effectOfRemoval = (catalog: Catalog, table: TableInfo, hard: boolean): Effect => ({
  fields: new Set(),
  moved: hard ? movedBy(catalog, table, { table: table.name, fields: null }) : new Set(),
  leaves: true,
});

/** The effect of an update: rows leave when the filter refuses a value that they are given. */
export function effectOfUpdate(
  catalog: Catalog,
  table: TableInfo,
  predicate: Predicate,
  set: Readonly<Record<string, unknown>>,
): Effect {
  const fields = [...Object.keys(set), ...Object.keys(table.rules.onUpdate)];
  const refuses = (part: Predicate): boolean =>
    part.kind === "field" &&
    Object.hasOwn(set, topLevel(part.field)) &&
    !literalMatches(part, readPath(set, part.field));
  return {
    fields: new Set(fields),
    moved: movedBy(catalog, table, { table: table.name, fields }),
    leaves: (predicate.kind === "and" ? predicate.of : [predicate]).some(refuses),
  };
}

/** Fields of the table's own rows that referential actions may change in consequence of an event. */
function movedBy(catalog: Catalog, table: TableInfo, event: Event): Set<string> {
  const moved = new Set<string>();
  const seen = new Set<string>();
  const visit = (at: Event): void => {
    const text = `${at.table}:${at.fields === null ? "*" : [...at.fields].sort().join()}`;
    if (seen.has(text)) return;
    seen.add(text);
    for (const { next } of reactionsTo(catalog, at)) {
      if (next === null) continue;
      if (next.table === table.name) for (const field of next.fields ?? []) moved.add(topLevel(field));
      visit(next);
    }
  };
  visit(event);
  return moved;
}

/**
 * Whether rows may be changed while this plan, which has no order, is walked: no row that was taken is met again, and
 * none is moved to where the walk has been.
 */
export function staysPut(plan: QueryPlan, { fields, moved, leaves }: Effect): boolean {
  const walked = new Set(plan.probes.flatMap((probe) => (probe.kind === "get" ? [] : probe.fields.map(topLevel))));
  if (meet(walked, moved)) return false;
  if (leaves) return true;
  if (meet(walked, fields)) return false;
  // Of several branches a row belongs to the first that it matches: it must match the same one all along.
  const branches = new Set(plan.probes.map((probe) => probe.residual)).size;
  return branches <= 1 || !meet(fieldsOf(plan.where), fields);
}

const meet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => [...a].some((field) => b.has(field));

/** Every field of the row itself that a predicate looks at. */
function fieldsOf(predicate: Predicate, into = new Set<string>()): Set<string> {
  if (predicate.kind === "field") into.add(topLevel(predicate.field));
  else if (predicate.kind === "exists") for (const field of predicate.relation.from) into.add(topLevel(field));
  else if (predicate.kind === "not") fieldsOf(predicate.of, into);
  else if (predicate.kind !== "const") for (const part of predicate.of) fieldsOf(part, into);
  return into;
}

/** Whether the row has every value that the update sets already; an update that sets none tells no row from another. */
export function holds(row: Document, set: Readonly<Record<string, unknown>>): boolean {
  const fields = Object.entries(set);
  return fields.length > 0 && fields.every(([field, value]) => compare(row[field] as Stored, value as Stored) === 0);
}
