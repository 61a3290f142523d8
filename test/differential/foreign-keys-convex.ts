/** The ORM's side: the graph as a Convex schema with relations, the same statements through the writer. */
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { defineRelations } from "../../src/client/index.js";
import { makeApp, type Ctx, type Db } from "../support/app.js";
import {
  columnsOf,
  fkColumns,
  tableName,
  targetColumns,
  type Graph,
  type Operation,
  type RowValues,
} from "./foreign-keys-program.js";
import type { Tables } from "./foreign-keys-postgres.js";

/** Inline; with all actions but a few handed to a job; or whole statements in the background. */
export type Mode = "inline" | "handed" | "background";

const nullable = (value: any): any => v.optional(v.union(value, v.null()));

export class ConvexGraph {
  private readonly app: ReturnType<typeof makeApp>;
  /** label -> id, by table; kept when the row is gone, as a number in PostgreSQL would be. */
  private readonly ids: Map<number, string>[];
  private readonly idColumns: Map<string, number>[];

  constructor(
    private readonly graph: Graph,
    private readonly mode: Mode,
  ) {
    this.ids = Array.from({ length: graph.tables }, () => new Map());
    this.idColumns = Array.from({ length: graph.tables }, () => new Map());
    graph.references.forEach((each, i) => {
      if (each.kind === "id") this.idColumns[each.from]!.set(fkColumns(each, i)[0]!, each.to);
    });
    const names = Array.from({ length: graph.tables }, (_, table) => tableName(table));
    const schema = defineSchema(Object.fromEntries(names.map((name, table) => [name, this.tableOf(table)])));
    const relations = defineRelations(schema as never, ((r: any) => this.relationsOf(r)) as never);
    const tables = Object.fromEntries(
      names.map((name, table) => [name, { unique: { k: ["k"], ab: ["a", "b"] }, defaults: this.defaultsOf(table) }]),
    );
    this.app = makeApp({
      schema: schema as never,
      relations,
      tables,
      ...(mode === "handed" ? { limits: { inlineRows: graph.references.length % 3 } } : {}),
      functions: { stepRows: 2, retry: { attempts: 2 } },
    });
  }

  /** Gives every label an id that no row has yet: PostgreSQL takes any number for a key, Convex ids of the table only. */
  async start(): Promise<void> {
    await this.app.mutate(async (ctx) => {
      for (const [table, ids] of this.ids.entries()) {
        for (let label = 0; label < 20; label++) {
          const ghost = await ctx.db.insert(tableName(table), { label: -1 });
          await ctx.db.delete(ghost);
          ids.set(label, ghost);
        }
      }
    });
  }

  private tableOf(table: number) {
    const columns = columnsOf(this.graph, table);
    const fields = Object.fromEntries(
      columns.map((column) => {
        const target = this.idColumns[table]!.get(column);
        return [column, nullable(target === undefined ? v.number() : v.id(tableName(target)))];
      }),
    );
    const bare: any = defineTable({ label: v.number(), ...fields });
    let defined = bare.index("by_label", ["label"]).index("by_k", ["k"]).index("by_ab", ["a", "b"]);
    this.graph.references.forEach((each, i) => {
      if (each.from === table && !each.own) defined = defined.index(`by_f${i}`, fkColumns(each, i));
    });
    return defined;
  }

  private relationsOf(r: any) {
    const relations: Record<string, Record<string, unknown>> = {};
    this.graph.references.forEach((each, i) => {
      const to = each.kind === "id" ? ["_id"] : targetColumns(each.kind);
      (relations[tableName(each.from)] ??= {})[`r${i}`] = r.one[tableName(each.to)]({
        from: fkColumns(each, i),
        to,
        onDelete: each.onDelete,
        onUpdate: each.onUpdate,
      });
    });
    return relations;
  }

  /** PostgreSQL's DEFAULT 0. */
  private defaultsOf(table: number): Record<string, unknown> {
    return Object.fromEntries(
      columnsOf(this.graph, table)
        .filter((column) => column.startsWith("f"))
        .map((column) => {
          const target = this.idColumns[table]!.get(column);
          return [column, target === undefined ? 0 : () => this.ids[target]!.get(0)];
        }),
    );
  }

  private cells(table: number, row: RowValues): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(row).map(([column, cell]) => {
        const target = this.idColumns[table]!.get(column);
        return [column, target === undefined || cell === null ? cell : this.ids[target]!.get(cell)!];
      }),
    );
  }

  /** Runs a statement to its end; the code of its refusal, `JOB` and its error for a job that was parked, or null. */
  async run(operation: Operation, labels: readonly number[]): Promise<string | null> {
    const table = tableName(operation.table);
    let job: string | null = null;
    try {
      await this.app.mutate(async (ctx: Ctx) => {
        const db: Db = this.app.orm.system(ctx);
        if (operation.op === "insert") {
          const rows = operation.rows.map((row, i) => ({ label: labels[i]!, ...this.cells(operation.table, row) }));
          const ids: string[] = await db.insert(table).values(rows);
          ids.forEach((id, i) => this.ids[operation.table]!.set(labels[i]!, id));
          return;
        }
        const where = { label: { in: operation.labels } };
        const statement =
          operation.op === "delete"
            ? db.delete(table).where(where)
            : db.update(table).set(this.cells(operation.table, operation.set)).where(where);
        ({ job } = await (this.mode === "background" ? statement.inBackground() : statement));
      });
    } catch (error) {
      return (error as { data?: { code?: string } }).data?.code ?? String(error);
    }
    if (job === null) return null;
    await this.app.drain();
    const state = (await this.app.job(job))!;
    return state.status === "succeeded" ? null : `JOB ${state.status}: ${state.error}`;
  }

  async tables(): Promise<Tables> {
    const names = Array.from({ length: this.graph.tables }, (_, table) => tableName(table));
    const found = await this.app.mutate((ctx) => Promise.all(names.map((name) => ctx.db.query(name).collect())));
    return Object.fromEntries(
      names.map((name, table) => [
        name,
        found[table]!.map((row) => this.plain(table, row)).sort((x, y) => x["id"]! - y["id"]!),
      ]),
    );
  }

  private plain(table: number, row: Record<string, any>): Record<string, number | null> {
    const cells = columnsOf(this.graph, table).map((column) => {
      const target = this.idColumns[table]!.get(column);
      const value = row[column] ?? null;
      const label =
        target === undefined || value === null ? value : [...this.ids[target]!].find(([, id]) => id === value)?.[0];
      return [column, label ?? null] as const;
    });
    return { id: row["label"], ...Object.fromEntries(cells) };
  }
}
