import { always, type Predicate } from "../predicate/types.js";
import { isPoint, isEverything } from "../predicate/sets.js";
import type { IndexInfo, TableInfo } from "../schema/catalog.js";
import { hidesSoftDeleted, setShare } from "./estimate.js";
import { takeApart } from "./paths.js";
import type { OrderKey, QueryPlan } from "./plan.js";

/** An index that would mend a plan, as the line to add to the schema. */
export interface Suggestion {
  readonly table: string;
  readonly fields: readonly string[];
  /** `.index("by_a_and_b", ["a","b"])` */
  readonly text: string;
}

/** Convex's own limit of fields in one index. */
const maxFields = 16;
const maxSuggestions = 4;

/**
 * The indexes that would remove the plan's scan, sort or residual: equalities first, then the order or one range. Empty
 * when the plan is as good as an index can make it.
 */
export function suggestIndexes(table: TableInfo, plan: QueryPlan): Suggestion[] {
  if (plan.combine === "none") return [];
  const helped =
    plan.scan === "full" || plan.sorting === "memory" || plan.sorting === "partial" || servableResidual(table, plan);
  if (!helped) return [];
  const found = new Map<string, Suggestion>();
  for (const branch of branches(plan.where)) {
    const fields = idealIndex(table, branch, plan);
    if (fields.length === 0 || table.indexes.some((index) => serves(index, fields, plan))) continue;
    const suggestion = toSuggestion(table, fields);
    found.set(suggestion.text, suggestion);
  }
  return [...found.values()].slice(0, maxSuggestions);
}

/** An index that only begins with the fields serves a filter, but breaks ties of an order in its own way. */
function serves(index: IndexInfo, fields: readonly string[], plan: QueryPlan): boolean {
  const begins = fields.every((field, i) => index.fields[i] === field);
  return begins && (plan.order.length === 0 || index.declared === fields.length || plan.sorting === "index");
}

/** The conjunctions that an index would have to serve: the branches of the first OR, each with the rest. */
function branches(where: Predicate): Predicate[] {
  const { ors, literals } = takeApart(where);
  if (ors.length === 0 || ors[0]!.of.length > 8) return [where];
  const rest = where.kind === "and" ? where.of.filter((part) => part !== ors[0]) : [];
  // When the plain part pins an index by equality, the OR is a residual; otherwise each branch wants its own.
  return literals.size > 0 && ors.length > 1
    ? [where]
    : ors[0]!.of.flatMap((branch) => branches({ kind: "and", of: flat([...rest, branch]) }));
}
const flat = (parts: readonly Predicate[]): Predicate[] =>
  parts.flatMap((part) => (part.kind === "and" ? part.of : [part]));

function idealIndex(table: TableInfo, where: Predicate, plan: QueryPlan): string[] {
  const { literals, exists } = takeApart(where);
  const pinned: string[] = [];
  const several: string[] = [];
  const ranged: string[] = [];
  for (const [field, literal] of literals) {
    if (field === "_id" || isEverything(literal.set) || hidesSoftDeleted(table, literal)) continue;
    const points = literal.set.every(isPoint);
    if (points && literal.set.length === 1) pinned.push(field);
    else if (points && literal.set.length <= 128) several.push(field);
    else if (literal.tests.length === 0 || setShare(table, field, literal.set) < 0.5) ranged.push(field);
  }
  for (const filter of exists) {
    if (!filter.negated && pinned.length + several.length + ranged.length === 0)
      pinned.push(...filter.relation.from.filter((f) => f !== "_id"));
  }
  const order = orderRun(plan.order, new Set(pinned));
  ranged.sort(
    (a, b) => setShare(table, a, literals.get(a)!.set) - setShare(table, b, literals.get(b)!.set) || (a < b ? -1 : 1),
  );
  const tail =
    order.length > 0 && (order[0] === ranged[0] || ranged.length === 0 || plan.limit !== null)
      ? order
      : ranged.slice(0, 1);
  const fields = [...new Set([...pinned, ...several, ...tail])];
  while (fields[fields.length - 1] === "_creationTime") fields.pop();
  return fields.slice(0, maxFields);
}

/** The leading keys of the order that one index can deliver: those of one direction, without the tie-breakers. */
function orderRun(order: readonly OrderKey[], pinned: ReadonlySet<string>): string[] {
  const run: string[] = [];
  for (const key of order) {
    if (pinned.has(key.field)) continue;
    if (key.field === "_id" || key.direction !== order[0]!.direction) break;
    run.push(key.field);
  }
  return run;
}

/** Whether some residual could have been an index range. */
function servableResidual(table: TableInfo, plan: QueryPlan): boolean {
  const servable = (predicate: Predicate | null): boolean => {
    if (predicate === null || predicate === always) return false;
    if (predicate.kind === "field")
      return (
        !isEverything(predicate.set) &&
        !hidesSoftDeleted(table, predicate) &&
        setShare(table, predicate.field, predicate.set) < 0.5
      );
    return (predicate.kind === "and" || predicate.kind === "or") && predicate.of.some(servable);
  };
  return plan.probes.some((probe) => probe.kind === "range" && servable(probe.residual));
}

function toSuggestion(table: TableInfo, fields: readonly string[]): Suggestion {
  const base = `by_${fields.map((f) => f.replaceAll(".", "_")).join("_and_")}`;
  let name = base;
  for (let n = 2; table.indexes.some((index) => index.name === name); n++) name = `${base}_${n}`;
  return { table: table.name, fields, text: `.index(${JSON.stringify(name)}, ${JSON.stringify(fields)})` };
}
