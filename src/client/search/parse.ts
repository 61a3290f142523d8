import { OrmError } from "../errors.js";
import { describe } from "../predicate/parse.js";
import { isPlainObject } from "../predicate/values.js";
import type { SearchIndexInfo, TableInfo } from "../schema/catalog.js";

/** `search` of a read, checked against the schema's search indexes. */
export interface SearchRequest {
  readonly index: SearchIndexInfo;
  readonly query: string;
  /** The explicit filters as a `where`: equalities, by field. */
  readonly filters: Readonly<Record<string, unknown>>;
}

/** The platform gives this many results of one search and throws past them. */
export const mostResults = 1_024;

const keys = ["index", "query", "filters"];

/**
 * Reads `search: { index, query, filters }`.
 *
 * @throws OrmError `INVALID_VALUE`, with the declared indexes or filter fields: the platform's stand-in for tests
 * checks neither.
 */
export function parseSearch(table: TableInfo, search: unknown): SearchRequest {
  const fail = (message: string, path: string, hint: string): never => {
    throw new OrmError("INVALID_VALUE", message, { table: table.name, path, hint });
  };
  const written = 'Write search: { index: "search_body", query: text }.';
  if (!isPlainObject(search)) return fail(`search takes an object, not ${describe(search)}`, "search", written);
  for (const key of Object.keys(search)) {
    if (!keys.includes(key)) return fail(`unknown key "${key}"`, `search -> ${key}`, `Keys: ${keys.join(", ")}.`);
  }
  const { index: name, query, filters = {} } = search;
  const index = table.searchIndexes.find((declared) => declared.name === name);
  if (index === undefined) {
    const declared = table.searchIndexes.map((known) => known.name).join(", ");
    return fail(
      `"${table.name}" has no search index ${typeof name === "string" ? `"${name}"` : describe(name)}`,
      "search -> index",
      declared === ""
        ? "Declare one in the schema with .searchIndex(name, { searchField })."
        : `Its search indexes: ${declared}.`,
    );
  }
  if (typeof query !== "string") return fail(`the query is ${describe(query)}, not a text`, "search -> query", written);
  if (!isPlainObject(filters)) {
    return fail(`filters are an object, not ${describe(filters)}`, "search -> filters", 'Write { lang: "en" }.');
  }
  return { index, query, filters: filterWhere(table, index.filterFields, filters, "search -> filters") };
}

/** Filters of a search or vector index as a `where`. @throws OrmError `INVALID_VALUE` for a field that it cannot filter. */
export function filterWhere(
  table: TableInfo,
  filterFields: readonly string[],
  filters: Readonly<Record<string, unknown>>,
  path: string,
): Readonly<Record<string, unknown>> {
  const where: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(filters)) {
    if (!filterFields.includes(field)) {
      const known =
        filterFields.length === 0
          ? "It has none: declare filterFields."
          : `Its filter fields: ${filterFields.join(", ")}.`;
      throw new OrmError("INVALID_VALUE", `the index cannot filter by "${field}"`, {
        table: table.name,
        path: `${path} -> ${field}`,
        hint: `${known} Any other condition stands in \`where\`.`,
      });
    }
    where[field] = { eq: value };
  }
  return where;
}
