import { OrmError } from "../../errors.js";
import type { Access } from "../../predicate/access.js";
import { normalize } from "../../predicate/normalize.js";
import { describe, parseWhere } from "../../predicate/parse.js";
import { always, and, type Predicate } from "../../predicate/types.js";
import { notDeleted } from "../../predicate/visible.js";
import { isPlainObject } from "../../predicate/values.js";
import { withOverrides, type Limits } from "../../planner/limits.js";
import { parseOrder } from "../../planner/order.js";
import { planRelation, type RelationPlan } from "../../planner/relation.js";
import type { RelationInfo, TableInfo } from "../../schema/catalog.js";
import type { Env } from "../env.js";
import { userScope } from "../select.js";

/** What a row of the result is made of. */
export interface RowShape {
  /** The fields that come back; null for all. */
  readonly columns: readonly string[] | null;
  readonly extras: readonly (readonly [string, (row: never) => unknown])[];
  readonly loads: readonly RelationLoad[];
}

/** One relation to load, with everything decided but the parents' keys. */
export interface RelationLoad extends RowShape {
  readonly relation: RelationInfo;
  readonly target: TableInfo;
  readonly limits: Limits;
  readonly plan: RelationPlan;
  readonly allowFullScan: boolean;
  /** The junction row comes along under `_through`. */
  readonly withJunction: boolean;
  /** `with -> posts -> comments` */
  readonly path: string;
}

const shapeKeys = ["columns", "extras", "with"];
const loadKeys = new Set([
  ...shapeKeys,
  "where",
  "orderBy",
  "limit",
  "offset",
  "through",
  "allowFullScan",
  "withDeleted",
]);

/** Parses `columns`, `extras` and `with` of a table's rows, and of all the relations below. */
export function parseShape(
  env: Env,
  access: Access,
  table: TableInfo,
  args: Readonly<Record<string, unknown>>,
  limits: Limits,
  path = "with",
  depth = 1,
): RowShape {
  return {
    columns: parseColumns(table, args["columns"], path),
    extras: parseExtras(table, args["extras"], path),
    loads: parseLoads(env, access, table, args["with"], limits, path, depth),
  };
}

export function parseColumns(table: TableInfo, columns: unknown, path: string): readonly string[] | null {
  if (columns === undefined) return null;
  const at = path === "with" ? "columns" : `${path} -> columns`;
  const invalid = (message: string, hint: string): OrmError =>
    new OrmError("INVALID_VALUE", message, { table: table.name, path: at, hint });
  if (!isPlainObject(columns))
    throw invalid(`columns are an object, not ${describe(columns)}`, "Write { title: true }.");
  const names = Object.keys(columns);
  for (const name of names) {
    if (table.field(name) === null)
      throw invalid(`"${name}" is no field of "${table.name}"`, "Check the spelling against the schema.");
    if (columns[name] !== true)
      throw invalid(
        `the column "${name}" is set to ${describe(columns[name])}`,
        "Columns are named with true only; leave the others out.",
      );
  }
  return names;
}

export function parseExtras(table: TableInfo, extras: unknown, path: string): RowShape["extras"] {
  if (extras === undefined) return [];
  const at = path === "with" ? "extras" : `${path} -> extras`;
  const entries = isPlainObject(extras) ? Object.entries(extras) : null;
  if (entries === null || entries.some(([, make]) => typeof make !== "function")) {
    throw new OrmError("INVALID_VALUE", "extras are functions of the row", {
      table: table.name,
      path: at,
      hint: "Write { slug: (row) => row.title.toLowerCase() }.",
    });
  }
  return entries as [string, (row: never) => unknown][];
}

