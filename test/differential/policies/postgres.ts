/** The side that is right by definition: PostgreSQL in process, its policies made with CREATE POLICY. */
import { PGlite } from "@electric-sql/pglite";
import { byKey, canonical, COLUMNS, GROUPS, VARIABLES } from "./program.js";
import type {
  Changes,
  Doc,
  Field,
  Filter,
  Outcome,
  Policy,
  Program,
  Session,
  Side,
  Statement,
  Step,
} from "./program.js";

const name = (identifier: string): string => `"${identifier}"`;
type Type = (typeof COLUMNS)[Field] | "text[]";

/** A value or session variable as SQL. */
function operand(value: unknown, type: Type): string {
  if (value === null || value === undefined) return `NULL::${type}`;
  if (typeof value === "object" && "session" in value)
    return variable((value as { session: keyof typeof VARIABLES }).session);
  return `'${String(value)}'::${type}`;
}
const variable = (which: keyof typeof VARIABLES): string =>
  `NULLIF(current_setting('session.v_${which}'), 'null')::${VARIABLES[which]}`;

const COMPARISONS: Readonly<Record<string, string>> = { eq: "=", ne: "<>", gte: ">=", lt: "<" };

function conditionSql(column: string, type: Type, operator: string, given: unknown): string {
  const one = (value: unknown): string => operand(value, type);
  if (operator in COMPARISONS) return `${column} ${COMPARISONS[operator]} ${one(given)}`;
  switch (operator) {
    case "between": {
      const [low, high] = given as [unknown, unknown];
      return `${column} BETWEEN ${one(low)} AND ${one(high)}`;
    }
    case "in":
    case "notIn": {
      const not = operator === "notIn";
      if (!Array.isArray(given)) return `${column} ${not ? "<> ALL" : "= ANY"} (${operand(given, "text[]")})`;
      if (given.length === 0) return not ? "TRUE" : "FALSE";
      return `${column} ${not ? "NOT IN" : "IN"} (${given.map(one).join(", ")})`;
    }
    case "isNull":
      return `${column} IS NULL`;
    case "isNotNull":
      return `${column} IS NOT NULL`;
    default:
      throw new Error(`no SQL for "${operator}"`);
  }
}

const isOperand = (value: unknown): boolean => typeof value !== "object" || value === null || "session" in value;

/** A filter as an SQL condition on the columns that `at` qualifies. */
export function filterSql(filter: Filter, at = "docs", inGroups = false): string {
  const parts = Object.entries(filter).map(([key, value]): string => {
    if (key === "AND" || key === "OR") {
      const inner = (value as Filter[]).map((part) => filterSql(part, at));
      return inner.length === 0 ? (key === "AND" ? "TRUE" : "FALSE") : inner.join(` ${key} `);
    }
    if (key === "NOT") return `NOT ${filterSql(value as Filter, at)}`;
    if (key === "in_group") {
      const condition = value === true ? "TRUE" : filterSql(value as Filter, "g", true);
      return `EXISTS (SELECT 1 FROM groups AS g WHERE g.key = ${at}."group" AND ${condition})`;
    }
    const type: Type = inGroups ? "float8" : COLUMNS[key as Field];
    const operators = Object.entries(isOperand(value) ? { eq: value } : (value as object));
    return operators
      .map(([operator, given]) => `(${conditionSql(`${at}.${name(key)}`, type, operator, given)})`)
      .join(" AND ");
  });
  return parts.length === 0 ? "(TRUE)" : `(${parts.map((part) => `(${part})`).join(" AND ")})`;
}

function policySql(label: string, policy: Policy): string {
  const clauses = [
    `CREATE POLICY ${name(label)} ON docs AS ${policy.as} FOR ${policy.for}`,
    ...(policy.to === undefined
      ? []
      : [`TO ${policy.to.map((role) => (role === "public" ? "PUBLIC" : `role_${role}`)).join(", ")}`]),
    ...(policy.using === undefined ? [] : [`USING (${filterSql(policy.using)})`]),
    ...(policy.withCheck === undefined ? [] : [`WITH CHECK (${filterSql(policy.withCheck)})`]),
  ];
  return clauses.join(" ");
}

const columns = Object.keys(COLUMNS) as Field[];
const tuple = (row: Doc): string => `(${columns.map((field) => operand(row[field], COLUMNS[field])).join(", ")})`;
const insertSql = (rows: readonly Doc[]): string =>
  `INSERT INTO docs (${columns.map(name).join(", ")}) VALUES ${rows.map(tuple).join(", ")}`;
const setSql = (set: Changes): string =>
  (Object.keys(set) as Field[]).map((field) => `${name(field)} = ${operand(set[field], COLUMNS[field])}`).join(", ");

