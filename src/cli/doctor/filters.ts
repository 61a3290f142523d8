import { OrmError } from "../../client/errors.js";
import { parseWhere, type ParseScope } from "../../client/predicate/parse.js";
import { notDeleted } from "../../client/predicate/visible.js";
import type { Catalog, TableInfo } from "../../client/schema/catalog.js";
import type { Finding } from "../findings.js";

/**
 * Checks and standing filters, parsed as they will be when they are first used: at a cold start the client looks at
 * their keys alone.
 */
export function filters(catalog: Catalog): Finding[] {
  return Object.values(catalog.tables).flatMap((table) => [
    ...Object.entries(table.rules.checks).flatMap(([name, filter]) =>
      parsed(catalog, table, table, filter, `tables -> ${table.name} -> checks -> ${name}`),
    ),
    ...Object.values(table.relations).flatMap((relation) =>
      relation.where === null
        ? []
        : parsed(
            catalog,
            table,
            catalog.tables[relation.target]!,
            relation.where,
            `relations -> ${table.name} -> ${relation.name} -> where`,
          ),
    ),
  ]);
}

function parsed(catalog: Catalog, table: TableInfo, of: TableInfo, filter: unknown, path: string): Finding[] {
  const scope: ParseScope = { catalog, code: "INVALID_SCHEMA", visible: notDeleted, session: null, unrestricted: true };
  try {
    parseWhere(scope, of, filter, path);
    return [];
  } catch (error) {
    if (!(error instanceof OrmError)) throw error;
    return [refused("invalid-filter", table.name, error, path, "Mend the filter.")];
  }
}

/** A finding of severity `error`, from what was thrown. */
export function refused(
  rule: "invalid-filter" | "invalid-policy",
  table: string | null,
  error: { readonly data: { readonly message: string; readonly [key: string]: unknown } },
  path: string,
  remedy: string,
): Finding {
  const { message, path: place, hint } = error.data;
  return { rule, severity: "error", table, path: String(place ?? path), message, remedy: String(hint ?? remedy) };
}
