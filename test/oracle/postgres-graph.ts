/** A foreign-key graph in PostgreSQL: the tables, the statements, and what is in the tables after them. */
import type { PGlite } from "@electric-sql/pglite";
import { NUMBER_COLUMNS, parentOfA } from "./graphs.js";
import type { Cells, Graph, Statement } from "./graphs.js";

/** The contents of all tables: rows as [tag, k, x, y, b, c, d, tag that `a` refers to], by tag. */
export type Contents = { readonly [table: string]: readonly (readonly (number | null)[])[] };

const id = (table: string | undefined, tag: number | null): string =>
  table === undefined || tag === null ? "NULL" : `'${table}:${tag}'`;

function value(graph: Graph, table: string, column: string, cells: Cells): string {
  if (column === "a") return id(parentOfA(graph, table), cells.a ?? null);
  const cell = cells[column as (typeof NUMBER_COLUMNS)[number]];
  return cell === undefined || cell === null ? "NULL" : String(cell);
}

export function sqlOf(graph: Graph, statement: Statement): string {
  const { table } = statement;
  if (statement.kind === "insert") {
    // On Convex nobody knows the id of a row before it is stored: a reference to one of these rows dangles.
    const own = new Set(statement.rows.map(({ tag }) => tag));
    const known = (row: Cells): Cells =>
      parentOfA(graph, table) === table && own.has(row.a ?? -1) ? { ...row, a: -1 } : row;
    const rows = statement.rows.map((given) => ({ ...given, ...known(given) })).map((row) =>
      `(${row.tag}, ${id(table, row.tag)}, ${[...NUMBER_COLUMNS, "a"].map((column) => value(graph, table, column, row)).join(", ")})`);
    return `INSERT INTO ${table} (tag, _id, ${NUMBER_COLUMNS.join(", ")}, a) VALUES ${rows.join(", ")}`;
  }
  const where = `WHERE tag IN (${statement.tags.join(", ")})`;
  if (statement.kind === "delete") return `DELETE FROM ${table} ${where}`;
  const set = Object.keys(statement.set).map((column) => `${column} = ${value(graph, table, column, statement.set)}`);
  return `UPDATE ${table} SET ${set.join(", ")} ${where}`;
}

/** Makes a graph's tables anew. Refusing actions come last: a row that the statement deletes anyway restricts nothing. */
export async function createGraph(db: PGlite, graph: Graph): Promise<void> {
  const tables = graph.tables.map((table) => {
    const given = graph.defaults[table] ?? {};
    const columns = NUMBER_COLUMNS.map((column) =>
      `${column} float8${given[column] === undefined ? "" : ` DEFAULT ${given[column]}`}`);
    return `DROP TABLE IF EXISTS ${table} CASCADE; CREATE TABLE ${table}
      (tag int UNIQUE, _id text PRIMARY KEY, ${columns.join(", ")}, a text, UNIQUE (k), UNIQUE (x, y));`;
  });
  const late = (action: string): number => Number(action === "restrict" || action === "no action");
  const edges = [...graph.edges].sort((p, q) => late(p.onDelete) - late(q.onDelete)).map((edge) =>
    `ALTER TABLE ${edge.child} ADD FOREIGN KEY (${edge.fields.join(", ")}) REFERENCES ${edge.parent} (${edge.key.join(", ")})
      ON DELETE ${edge.onDelete.toUpperCase()} ON UPDATE ${edge.onUpdate.toUpperCase()};`);
  await db.exec([...tables, ...edges].join("\n"));
}

export async function contentsOf(db: PGlite, graph: Graph): Promise<Contents> {
  const all: Record<string, (number | null)[][]> = {};
  for (const table of graph.tables) {
    const { rows } = await db.query<Record<string, number | string | null>>(`SELECT * FROM ${table} ORDER BY tag`);
    all[table] = rows.map((row) => [
      row["tag"] as number,
      ...NUMBER_COLUMNS.map((column) => row[column] as number | null),
      row["a"] === null ? null : Number((row["a"] as string).split(":")[1]),
    ]);
  }
  return all;
}
