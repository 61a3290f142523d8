import type { Value } from "convex/values";
import { OrmError, type OrmErrorCode } from "../errors.js";
import type { Catalog, FieldInfo, RelationInfo, TableInfo } from "../schema/catalog.js";
import { elementTypes } from "../schema/fields.js";
import type { IdTest } from "./ids.js";
import { isOperator, operators, sessionOperand, type OperandReader } from "./operators.js";
import { point } from "./sets.js";
import { always, and, never, not, unknown, type FieldPredicate, type Predicate } from "./types.js";
import { canonical, hasLoneSurrogate, isPlainObject, typeMask, typeOf } from "./values.js";

/** Where a filter stands, which decides what it may hold and how its errors read. */
export interface ParseScope {
  readonly catalog: Catalog;
  readonly code: Extract<OrmErrorCode, "INVALID_WHERE" | "INVALID_POLICY" | "INVALID_SCHEMA">;
  /** What a related row must pass to be seen: policies, and being not soft-deleted. */
  readonly visible: (table: TableInfo) => Predicate;
  /** The session's variables; null where session operands are refused; `"any"` to validate without values. */
  readonly session: Readonly<Record<string, unknown>> | "any" | null;
  /** The policies that the filter is part of. */
  readonly policies?: readonly string[];
  /** Relation filters look at all rows: inside policies. */
  readonly unrestricted: boolean;
  /** Absent where no database is at hand. */
  readonly isId?: IdTest | undefined;
}

/** Deeper filters are refused rather than walked: the stack is the limit. */
const maxDepth = 200;

/**
 * Parses a filter as users write it into a predicate. Throws `scope.code` with the place for anything that the
 * contract's section 3 does not allow; nothing is ignored.
 */
export function parseWhere(scope: ParseScope, table: TableInfo, where: unknown, path: string, depth = 0): Predicate {
  const fail = (message: string, hint?: string, at = path): never => {
    throw new OrmError(scope.code, message, { table: table.name, path: at, ...(hint === undefined ? {} : { hint }) });
  };
  if (depth > maxDepth) return fail(`the filter nests deeper than ${maxDepth} levels`);
  if (!isPlainObject(where)) {
    return fail(`a filter is an object, not ${describe(where)}`, "For every row write {}.");
  }
  const parts: Predicate[] = [];
  for (const [key, value] of Object.entries(where)) {
    const at = `${path} -> ${key}`;
    if (key === "AND" || key === "OR") {
      if (!Array.isArray(value)) return fail(`${key} takes a list of filters, not ${describe(value)}`, undefined, at);
      const of = value.map((part, i) => parseWhere(scope, table, part, `${at}[${i}]`, depth + 1));
      parts.push(of.length === 1 ? of[0]! : { kind: key === "AND" ? "and" : "or", of });
    } else if (key === "NOT") {
      parts.push(not(parseWhere(scope, table, value, at, depth + 1)));
    } else if (Object.hasOwn(table.relations, key)) {
      parts.push(parseRelation(scope, table.relations[key]!, value, at, depth));
    } else {
      const field = table.field(key);
      if (field === null) return fail(...unknownKey(table, key));
      parts.push(parseField(scope, table, field, value, at));
    }
  }
  return parts.length === 0 ? always : and(...parts);
}

function parseRelation(
  scope: ParseScope,
  relation: RelationInfo,
  value: unknown,
  path: string,
  depth: number,
): Predicate {
  const target = scope.catalog.tables[relation.target]!;
  if (value !== true && !isPlainObject(value)) {
    throw new OrmError(scope.code, `a relation takes a filter or true, not ${describe(value)}`, {
      table: relation.table,
      path,
      hint: `For rows without one write NOT: { ${relation.name}: true }.`,
    });
  }
  const conditions = [scope.visible(target)];
  // A relation's standing filter is the schema's, not the caller's: it holds no session variable.
  if (relation.where !== null) {
    const own: ParseScope = { ...scope, session: null };
    conditions.push(
      parseWhere(own, target, relation.where, `relations -> ${relation.table} -> ${relation.name}`, depth + 1),
    );
  }
  if (value !== true) conditions.push(parseWhere(scope, target, value, path, depth + 1));
  return {
    kind: "exists",
    relation,
    where: and(...conditions),
    junction: relation.through === null ? always : scope.visible(scope.catalog.tables[relation.through.table]!),
    negated: false,
    unrestricted: scope.unrestricted,
    ...(scope.policies === undefined ? {} : { policies: scope.policies }),
  };
}

