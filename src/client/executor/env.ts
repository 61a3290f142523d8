import type { GenericDataModel, GenericQueryCtx, TransactionMetrics } from "convex/server";
import type { GenericId } from "convex/values";
import type { Access, CursorKey } from "../predicate/access.js";
import type { Row } from "../predicate/evaluate.js";
import type { Limits } from "../planner/limits.js";
import type { Catalog, TableInfo } from "../schema/catalog.js";
import type { Pool } from "./purse.js";

export type Document = Row & { readonly _id: GenericId<string>; readonly _creationTime: number };

/** What the executor uses of `ctx.db`; a wrapped database (triggers, streams) has these too. */
export interface Database {
  get(id: GenericId<string>): Promise<Document | null>;
  query(table: string): TableQuery;
  normalizeId(table: string, id: string): GenericId<string> | null;
}
export interface TableQuery {
  withIndex(name: string, range?: (q: RangeBuilder) => RangeBuilder): OrderedRows;
  withSearchIndex(name: string, filter: (q: SearchBuilder) => SearchBuilder): Rows;
}
export interface RangeBuilder {
  eq(field: string, value: unknown): RangeBuilder;
  gt(field: string, value: unknown): RangeBuilder;
  gte(field: string, value: unknown): RangeBuilder;
  lt(field: string, value: unknown): RangeBuilder;
  lte(field: string, value: unknown): RangeBuilder;
}
export interface SearchBuilder {
  search(field: string, query: string): SearchBuilder;
  eq(field: string, value: unknown): SearchBuilder;
}
export interface Rows extends AsyncIterable<Document> {
  take(n: number): Promise<Document[]>;
  collect(): Promise<Document[]>;
  filter(predicate: (q: unknown) => unknown): Rows;
  paginate(options: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** Present on Convex's own queries: bounds what an open stream prefetches. A wrapped query may lack it. */
  limit?(n: number): Rows;
}
export interface OrderedRows extends Rows {
  order(direction: "asc" | "desc"): Rows;
}

/** State that all queries of one function run share. */
export interface RunState {
  /** The platform allows one native page a function. */
  nativePageUsed: boolean;
  /** What its reads may spend of the transaction; made by the first of them. */
  pool?: Pool;
}

/** A read or write as written, for whose tables the access must speak. */
export interface Touching {
  readonly table: TableInfo;
  readonly args: { readonly where?: unknown; readonly with?: unknown };
}

/** Everything that executing a plan needs; made once for each `orm.with(ctx)`, without I/O. */
export interface Env {
  /** The function's context, for components other than the ORM's own; absent from stand-ins. */
  readonly ctx?: Pick<GenericQueryCtx<GenericDataModel>, "runQuery">;
  readonly catalog: Catalog;
  readonly db: Database;
  readonly limits: Limits;
  readonly run: RunState;
  /** `ctx.meta.getTransactionMetrics`, or null where the context has none. */
  readonly metrics: (() => Promise<TransactionMetrics>) | null;
  /**
   * The session's access; the component is asked at most once a run, and the session evaluated only when a table that
   * the arguments touch is protected. Without arguments every table counts as touched.
   */
  access(touching?: Touching): Promise<Access>;
  /** The key of sealed cursors, from the same component call. */
  cursorKey(): Promise<CursorKey>;
}
