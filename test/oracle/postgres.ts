/**
 * The second judge: PostgreSQL itself, in process. Loads the rows of a data set and asks it the same question.
 *
 * Absent and null are both NULL there. Text columns have COLLATE "C", which is Convex's UTF-8 order. What differs on
 * purpose is kept out by the `portable` dialect of the arbitraries: -0 and 0 are one value in PostgreSQL, columns
 * have one type, ILIKE folds by the collation (ASCII only under "C") where the contract folds by `toLowerCase()`.
 */
import { PGlite } from "@electric-sql/pglite";
import { FIELDS, TABLES } from "../support/catalog.js";
import type { PgType } from "../support/catalog.js";
import { fieldsOf, TABLE_NAMES } from "./arbitrary.js";
import type { Stored } from "./arbitrary.js";
import { valueAt } from "./predicate.js";
import type { RelationMeta, Truth, Where } from "./predicate.js";
import type { Order } from "./query.js";

const COLUMNS: { readonly [table: string]: ReadonlyMap<string, PgType> } = Object.fromEntries(
  TABLE_NAMES.map((table) => [
    table,
    new Map<string, PgType>([
      ["_id", "text"],
      ["_creationTime", "float8"],
      ...fieldsOf(table, "portable").map(([path, spec]): [string, PgType] => [path, spec.pg!]),
    ]),
  ]),
);

const name = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`;

/** A value as an SQL literal of a column's type. */
function literal(value: unknown, type: PgType): string {
  if (value === null || value === undefined) return `NULL::${type}`;
  if (Array.isArray(value)) {
    const element = type.slice(0, -2) as PgType;
    return `ARRAY[${value.map((item) => literal(item, element)).join(", ")}]::${type}`;
  }
  return `'${String(value).replaceAll("'", "''")}'::${type}`;
}

const COMPARISONS: { readonly [operator: string]: string } = {
  eq: "=",
  ne: "<>",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
  arrayContains: "@>",
  arrayContained: "<@",
  arrayOverlaps: "&&",
};
const PATTERNS: { readonly [operator: string]: string } = {
  like: "LIKE",
  notLike: "NOT LIKE",
  ilike: "ILIKE",
  notIlike: "NOT ILIKE",
};

function operatorSql(column: string, type: PgType, operator: string, operand: unknown): string {
  const value = (given: unknown): string => literal(given, type);
  if (operator in COMPARISONS) return `(${column} ${COMPARISONS[operator]} ${value(operand)})`;
  if (operator in PATTERNS) return `(${column} ${PATTERNS[operator]} ${value(operand)} ESCAPE '\\')`;
  switch (operator) {
    case "between":
    case "notBetween": {
      const [low, high] = operand as [unknown, unknown];
      const not = operator === "notBetween" ? "NOT " : "";
      return `(${column} ${not}BETWEEN ${value(low)} AND ${value(high)})`;
    }
    case "in":
    case "notIn": {
      const list = operand as unknown[];
      if (list.length === 0) return operator === "in" ? "FALSE" : "TRUE";
      return `(${column} ${operator === "in" ? "IN" : "NOT IN"} (${list.map(value).join(", ")}))`;
    }
    case "isNull":
      return `(${column} IS NULL)`;
    case "isNotNull":
      return `(${column} IS NOT NULL)`;
    case "startsWith":
      return `starts_with(${column}, ${value(operand)})`;
    case "endsWith":
      return `(right(${column}, char_length(${value(operand)})) = ${value(operand)})`;
    case "contains":
      return `(position(${value(operand)} IN ${column}) > 0)`;
    default:
      throw new Error(`postgres: no translation of "${operator}"`);
  }
}

const visible = (table: string, alias: string): string => {
  const { soft } = TABLES[table]!;
  return soft === undefined ? "TRUE" : `${alias}.${name(soft)} IS NULL`;
};
const keys = (left: string, leftFields: readonly string[], right: string, rightFields: readonly string[]): string =>
  leftFields.map((field, at) => `${left}.${name(field)} = ${right}.${name(rightFields[at]!)}`).join(" AND ");

function relationSql(relation: RelationMeta, alias: string, condition: unknown): string {
  const other = `${alias}_`;
  const junction = `${alias}j`;
  const { table, through } = relation;
  const from = through === undefined ? "" : `${name(through.table)} AS ${junction}, `;
  const join =
    through === undefined
      ? keys(alias, relation.from, other, relation.to)
      : `${keys(alias, relation.from, junction, through.from)} AND ${keys(junction, through.to, other, relation.to)} ` +
        `AND ${visible(through.table, junction)}`;
  const inner = condition === true ? "TRUE" : whereSql(table, condition as Where, other);
  return `EXISTS (SELECT 1 FROM ${from}${name(table)} AS ${other} WHERE ${join} AND ${visible(table, other)} AND ${inner})`;
}

