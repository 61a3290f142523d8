import { jsonToConvex, type Value } from "convex/values";
import { OrmError, type OrmErrorData } from "../errors.js";
import type { IdTest } from "../predicate/ids.js";
import { sessionOperand } from "../predicate/operators.js";
import { parseWhere, type ParseScope } from "../predicate/parse.js";
import type { Predicate } from "../predicate/types.js";
import { notDeleted } from "../predicate/visible.js";
import { canonical, isPlainObject } from "../predicate/values.js";
import type { Catalog, TableInfo } from "../schema/catalog.js";

/** Which of a policy's two filters. */
export type Clause = "using" | "withCheck";

/** The session's variables, as `session` of the options returned them. */
export type SessionVariables = Readonly<Record<string, unknown>>;

/** `posts.own`: how plans, results and messages name a policy. */
export const policyName = (table: string, name: string): string => `${table}.${name}`;

/** `policies -> posts -> own -> using`: where an error stands. */
export const clausePath = (table: string, name: string, clause: Clause): string =>
  `policies -> ${table} -> ${name} -> ${clause}`;

/**
 * Parses a policy's filter; `session` is `"any"` to check it against the schema alone. Without `isId`, operands of `_id`
 * are compared as texts, whatever they are.
 */
export function parseClause(
  catalog: Catalog,
  table: TableInfo,
  name: string,
  clause: Clause,
  where: unknown,
  session: SessionVariables | "any",
  isId?: IdTest,
): Predicate {
  const scope: ParseScope = {
    catalog,
    code: "INVALID_POLICY",
    // Relation filters of a policy look at all rows but the soft-deleted, whatever the session may see.
    visible: notDeleted,
    session,
    policies: [policyName(table.name, name)],
    unrestricted: true,
    isId,
  };
  return parseWhere(scope, table, where, clausePath(table.name, name, clause));
}

interface StoredClause {
  readonly where: unknown;
  /** The session variables that the filter names, sorted. */
  readonly variables: readonly string[];
  /** What is wrong with it under this schema, or null. Data, since the platform rewrites an error that it is thrown. */
  readonly error: OrmErrorData | null;
}

/** Clauses by place and text, for each schema: a policy is decoded and validated once, not once a run. */
const stored = new WeakMap<Catalog, Map<string, StoredClause>>();
const maxStored = 2_000;

/** Decodes a stored filter and validates it against the schema as it is now. */
export function decodeClause(
  catalog: Catalog,
  table: TableInfo,
  name: string,
  clause: Clause,
  text: string,
): StoredClause {
  let known = stored.get(catalog);
  if (known === undefined) stored.set(catalog, (known = new Map()));
  const key = JSON.stringify([table.name, name, clause, text]);
  let found = known.get(key);
  if (found === undefined) {
    if (known.size >= maxStored) known.clear();
    known.set(key, (found = readClause(catalog, table, name, clause, text)));
  }
  return found;
}

function readClause(catalog: Catalog, table: TableInfo, name: string, clause: Clause, text: string): StoredClause {
  const where = whereOf(text);
  try {
    parseClause(catalog, table, name, clause, where, "any");
    return { where, variables: [...variablesOf(where)].sort(), error: null };
  } catch (error) {
    if (!(error instanceof OrmError)) throw error;
    return { where, variables: [], error: { ...error.data } };
  }
}

/** The filter of a stored text; the text itself where it is no JSON, which no filter is. */
export function whereOf(text: string): unknown {
  try {
    return jsonToConvex(JSON.parse(text));
  } catch {
    return text;
  }
}

/** The session variables that a filter names. */
export function variablesOf(where: unknown, into = new Set<string>()): Set<string> {
  const variable = sessionOperand(where);
  if (variable !== null) into.add(variable);
  else if (Array.isArray(where)) for (const part of where) variablesOf(part, into);
  else if (isPlainObject(where)) for (const part of Object.values(where)) variablesOf(part, into);
  return into;
}

/**
 * A session variable as a document would hold it. Undefined is null: both are unknown.
 *
 * @throws OrmError `INVALID_POLICY` when it is no Convex value.
 */
export function variableValue(name: string, value: unknown): Value {
  try {
    const stored = Array.isArray(value) ? value.map((item: unknown) => item ?? null) : (value ?? null);
    return canonical(stored as Value);
  } catch {
    throw new OrmError("INVALID_POLICY", `the session variable "${name}" is no Convex value`, {
      path: `session -> ${name}`,
      hint: "Return values that a document could hold.",
    });
  }
}
