import type { PaginationResult } from "convex/server";
import type { QueryStream } from "convex-helpers/server/stream";
import type { Analysis, Explanation } from "./explain.js";
import type { AnyModel, Doc, TableName } from "./model.js";
import type {
  ActionFindManyArgs,
  CountArgs,
  FindFirstArgs,
  FindManyArgs,
  FindUniqueArgs,
  OrderBy,
  PaginateArgs,
  ReadOptions,
} from "./query.js";
import type { Row, ScoredRow } from "./result.js";
import type { Where } from "./where.js";

/**
 * The type of a parameter whose argument is inferred as `A` but checked as `Allowed`. The first branch is never taken:
 * it is there for inference alone. So the compiler knows the literal that shapes the result, and still reports a
 * misspelt key where it stands, at any depth, as it does for any object literal.
 */
export type Checked<A, Allowed> = [A] extends [never] ? A : Allowed;

/** Arguments of `stream`: rows are whole documents, one at a time. */
export interface StreamArgs<M extends AnyModel, T extends string> extends ReadOptions {
  readonly where?: Where<M, T>;
  readonly orderBy?: OrderBy<M, T>;
}

/** The reads that every context offers. */
export interface CommonReader<M extends AnyModel, T extends string> {
  /** The first row, or null. */
  findFirst<A = Record<never, never>>(args?: Checked<A, FindFirstArgs<M, T>>): Promise<Row<M, T, A> | null>;
  /** The first row. @throws OrmError `NOT_FOUND` when there is none. */
  findFirstOrThrow<A = Record<never, never>>(args?: Checked<A, FindFirstArgs<M, T>>): Promise<Row<M, T, A>>;
  /** The row of an `_id` (one document read) or of a declared unique, or null. */
  findUnique<A>(args: Checked<A, FindUniqueArgs<M, T>>): Promise<Row<M, T, A> | null>;
  /** How many rows match. */
  count(args?: CountArgs<M, T>): Promise<number>;
  /** Whether a row matches; stops at the first. */
  exists(args?: CountArgs<M, T>): Promise<boolean>;
}

/** `db.query.T` in a query or mutation. */
export interface TableReader<M extends AnyModel, T extends string> extends CommonReader<M, T> {
  /**
   * All rows that match: up to `limit`, else up to `maxRows`, beyond which it throws.
   *
   * @throws OrmError `FULL_SCAN`, `SCAN_LIMIT`, `TOO_MANY_ROWS`, `INVALID_WHERE`, `INVALID_ORDER`, `INVALID_POLICY`.
   */
  findMany<A = Record<never, never>>(args?: Checked<A, FindManyArgs<M, T>>): Promise<Row<M, T, A>[]>;
  /** One page, in Convex's form: works with `usePaginatedQuery`. @throws OrmError `INVALID_CURSOR`. */
  paginate<A>(args: Checked<A, PaginateArgs<M, T>>): Promise<PaginationResult<Row<M, T, A>>>;
  /** The plan, its text, and the indexes that would better it. Reads no row. */
  explain(args?: FindManyArgs<M, T> | PaginateArgs<M, T>): Promise<Explanation>;
  /** Runs the query and says what it read, per node. On a protected table through `orm.system` only. */
  analyze(args?: FindManyArgs<M, T> | PaginateArgs<M, T>): Promise<Analysis>;
  /** The documents as a convex-helpers stream. */
  stream(args?: StreamArgs<M, T>): QueryStream<NonNullable<Doc<M, T>>>;
}

/** `db.query.T` in an action: each call is one transaction, run inside `hydrate` under the caller's policies. */
export interface ActionTableReader<M extends AnyModel, T extends string> extends CommonReader<M, T> {
  /** As in a query, and with `vectorSearch`. */
  findMany<A = Record<never, never>>(args?: Checked<A, ActionFindManyArgs<M, T>>): Promise<ScoredRow<M, T, A>[]>;
  paginate<A>(args: Checked<A, PaginateArgs<M, T>>): Promise<PaginationResult<Row<M, T, A>>>;
}

/** What `orm.with(ctx)` gives in a query. */
export interface OrmReader<M extends AnyModel> {
  readonly query: { readonly [T in TableName<M>]: TableReader<M, T> };
}

/** What `orm.with(ctx)` gives in an action. */
export interface OrmActionReader<M extends AnyModel> {
  readonly query: { readonly [T in TableName<M>]: ActionTableReader<M, T> };
}