const joined = (parts: readonly string[], glue: "AND" | "OR"): string =>
  parts.length === 0 ? (glue === "AND" ? "TRUE" : "FALSE") : `(${parts.join(` ${glue} `)})`;

/** A `where` as an SQL boolean expression over `alias`. */
export function whereSql(table: string, where: Where, alias: string): string {
  const inner = (part: unknown): string => whereSql(table, part as Where, alias);
  const parts = Object.entries(where).map(([key, condition]) => {
    if (key === "AND" || key === "OR") return joined((condition as unknown[]).map(inner), key);
    if (key === "NOT") return `(NOT ${inner(condition)})`;
    const relation = TABLES[table]!.relations[key];
    if (relation !== undefined) return relationSql(relation, alias, condition);
    const type = COLUMNS[table]!.get(key);
    if (type === undefined) throw new Error(`postgres: no column "${key}" in "${table}"`);
    const single = typeof condition !== "object" || condition === null || Array.isArray(condition);
    const operators = Object.entries(single ? { eq: condition } : condition);
    const column = `${alias}.${name(key)}`;
    return joined(
      operators.map(([operator, operand]) => operatorSql(column, type, operator, operand)),
      "AND",
    );
  });
  return joined(parts, "AND");
}

/**
 * The keys of an order that both sides sort alike: PostgreSQL ties absent and null, so a field must have only one of
 * the two (and a field of an optional object may be absent by its parent).
 */
export function sameOrder(table: string, order: Order | undefined): Order {
  return (order ?? []).filter((key) => {
    const path = Object.keys(key)[0]!;
    const spec = FIELDS[table]![path];
    return (
      spec === undefined || !spec.stored.includes(null) || !(spec.stored.includes(undefined) || path.includes("."))
    );
  });
}

/** Convex's order: NULLs first. */
export function orderSql(order: Order, alias: string): string {
  const given = order.flatMap((key) => Object.entries(key));
  const last = given.at(-1)?.[1] ?? "asc";
  const all = [...given, ["_creationTime", last] as const, ["_id", last] as const];
  return all
    .map(([field, way]) => `${alias}.${name(field)} ${way === "asc" ? "ASC NULLS FIRST" : "DESC NULLS LAST"}`)
    .join(", ");
}

export class Postgres {
  private constructor(private readonly db: PGlite) {}

  /** Starts an empty database with the tables of `schema.ts`. */
  static async start(): Promise<Postgres> {
    const db = await PGlite.create();
    for (const table of TABLE_NAMES) {
      const columns = [...COLUMNS[table]!].map(
        ([column, type]) => `${name(column)} ${type}${type.startsWith("text") ? ' COLLATE "C"' : ""}`,
      );
      await db.exec(`CREATE TABLE ${name(table)} (${columns.join(", ")})`);
    }
    return new Postgres(db);
  }

  /** Replaces all rows. */
  async load(rows: Stored): Promise<void> {
    await this.db.exec(`TRUNCATE ${TABLE_NAMES.map(name).join(", ")}`);
    for (const table of TABLE_NAMES) {
      const columns = [...COLUMNS[table]!];
      const tuples = (rows[table] ?? []).map(
        (row) => `(${columns.map(([path, type]) => literal(valueAt(row, path), type)).join(", ")})`,
      );
      if (tuples.length > 0) await this.db.exec(`INSERT INTO ${name(table)} VALUES ${tuples.join(", ")}`);
    }
  }

  /** The three-valued answer for every row: its `_id` and true, false or null. */
  async truths(table: string, where: Where): Promise<Map<string, Truth>> {
    const sql = `SELECT t."_id" AS id, ${whereSql(table, where, "t")} AS truth FROM ${name(table)} AS t`;
    const { rows } = await this.db.query<{ id: string; truth: Truth }>(sql);
    return new Map(rows.map(({ id, truth }) => [id, truth]));
  }

  /** The ids of the rows that a query returns, in order. */
  async ids(query: {
    table: string;
    where?: Where;
    orderBy?: Order;
    limit?: number;
    offset?: number;
  }): Promise<string[]> {
    const sql =
      `SELECT t."_id" AS id FROM ${name(query.table)} AS t ` +
      `WHERE ${visible(query.table, "t")} AND ${whereSql(query.table, query.where ?? {}, "t")} ` +
      `ORDER BY ${orderSql(query.orderBy ?? [], "t")}` +
      (query.limit === undefined ? "" : ` LIMIT ${query.limit}`) +
      (query.offset === undefined ? "" : ` OFFSET ${query.offset}`);
    return (await this.db.query<{ id: string }>(sql)).rows.map(({ id }) => id);
  }

  async stop(): Promise<void> {
    await this.db.close();
  }
}
