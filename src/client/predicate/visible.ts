import type { TableInfo } from "../schema/catalog.js";
import { absentOrNull } from "./sets.js";
import { always, type Predicate } from "./types.js";

/** Rows that are not soft-deleted. */
export function notDeleted(table: TableInfo): Predicate {
  const soft = table.rules.softDelete;
  if (soft === null) return always;
  return { kind: "field", field: soft.field, set: absentOrNull, tests: [], total: true };
}
