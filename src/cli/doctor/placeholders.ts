import { sessionOperand, type OperatorName } from "../../client/predicate/operators.js";
import { isPlainObject } from "../../client/predicate/values.js";
import { typeBit, type Catalog, type TableInfo } from "../../client/schema/catalog.js";

/** Operators that take a list. */
const listOperators: ReadonlySet<string> = new Set([
  "in",
  "notIn",
  "between",
  "notBetween",
  "arrayContains",
  "arrayContained",
  "arrayOverlaps",
] satisfies OperatorName[]);

/**
 * A value for each session variable that a policy's filter names, of a type that its field can hold: a plan does not
 * depend on the value of an equality, so that any stands for all sessions.
 */
export function placeholders(catalog: Catalog, table: TableInfo, where: unknown): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  visit(catalog, table, where, found);
  return found;
}

function visit(catalog: Catalog, table: TableInfo, where: unknown, found: Record<string, unknown>): void {
  if (!isPlainObject(where)) return;
  for (const [key, value] of Object.entries(where)) {
    const relation = Object.hasOwn(table.relations, key) ? table.relations[key]! : null;
    if (key === "AND" || key === "OR") for (const part of value as unknown[]) visit(catalog, table, part, found);
    else if (key === "NOT") visit(catalog, table, value, found);
    else if (relation !== null) visit(catalog, catalog.tables[relation.target]!, value, found);
    else operand(value, sample(table, key), false, found);
  }
}

function operand(value: unknown, one: unknown, list: boolean, found: Record<string, unknown>): void {
  const variable = sessionOperand(value);
  if (variable !== null) found[variable] = list ? [one, one] : one;
  else if (Array.isArray(value)) for (const item of value) operand(item, one, false, found);
  else if (isPlainObject(value)) {
    for (const [operator, inner] of Object.entries(value)) operand(inner, one, listOperators.has(operator), found);
  }
}

function sample(table: TableInfo, path: string): unknown {
  const types = table.field(path)?.types ?? typeBit.string;
  if ((types & typeBit.string) !== 0) return "session";
  if ((types & typeBit.float64) !== 0) return 0;
  if ((types & typeBit.int64) !== 0) return 0n;
  return (types & typeBit.boolean) !== 0 ? true : "session";
}
