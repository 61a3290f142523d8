import type { RelationInfo } from "./catalog.js";
import { fieldNamed, invalidSchema, objectAt, type BaseTable } from "./tables.js";

/** A table with its relations: enough to tell what the keys of a filter mean. */
export type FilteredTable = BaseTable & { readonly relations: Readonly<Record<string, RelationInfo>> };

/**
 * Checks that every key of a filter in the schema's options names something, through `AND`, `OR`, `NOT` and relations.
 * Operators and operands are checked when the filter is first parsed: parsing is not for every cold start.
 *
 * @throws OrmError `INVALID_SCHEMA`.
 */
export function checkFilterKeys(
  tables: Readonly<Record<string, FilteredTable>>,
  table: FilteredTable,
  filter: unknown,
  path: string,
): void {
  for (const [key, value] of Object.entries(objectAt(filter, path, "A filter is an object, as in `where`."))) {
    if (key === "AND" || key === "OR") {
      if (!Array.isArray(value)) throw invalidSchema(`${key} takes a list of filters`, path, `Write ${key}: [...].`);
      value.forEach((part, i) => checkFilterKeys(tables, table, part, `${path} -> ${key}[${i}]`));
    } else if (key === "NOT") {
      checkFilterKeys(tables, table, value, `${path} -> NOT`);
    } else if (Object.hasOwn(table.relations, key)) {
      if (value === true) continue;
      checkFilterKeys(tables, tables[table.relations[key]!.target]!, value, `${path} -> ${key}`);
    } else {
      fieldNamed(table, key, `${path} -> ${key}`);
      if (value === undefined || value === null) {
        throw invalidSchema(`${String(value)} is no condition`, `${path} -> ${key}`, "Write { isNull: true }.");
      }
    }
  }
}
