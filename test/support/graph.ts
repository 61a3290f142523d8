/** A foreign-key graph as a Convex schema with an ORM over it, in a convex-test instance. */
import { Orm, defineRelations } from "convex-orm";
import { register } from "convex-orm/test";
import { convexTest } from "convex-test";
import type { TestConvex } from "convex-test";
import { componentsGeneric, defineSchema, defineTable } from "convex/server";
import type { GenericSchema, SchemaDefinition } from "convex/server";
import { v } from "convex/values";
import { NUMBER_COLUMNS, parentOfA } from "../oracle/graphs.js";
import type { Cells, Graph, Statement } from "../oracle/graphs.js";
import type { Contents } from "../oracle/postgres-graph.js";

const schemaOf = (graph: Graph) =>
  defineSchema(Object.fromEntries(graph.tables.map((table) => {
    const cell = v.optional(v.union(v.number(), v.null()));
    return [table, defineTable({
      tag: v.number(), k: cell, x: cell, y: cell, b: cell, c: cell, d: cell,
      a: v.optional(v.union(v.id(parentOfA(graph, table) ?? table), v.null())),
    })
      .index("by_tag", ["tag"]).index("by_k", ["k"]).index("by_x_and_y", ["x", "y"])
      .index("by_a", ["a"]).index("by_b", ["b"]).index("by_c_and_d", ["c", "d"])];
  })));

type Made = (options: object) => unknown;
function ormOf(graph: Graph, schema: SchemaDefinition<GenericSchema, boolean>) {
  const relations = defineRelations(schema as never, ((r: { one: Record<string, Made> }) =>
    Object.fromEntries(graph.tables.map((table) => [table, Object.fromEntries(
      graph.edges.filter((edge) => edge.child === table).map((edge) => [
        `by_${edge.fields.join("_")}`,
        r.one[edge.parent]!({
          from: edge.fields, to: edge.key, onDelete: edge.onDelete,
          ...(edge.key[0] === "_id" ? {} : { onUpdate: edge.onUpdate }),
        }),
      ]),
    )]))) as never);
  const tables = Object.fromEntries(graph.tables.map((table) => [
    table, { defaults: graph.defaults[table] ?? {}, unique: { tag: ["tag"], k: ["k"], xy: ["x", "y"] } },
  ]));
  const { orm } = componentsGeneric() as unknown as { orm: never };
  return new Orm(orm, { schema, relations, tables, rls: false } as never);
}

interface Db {
  query(table: string): { collect(): Promise<Record<string, unknown>[]> };
  insert(table: string, row: object): Promise<string>;
  delete(id: string): Promise<void>;
}
interface Change extends PromiseLike<unknown> {
  where(filter: object): Change;
  set(cells: object): Change;
  inBackground(): PromiseLike<{ job: string }>;
}
interface Writer {
  insert(table: string): { values(rows: object): PromiseLike<unknown> };
  update(table: string): Change;
  delete(table: string): Change;
}

export type Outcome = { readonly ok: true; readonly job: string | null } | { readonly ok: false; readonly code: string };

export class ConvexGraph {
  private readonly t: TestConvex<SchemaDefinition<GenericSchema, boolean>>;
  private readonly orm;
  private gone: { readonly [table: string]: string } = {};

  constructor(private readonly graph: Graph) {
    const schema = schemaOf(graph) as unknown as SchemaDefinition<GenericSchema, boolean>;
    this.orm = ormOf(graph, schema);
    const modules = { "./_generated/api.ts": async () => ({}), "./orm.ts": async () => (this.orm as unknown as { functions(): object }).functions() };
    this.t = convexTest({ schema, modules, transactionLimits: true });
    register(this.t);
  }

  /** Ids of rows that are no more, to refer to. */
  async start(): Promise<void> {
    await this.t.run(async (ctx) => {
      const db = ctx.db as unknown as Db;
      this.gone = Object.fromEntries(await Promise.all(this.graph.tables.map(async (table) => {
        const id = await db.insert(table, { tag: -1 });
        await db.delete(id);
        return [table, id];
      })));
    });
  }

  private async cells(db: Db, table: string, cells: Cells): Promise<object> {
    if (cells.a === undefined || cells.a === null) return cells;
    const parent = parentOfA(this.graph, table);
    if (parent === undefined) return { ...cells, a: null };
    const row = (await db.query(parent).collect()).find((other) => other["tag"] === cells.a);
    return { ...cells, a: row?.["_id"] ?? this.gone[parent] };
  }

  /** Runs a statement as one mutation that catches its refusal and goes on. */
  run(statement: Statement, background: boolean): Promise<Outcome> {
    return this.t.mutation(async (ctx): Promise<Outcome> => {
      const writer = (this.orm as unknown as { with(ctx: unknown): Writer }).with(ctx);
      const db = ctx.db as unknown as Db;
      const { table } = statement;
      try {
        if (statement.kind === "insert") {
          const rows = [];
          for (const row of statement.rows) rows.push(await this.cells(db, table, row));
          await writer.insert(table).values(rows);
          return { ok: true, job: null };
        }
        const where = { tag: { in: statement.tags } };
        const change = statement.kind === "delete"
          ? writer.delete(table).where(where)
          : writer.update(table).set(await this.cells(db, table, statement.set)).where(where);
        const { job } = (background ? await change.inBackground() : await change) as { job: string | null };
        return { ok: true, job };
      } catch (error) {
        const { data } = error as { data?: { code?: string } };
        if (data?.code === undefined) throw error;
        return { ok: false, code: data.code };
      }
    });
  }

  /** Drives a job to its end; fake timers must be on. */
  async finish(job: string, advance: () => void): Promise<{ status: string; error: string | null }> {
    await this.t.finishAllScheduledFunctions(advance);
    type Jobs = { jobs: { get(ctx: unknown, id: string): Promise<{ status: string; error: string | null }> } };
    const orm = this.orm as unknown as Jobs;
    return await this.t.query(async (ctx) => {
      const { status, error } = await orm.jobs.get(ctx, job);
      return { status, error };
    });
  }

  contents(): Promise<Contents> {
    return this.t.query(async (ctx) => {
      const db = ctx.db as unknown as Db;
      const tags = new Map<unknown, number>();
      const rows: Record<string, Record<string, unknown>[]> = {};
      for (const table of this.graph.tables) {
        rows[table] = await db.query(table).collect();
        for (const row of rows[table]) tags.set(row["_id"], row["tag"] as number);
      }
      return Object.fromEntries(Object.entries(rows).map(([table, list]) => [
        table,
        list.sort((p, q) => (p["tag"] as number) - (q["tag"] as number)).map((row) => [
          row["tag"] as number, ...NUMBER_COLUMNS.map((column) => (row[column] as number | undefined) ?? null),
          row["a"] === undefined || row["a"] === null ? null : (tags.get(row["a"]) ?? -1),
        ]),
      ]));
    });
  }
}
