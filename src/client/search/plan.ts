import { predicateText, valueText } from "../planner/describe.js";
import { residualOf, takeApart } from "../planner/paths.js";
import { deepFreeze, type PlanRequest, type QueryPlan } from "../planner/plan.js";
import { policyNames } from "../planner/policies.js";
import { isPoint } from "../predicate/sets.js";
import { never, type Predicate } from "../predicate/types.js";
import type { Stored } from "../predicate/values.js";
import type { TableInfo } from "../schema/catalog.js";
import { mostResults, type SearchRequest } from "./parse.js";

/** How the platform is asked, and what is left to test on each result. */
export interface SearchSource {
  readonly index: string;
  readonly field: string;
  readonly query: string;
  /** Equalities that the index itself decides. */
  readonly eq: readonly (readonly [field: string, value: Stored])[];
  readonly residual: Predicate | null;
}

/** A plan without probes: its rows come from a search index, in relevance order. */
export interface SearchPlan extends QueryPlan {
  readonly search: SearchSource;
}

/** The platform takes this many filters in one search. */
const mostFilters = 8;

/** Plans a search: equalities on filter fields go into the index, those of `filters` first; the rest is residual. */
export function planSearch(
  table: TableInfo,
  { index, query, filters }: SearchRequest,
  request: PlanRequest,
): SearchPlan {
  const { where, limit, offset, pageSize } = request;
  const conjunction = takeApart(where);
  const eq: (readonly [string, Stored])[] = [];
  for (const field of new Set([...Object.keys(filters), ...index.filterFields])) {
    const set = conjunction.literals.get(field)?.set ?? [];
    const [part] = set;
    if (eq.length < mostFilters && set.length === 1 && isPoint(part!)) eq.push([field, part!.lower!.value]);
  }
  const residual = residualOf(conjunction, new Set(eq.map(([field]) => field)));
  const wanted = limit === null ? pageSize : offset + limit;
  const most = residual === null && wanted !== undefined ? Math.min(mostResults, wanted) : mostResults;
  const all = policyNames(where);
  const filter = policyNames(residual);
  const empty = where === never;
  return deepFreeze({
    kind: "query",
    table: table.name,
    probes: [],
    combine: empty ? "none" : "single",
    overlapping: false,
    order: [],
    sorting: "any",
    delivered: 0,
    limit,
    offset,
    keySets: [],
    scan: "bounded",
    refusal: null,
    estimate: { documents: empty ? 0 : most, queries: empty ? 0 : 1, rows: empty ? 0 : most },
    policies: {
      bound: [...all].filter((name) => !filter.has(name)),
      filter: [...filter],
      dropped: request.dropped ?? [],
    },
    where,
    search: { index: index.name, field: index.searchField, query, eq, residual },
  } satisfies SearchPlan);
}

/** `search search_body "text" (lang = "en")`, and the residual: lines for `explain`. */
export function searchLines({ index, query, eq, residual }: SearchSource): string[] {
  const filters = eq.map(([field, value]) => `${field} = ${valueText(value)}`).join(", ");
  const head = `search ${index} ${JSON.stringify(query)}${filters === "" ? "" : ` (${filters})`} by relevance`;
  return residual === null ? [head] : [head, `   └─ residual ${predicateText(residual)}`];
}

/** The search index that would decide more of the residual's equalities, as a line for the schema; null for none. */
export function betterIndex(table: TableInfo, { search: { index, residual } }: SearchPlan): string | null {
  if (residual === null) return null;
  const { searchField, filterFields } = table.searchIndexes.find((known) => known.name === index)!;
  const more: string[] = [];
  for (const [field, { set }] of takeApart(residual).literals) {
    if (set.length === 1 && isPoint(set[0]!) && !filterFields.includes(field)) more.push(field);
  }
  if (more.length === 0) return null;
  const fields = JSON.stringify([...filterFields, ...more]);
  return `.searchIndex("${index}", { searchField: "${searchField}", filterFields: ${fields} })`;
}