function parseField(scope: ParseScope, table: TableInfo, field: FieldInfo, value: unknown, path: string): Predicate {
  const read = operandReader(scope, table, field, path);
  if (scope.session !== null && sessionOperand(value) !== null) return operators.eq(read, value);
  if (!isPlainObject(value)) return operators.eq(read, value);
  const parts: Predicate[] = [];
  for (const [name, operand] of Object.entries(value)) {
    if (!isOperator(name)) {
      const reader = operandReader(scope, table, field, `${path} -> ${name}`);
      if (name === "session") reader.fail("session variables may stand in policies only");
      return reader.fail(
        `unknown operator "${name}"`,
        `Operators: ${Object.keys(operators).join(", ")}. An object value is written { eq: {...} }.`,
      );
    }
    parts.push(operators[name](operandReader(scope, table, field, `${path} -> ${name}`), operand));
  }
  if (parts.length === 0)
    return read.fail("an empty object is no condition", "Leave the field out, or name an operator.");
  return and(...parts);
}

function operandReader(scope: ParseScope, table: TableInfo, field: FieldInfo, path: string): OperandReader {
  const fail = (message: string, hint?: string): never => {
    throw new OrmError(scope.code, message, { table: table.name, path, ...(hint === undefined ? {} : { hint }) });
  };
  const sessionValue = (name: string): unknown => {
    const variables = scope.session;
    if (variables === null) return fail("session variables may stand in policies only");
    if (variables === "any") return null;
    if (!Object.hasOwn(variables, name)) {
      throw new OrmError("INVALID_POLICY", `the session has no variable "${name}"`, {
        table: table.name,
        path,
        hint: "Return it from `session` (null when there is none), or change the policy.",
      });
    }
    return variables[name] ?? null;
  };
  const one = (operand: unknown, types: number): Value | null => {
    const variable = scope.session === null ? null : sessionOperand(operand);
    if (variable !== null) {
      const value = sessionValue(variable) as Value | null;
      return value === null ? null : checked(value, 255);
    }
    if (operand === undefined || operand === null) {
      return fail(
        `${operand === null ? "null" : "undefined"} is no operand: a comparison with it would never be true`,
        "For absent or null fields write { isNull: true }; leave the key out for no condition.",
      );
    }
    return checked(operand as Value, types);
  };
  const checked = (operand: Value, types: number): Value => {
    let value: Value;
    try {
      value = canonical(operand);
    } catch {
      return fail(`${describe(operand)} is no Convex value`);
    }
    if (hasLoneSurrogate(value)) return fail("the string holds a lone surrogate, which no stored string can");
    if ((typeMask(value) & types) === 0) {
      const hint = typeof value === "number" && types & 2 ? "int64 fields take bigint values, such as 5n." : undefined;
      return fail(`the field never holds a value of type ${typeOf(value)}`, hint);
    }
    return value;
  };
  return {
    types: field.types,
    elements: () => elementTypes(field),
    comparable: (value) => field.path !== "_id" || scope.isId === undefined || scope.isId(table.name, String(value)),
    fail,
    value: one,
    list(operand, types) {
      const variable = scope.session === null ? null : sessionOperand(operand);
      if (variable !== null) {
        const values = sessionValue(variable);
        if (values === null) return null;
        if (!Array.isArray(values)) return fail(`the session variable "${variable}" is no list`);
        return values.map((v: Value | null | undefined) => (v === null || v === undefined ? null : checked(v, 255)));
      }
      if (!Array.isArray(operand)) return fail(`a list is expected, not ${describe(operand)}`);
      return operand.map((v) => one(v, types));
    },
    literal(set, test, total = false): FieldPredicate {
      return {
        kind: "field",
        field: field.path,
        set,
        tests: test === undefined ? [] : [{ ...test, negated: false }],
        total,
        ...(scope.policies === undefined ? {} : { policies: scope.policies }),
      };
    },
  };
}

/** `{ a: 1, b: "x" }` as a predicate of equalities, for rows that are looked up by the values of a key. */
export function equalities(fields: readonly string[], values: readonly (Value | null | undefined)[]): Predicate {
  const parts = fields.map((field, i): Predicate => {
    const value = values[i];
    if (value === undefined || value === null) return unknown;
    return { kind: "field", field, set: point(value), tests: [], total: false };
  });
  return parts.length === 0 ? never : and(...parts);
}

function unknownKey(table: TableInfo, key: string): [string, string] {
  const relations = Object.keys(table.relations);
  const known = relations.length === 0 ? "" : ` Its relations: ${relations.join(", ")}.`;
  return [
    `"${key}" is neither a field nor a relation of "${table.name}"`,
    isOperator(key)
      ? `"${key}" is an operator: it stands under a field.`
      : `Check the spelling against the schema.${known}`,
  ];
}

export function describe(value: unknown): string {
  if (value === undefined || value === null || typeof value === "boolean" || typeof value === "number")
    return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  return Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}
