/** The PostgreSQL side: the same graph as tables with constraints, the same statements as SQL. */
import { PGlite } from "@electric-sql/pglite";
import { columnsOf, fkColumns, tableName, targetColumns, type Graph, type Operation } from "./foreign-keys-program.js";

export type Tables = Record<string, Record<string, number | null>[]>;

/** What a statement comes to: the SQLSTATE of its refusal, or null and the tables that it leaves. */
export interface Outcome {
  readonly code: string | null;
  readonly tables: Tables;
}

/** What may be told to {@link PostgresGraph.create} beside the graph. */
export interface Variant {
  /** In which order the constraints are declared, and so their triggers fire; each once. */
  readonly constraints?: readonly number[];
  /** Foreign keys whose default references no row. */
  readonly orphaned?: ReadonlySet<number>;
}
/** A key that no row has. */
const nowhere = 77;

export class PostgresGraph {
  private count = 0;
  private constructor(private readonly db: PGlite) {}

  static async start(): Promise<PostgresGraph> {
    return new PostgresGraph(await PGlite.create());
  }
  stop(): Promise<void> {
    return this.db.close();
  }

  /**
   * @param deferred `restrict` becomes a deferred `no action`: PostgreSQL judges RESTRICT in the middle of a cascade,
   * in the order in which its triggers happen to fire; the ORM judges it on the tables as the statement leaves them.
   */
  async create(graph: Graph, deferred: boolean, { constraints, orphaned }: Variant = {}): Promise<void> {
    const defaultOf = (column: string): string => {
      const isOrphaned = graph.references.some(
        (each, i) => orphaned?.has(i) === true && fkColumns(each, i).includes(column),
      );
      return column.startsWith("f") ? ` DEFAULT ${isOrphaned ? nowhere : 0}` : "";
    };
    const [last, schema] = [`s${this.count}`, `s${++this.count}`];
    const sql = [`DROP SCHEMA IF EXISTS ${last} CASCADE`, `CREATE SCHEMA ${schema}`, `SET search_path TO ${schema}`];
    for (let table = 0; table < graph.tables; table++) {
      const columns = columnsOf(graph, table).map((column) => `${column} int${defaultOf(column)}`);
      sql.push(
        `CREATE TABLE ${tableName(table)} (id int PRIMARY KEY, ${columns.join(", ")}, UNIQUE (k), UNIQUE (a, b))`,
      );
    }
    for (const i of constraints ?? graph.references.keys()) {
      const each = graph.references[i]!;
      const action = (name: string): string => (deferred && name === "restrict" ? "no action" : name);
      sql.push(
        `ALTER TABLE ${tableName(each.from)} ADD CONSTRAINT fk_${i} FOREIGN KEY (${fkColumns(each, i).join(", ")}) ` +
          `REFERENCES ${tableName(each.to)} (${targetColumns(each.kind).join(", ")}) ` +
          `ON DELETE ${action(each.onDelete)} ON UPDATE ${action(each.onUpdate)} DEFERRABLE INITIALLY DEFERRED`,
      );
    }
    await this.db.exec(`${sql.join(";\n")};`);
  }

  /** Fills empty tables, each row in its turn, with nothing checked. */
  async load(rows: readonly (readonly [table: string, row: Tables[string][number]])[]): Promise<void> {
    const inserts = rows.map(
      ([table, row]) =>
        `INSERT INTO ${table} (${Object.keys(row).join(", ")}) VALUES (${Object.values(row).map(literal).join(", ")})`,
    );
    await this.db.exec(
      ["SET session_replication_role = replica", ...inserts, "RESET session_replication_role;"].join(";\n"),
    );
  }

  /** Runs a statement; the SQLSTATE of its refusal, or null. */
  async run(operation: Operation, labels: readonly number[]): Promise<string | null> {
    try {
      await this.db.query(sqlOf(operation, labels));
      return null;
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  }

  async tables(graph: Graph): Promise<Tables> {
    const names = Array.from({ length: graph.tables }, (_, table) => tableName(table));
    const all = names.map((name) => `(SELECT coalesce(json_agg(t ORDER BY id), '[]') FROM ${name} t) AS ${name}`);
    const { rows } = await this.db.query(`SELECT ${all.join(", ")}`);
    return rows[0] as Tables;
  }
}

const literal = (cell: number | null): string => (cell === null ? "NULL" : String(cell));

function sqlOf(operation: Operation, labels: readonly number[]): string {
  const table = tableName(operation.table);
  switch (operation.op) {
    case "insert": {
      const columns = Object.keys(operation.rows[0]!);
      const rows = operation.rows.map(
        (row, i) => `(${[labels[i]!, ...columns.map((column) => literal(row[column]!))].join(", ")})`,
      );
      return `INSERT INTO ${table} (id, ${columns.join(", ")}) VALUES ${rows.join(", ")}`;
    }
    case "update": {
      const sets = Object.entries(operation.set).map(([column, cell]) => `${column} = ${literal(cell)}`);
      return `UPDATE ${table} SET ${sets.join(", ")} WHERE id IN (${operation.labels.join(", ")})`;
    }
    case "delete":
      return `DELETE FROM ${table} WHERE id IN (${operation.labels.join(", ")})`;
  }
}