/**
 * A statement as SQL. UPDATE and DELETE always name a column, so that PostgreSQL asks for SELECT's policies as well:
 * without any column in WHERE or RETURNING it would not, where the contract always does.
 */
function statementSql(statement: Statement): string {
  const returning = "returning" in statement && statement.returning ? " RETURNING *" : "";
  const where = "where" in statement ? ` WHERE key IS NOT NULL AND ${filterSql(statement.where)}` : "";
  switch (statement.kind) {
    case "select":
      return `SELECT * FROM docs${where}`;
    case "update":
      return `UPDATE docs SET ${setSql(statement.set)}${where}${returning}`;
    case "delete":
      return `DELETE FROM docs${where}${returning}`;
    case "insert": {
      const { conflict } = statement;
      const target = conflict === null || (conflict.do === "nothing" && !conflict.target) ? "" : " (key)";
      const action = conflict?.do === "update" ? `DO UPDATE SET ${setSql(conflict.set)}` : "DO NOTHING";
      return insertSql(statement.rows) + (conflict === null ? "" : ` ON CONFLICT${target} ${action}`) + returning;
    }
  }
}

/** SQLSTATE: insufficient_privilege; unique_violation, cardinality_violation (a row upserted twice). */
const REFUSALS: Readonly<Record<string, "policy" | "unique">> = {
  "42501": "policy",
  "23505": "unique",
  "21000": "unique",
};

export class PostgresSide implements Side {
  private constructor(private readonly db: PGlite) {}

  static async start(): Promise<PostgresSide> {
    const db = await PGlite.create();
    const typed = columns.map(
      (field) => `${name(field)} ${COLUMNS[field]}${COLUMNS[field] === "text" ? ' COLLATE "C"' : ""}`,
    );
    const groups = GROUPS.map((group) => `('${group.key}', ${"level" in group ? group.level : "NULL"})`);
    const sessions = ["none", "a", "b", "a_b"].map((roles) => {
      const granted = roles === "none" ? [] : roles.split("_").map((role) => `GRANT role_${role} TO session_${roles};`);
      return `CREATE ROLE session_${roles}; GRANT ALL ON docs, groups TO session_${roles}; ${granted.join(" ")}`;
    });
    await db.exec(`
      CREATE TABLE docs (${typed.join(", ")}, UNIQUE (key));
      CREATE TABLE groups (key text, level float8);
      INSERT INTO groups VALUES ${groups.join(", ")};
      CREATE ROLE role_a; CREATE ROLE role_b;
      ${sessions.join("\n")}
      ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
      ALTER TABLE docs FORCE ROW LEVEL SECURITY;
    `);
    return new PostgresSide(db);
  }

  async begin(program: Program): Promise<void> {
    const old = await this.db.query<{ policyname: string }>(
      "SELECT policyname FROM pg_policies WHERE tablename = 'docs'",
    );
    const statements = old.rows.map((row) => `DROP POLICY ${name(row.policyname)} ON docs`);
    statements.push("TRUNCATE docs");
    if (program.rows.length > 0) statements.push(insertSql(program.rows));
    statements.push(...Object.entries(program.policies).map(([label, policy]) => policySql(label, policy)));
    await this.db.exec(statements.join(";\n"));
  }

  async run({ session, statement }: Step): Promise<Outcome> {
    await this.db.exec(sessionSql(session));
    try {
      const result = await this.db.query<Record<string, unknown>>(statementSql(statement));
      const gives = statement.kind === "select" || statement.returning;
      const count = statement.kind === "select" ? result.rows.length : (result.affectedRows ?? 0);
      return { count, rows: gives ? byKey(result.rows) : null };
    } catch (error) {
      const refused = REFUSALS[(error as { code?: string }).code ?? ""];
      if (refused === undefined) throw error;
      return { refused };
    } finally {
      await this.db.exec("RESET ROLE");
    }
  }

  async contents(): Promise<Doc[]> {
    const { rows } = await this.db.query<Record<string, unknown>>("SELECT * FROM docs ORDER BY key");
    return rows.map(canonical);
  }

  async stop(): Promise<void> {
    await this.db.close();
  }
}

function sessionSql(session: Session): string {
  const list = session.owners === null ? "null" : `{${session.owners.map((owner) => owner ?? "NULL").join(",")}}`;
  const settings = { user: session.user ?? "null", level: session.level ?? "null", owners: list };
  const roles = session.roles.length === 0 ? "none" : [...session.roles].sort().join("_");
  return [
    ...Object.entries(settings).map(([key, value]) => `SET session.v_${key} = '${value}'`),
    `SET ROLE session_${roles}`,
  ].join("; ");
}