function parseLoads(
  env: Env,
  access: Access,
  table: TableInfo,
  loads: unknown,
  limits: Limits,
  path: string,
  depth: number,
): readonly RelationLoad[] {
  if (loads === undefined) return [];
  if (!isPlainObject(loads)) {
    throw new OrmError("INVALID_VALUE", `with takes an object of relations, not ${describe(loads)}`, {
      table: table.name,
      path,
    });
  }
  return Object.entries(loads).map(([name, value]) => {
    const at = `${path} -> ${name}`;
    const relation = Object.hasOwn(table.relations, name) ? table.relations[name] : undefined;
    if (relation === undefined) {
      const known = Object.keys(table.relations);
      throw new OrmError("INVALID_VALUE", `"${name}" is no relation of "${table.name}"`, {
        table: table.name,
        path: at,
        hint:
          known.length === 0
            ? `Define it in defineRelations under ${table.name}.`
            : `Its relations: ${known.join(", ")}.`,
      });
    }
    if (depth > limits.relationDepth) {
      throw new OrmError("RELATION_DEPTH", `relations are loaded ${limits.relationDepth} levels deep at most`, {
        table: table.name,
        path: at,
        limit: "relationDepth",
        allowed: limits.relationDepth,
        hint: "Load the deeper level with a query of its own, or raise relationDepth.",
      });
    }
    return parseLoad(env, access, relation, value, limits, at, depth);
  });
}

function parseLoad(
  env: Env,
  access: Access,
  relation: RelationInfo,
  value: unknown,
  outer: Limits,
  path: string,
  depth: number,
): RelationLoad {
  const invalid = (message: string, at: string, hint: string): OrmError =>
    new OrmError("INVALID_VALUE", message, { table: relation.table, path: at, hint });
  if (value !== true && !isPlainObject(value)) {
    throw invalid(
      `a relation to load is true or an object, not ${describe(value)}`,
      path,
      "Leave the key out for a relation that is not wanted.",
    );
  }
  const args = value === true ? {} : value;
  const limits = withOverrides(outer, args);
  for (const key of Object.keys(args)) {
    if (!loadKeys.has(key) && !(key in limits))
      throw invalid(`unknown key "${key}"`, `${path} -> ${key}`, `Keys: ${[...loadKeys].join(", ")}, and limits.`);
  }
  const flag = (name: string): boolean => {
    const given = args[name];
    if (given !== undefined && typeof given !== "boolean")
      throw invalid(`${name} must be true or false`, `${path} -> ${name}`, "Pass a boolean.");
    return given === true;
  };
  const count = (name: string): number | null => {
    const given = args[name];
    if (given === undefined) return null;
    if (typeof given === "number" && Number.isInteger(given) && given >= 0) return given;
    throw invalid(`${name} must be a whole number, 0 or more`, `${path} -> ${name}`, "Pass a number.");
  };
  const { catalog } = env;
  const target = catalog.tables[relation.target]!;
  const withJunction = flag("through");
  if (withJunction && relation.through === null) {
    throw invalid(
      `"${relation.name}" goes through no junction`,
      `${path} -> through`,
      "Only relations with a junction have junction rows.",
    );
  }
  if (relation.kind === "one" && (args["limit"] !== undefined || args["offset"] !== undefined)) {
    throw invalid(`"${relation.name}" leads to one row: it takes no limit and no offset`, path, "Leave them out.");
  }
  const scope = userScope(env, access);
  const seen = access.using(target, "select");
  const conditions: Predicate[] = [seen.predicate];
  if (!flag("withDeleted")) conditions.push(notDeleted(target));
  if (relation.where !== null) {
    conditions.push(parseWhere(scope, target, relation.where, `relations -> ${relation.table} -> ${relation.name}`));
  }
  if ("where" in args) conditions.push(parseWhere(scope, target, args["where"], `${path} -> where`));
  const shape = parseShape(env, access, target, args, limits, path, depth + 1);
  const plan = planRelation(catalog, {
    relation,
    where: normalize(and(...conditions)),
    junction: relation.through === null ? always : normalize(scope.visible(catalog.tables[relation.through.table]!)),
    order: parseOrder(target, args["orderBy"], `${path} -> orderBy`),
    limit: count("limit"),
    offset: count("offset") ?? 0,
    limits,
    path,
    dropped: seen.dropped,
    loads: shape.loads.map((load) => load.plan),
  });
  return { relation, target, limits, plan, allowFullScan: flag("allowFullScan"), withJunction, path, ...shape };
}
