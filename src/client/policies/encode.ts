import { convexToJson, type Value } from "convex/values";
import { OrmError } from "../errors.js";
import { describe } from "../predicate/parse.js";
import { isPlainObject } from "../predicate/values.js";
import type { Catalog, TableInfo } from "../schema/catalog.js";
import { clausePath, parseClause, whereOf } from "./clause.js";

const policyKeys = ["as", "for", "to", "using", "withCheck"] as const;

/** A policy as the component takes it, its filters as JSON text. */
export interface EncodedPolicy {
  as?: string;
  for: string;
  to?: string[];
  using?: string;
  withCheck?: string;
}

/**
 * Validates a policy against the schema and turns it into what the component stores. The component checks the rest:
 * the command, the kind, and which of the two filters the command takes.
 *
 * @throws OrmError `INVALID_POLICY` with the place, such as `policies -> posts -> own -> using -> authorId`.
 */
export function encodePolicy(catalog: Catalog, tableName: string, name: string, policy: unknown): EncodedPolicy {
  const path = `policies -> ${tableName} -> ${name}`;
  const fail = (message: string, hint: string, at = path): never => {
    throw new OrmError("INVALID_POLICY", message, { table: tableName, path: at, hint });
  };
  const table = tableOf(catalog, tableName, `policies -> ${tableName}`);
  if (name === "") fail("a policy needs a name", "Name it; names are unique in a table.");
  if (!isPlainObject(policy))
    return fail(`a policy is an object, not ${describe(policy)}`, 'Write { for: "all", using: {...} }.');
  for (const key of Object.keys(policy)) {
    if (!policyKeys.some((known) => known === key)) {
      fail(`a policy has no "${key}"`, `Its keys: ${policyKeys.join(", ")}.`, `${path} -> ${key}`);
    }
  }
  const { as, for: command, to, using, withCheck } = policy;
  if (typeof command !== "string")
    fail("a policy says what it is for", 'Write for: "all", or one command.', `${path} -> for`);
  if (as !== undefined && typeof as !== "string")
    fail('`as` is "permissive" or "restrictive"', "Leave it out for permissive.");
  if (to !== undefined && !(Array.isArray(to) && to.every((role) => typeof role === "string"))) {
    fail("`to` is a list of role names", 'Write to: ["member"], or leave it out for everyone.', `${path} -> to`);
  }
  const text = (clause: "using" | "withCheck", given: unknown): string => {
    const where = typeof given === "string" ? whereOf(given) : given;
    parseClause(catalog, table, name, clause, where, "any");
    try {
      return JSON.stringify(convexToJson(where as Value));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return fail(
        `the filter cannot be stored: ${reason}`,
        "Use values that a document could hold.",
        clausePath(tableName, name, clause),
      );
    }
  };
  return {
    for: command as string,
    ...(as !== undefined && { as: as as string }),
    ...(to !== undefined && { to: to as string[] }),
    ...(using !== undefined && { using: text("using", using) }),
    ...(withCheck !== undefined && { withCheck: text("withCheck", withCheck) }),
  };
}

/** The table of this name. @throws OrmError `INVALID_POLICY` when the schema has none. */
export function tableOf(catalog: Catalog, name: string, path: string): TableInfo {
  if (Object.hasOwn(catalog.tables, name)) return catalog.tables[name]!;
  throw new OrmError("INVALID_POLICY", `There is no table "${name}" in the schema`, {
    table: name,
    path,
    hint: `Tables: ${Object.keys(catalog.tables).join(", ")}.`,
  });
}
