/** The PostgreSQL side: the same graph as tables with constraints, the same statements as SQL. */
import { PGlite } from "@electric-sql/pglite";
import { columnsOf, fkColumns, tableName, targetColumns, type Graph, type Operation } from "./foreign-keys-program.js";

export type Tables = Record<string, Record<string, number | null>[]>;

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
  async create(graph: Graph, deferred: boolean): Promise<void> {
    const [last, schema] = [`s${this.count}`, `s${++this.count}`];
    const sql = [`DROP SCHEMA IF EXISTS ${last} CASCADE`, `CREATE SCHEMA ${schema}`, `SET search_path TO ${schema}`];
    for (let table = 0; table < graph.tables; table++) {
      const columns = columnsOf(graph, table).map((column) => `${column} int${column.startsWith("f") ? " DEFAULT 0" : ""}`);
      sql.push(`CREATE TABLE ${tableName(table)} (id int PRIMARY KEY, ${columns.join(", ")}, UNIQUE (k), UNIQUE (a, b))`);
    }
    graph.references.forEach((each, i) => {
      const action = (name: string): string => (deferred && name === "restrict" ? "no action" : name);
      sql.push(
        `ALTER TABLE ${tableName(each.from)} ADD CONSTRAINT fk_${i} FOREIGN KEY (${fkColumns(each, i).join(", ")}) ` +
          `REFERENCES ${tableName(each.to)} (${targetColumns(each.kind).join(", ")}) ` +
          `ON DELETE ${action(each.onDelete)} ON UPDATE ${action(each.onUpdate)} DEFERRABLE INITIALLY DEFERRED`,
      );
    });
    await this.db.exec(`${sql.join(";\n")};`);
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
    const found: Tables = {};
    for (let table = 0; table < graph.tables; table++) {
      const { rows } = await this.db.query(`SELECT * FROM ${tableName(table)} ORDER BY id`);
      found[tableName(table)] = rows as Tables[string];
    }
    return found;
  }
}

const literal = (cell: number | null): string => (cell === null ? "NULL" : String(cell));

function sqlOf(operation: Operation, labels: readonly number[]): string {
  const table = tableName(operation.table);
  switch (operation.op) {
    case "insert": {
      const columns = Object.keys(operation.rows[0]!);
      const rows = operation.rows.map((row, i) => `(${[labels[i]!, ...columns.map((column) => literal(row[column]!))].join(", ")})`);
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
