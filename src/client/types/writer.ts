import type { GenericId } from "convex/values";
import type { AnyModel, Doc, Fields, OptionsOf, TableName } from "./model.js";
import type { UniquesOf } from "./query.js";
import type { Checked, OrmReader } from "./reader.js";
import type { Where } from "./where.js";

/** The fields that `insert` fills in itself: those with a default, and those with an `onUpdate` function. */
type Generated<O> =
  | (O extends { readonly defaults: infer D } ? keyof D : never)
  | (O extends { readonly onUpdate: infer U } ? keyof U : never);

type WithGenerated<F, K> = F extends unknown
  ? { [P in keyof F as P extends K ? never : P]: F[P] } & { [P in keyof F as P extends K ? P : never]?: F[P] }
  : never;

/** A row to insert: the table's own fields, without `_id` and `_creationTime`; fields with defaults may be absent. */
export type InsertValues<M extends AnyModel, T extends string> = [Generated<OptionsOf<M, T>>] extends [never]
  ? Fields<M, T>
  : WithGenerated<Fields<M, T>, Generated<OptionsOf<M, T>>>;

type Partially<F> = F extends unknown ? { [K in keyof F]?: F[K] } : never;

/** What `set` takes: some of the table's own fields. `undefined` removes an optional field. */
export type Patch<M extends AnyModel, T extends string> = Partially<Fields<M, T>>;

/** A patch, or a function of the row as it is. Functions run inline only, not in the background. */
export type PatchOrFunction<M extends AnyModel, T extends string> = Patch<M, T> | ((row: Doc<M, T>) => Patch<M, T>);

/** Where a statement that must name its rows stands in for `{}`: the compiler's message says what to do. */
export interface EmptyWhere {
  readonly "an empty filter is refused: name the rows, or use .all()": never;
}

/** Parameter of the `where` of a write: inferred as `F`, checked as a filter, refused when it names nothing. */
type WriteFilter<M extends AnyModel, T extends string, F> = [F] extends [never]
  ? F
  : [keyof F] extends [never]
    ? EmptyWhere
    : Where<M, T>;

/** Options of the `where` of a write. */
export interface WriteOptions {
  readonly allowFullScan?: boolean;
  /** Documents that finding the rows may read. Default `limits.maxScan`. */
  readonly maxScan?: number;
}

/** A statement: runs once, when awaited, and has a promise's methods. */
export interface Statement<T> extends PromiseLike<T> {
  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B>;
  finally(done?: (() => void) | null): Promise<T>;
}

/** What an update or delete resolves to. `count` counts root rows; in the background it is 0. */
export interface WriteResult {
  readonly count: number;
  /** The id of the durable job that does the rest, or null when all is done. */
  readonly job: string | null;
}

/** A statement of insert: runs once, when awaited. */
export interface InsertStatement<
  M extends AnyModel,
  T extends string,
  Many extends boolean,
  Skips extends boolean,
> extends Statement<SkippedOr<Many, Skips, GenericId<T>>> {
  /** Resolves to the documents instead of the ids. Needs SELECT of them. */
  returning(): Statement<SkippedOr<Many, Skips, Doc<M, T>>>;
}

/** `onConflictDoNothing` gives null for one row that was not inserted, and leaves it out of several. */
type SkippedOr<Many extends boolean, Skips extends boolean, I> = Many extends true
  ? I[]
  : Skips extends true
    ? I | null
    : I;

/** The name of a declared `unique` of the table. */
export type UniqueName<M extends AnyModel, T extends string> = keyof UniquesOf<M, T> & string;

/** `db.insert("T").values(...)`. Awaited: the id, or ids for an array. */
export interface Insert<M extends AnyModel, T extends string, Many extends boolean> extends InsertStatement<
  M,
  T,
  Many,
  false
> {
  /** A row whose `target` is taken is left out. */
  onConflictDoNothing(options: { readonly target: UniqueName<M, T> }): InsertStatement<M, T, Many, true>;
  /** A row whose `target` is taken updates the row that holds it; `onUpdate` runs. */
  onConflictDoUpdate(options: {
    readonly target: UniqueName<M, T>;
    readonly set: PatchOrFunction<M, T>;
  }): InsertStatement<M, T, Many, false>;
}

/** `db.insert("T")`. */
export interface InsertBuilder<M extends AnyModel, T extends string> {
  /** One row, or an array of rows: all of them or none. */
  values<V>(
    values: Checked<V, V extends readonly unknown[] ? readonly InsertValues<M, T>[] : InsertValues<M, T>>,
  ): Insert<M, T, V extends readonly unknown[] ? true : false>;
}

/** An update or delete that knows its rows. Runs once, when awaited. */
export interface WriteStatement<M extends AnyModel, T extends string> extends Statement<WriteResult> {
  /** Resolves to the changed documents instead. */
  returning(): Statement<Doc<M, T>[]>;
  /** A durable job does it, for any number of rows: atomic a step, not a statement. */
  inBackground(): Statement<WriteResult>;
}

/** `db.update("T").set(...)`: not a promise, so that rows must be named before it can be awaited. */
export interface UpdateWhere<M extends AnyModel, T extends string> {
  where<F>(filter: WriteFilter<M, T, F>, options?: WriteOptions): WriteStatement<M, T>;
  /** Every row. */
  all(options?: WriteOptions): WriteStatement<M, T>;
}

/** `db.update("T")`. */
export interface UpdateBuilder<M extends AnyModel, T extends string> {
  set(patch: PatchOrFunction<M, T>): UpdateWhere<M, T>;
}

/** A delete that knows its rows. */
export interface DeleteStatement<M extends AnyModel, T extends string> extends WriteStatement<M, T> {
  /** Deletes for real where the table's rule is a soft delete. */
  hard(): DeleteStatement<M, T>;
}

/** `db.delete("T")`. */
export interface DeleteBuilder<M extends AnyModel, T extends string> {
  where<F>(filter: WriteFilter<M, T, F>, options?: WriteOptions): DeleteStatement<M, T>;
  /** Every row. */
  all(options?: WriteOptions): DeleteStatement<M, T>;
}

/** `db.restore("T")`: undoes a soft delete, and its purge. */
export interface RestoreBuilder<M extends AnyModel, T extends string> {
  where<F>(filter: WriteFilter<M, T, F>, options?: WriteOptions): WriteStatement<M, T>;
  /** Every soft-deleted row. */
  all(options?: WriteOptions): WriteStatement<M, T>;
}

/** What `orm.with(ctx)` gives in a mutation. */
export interface OrmWriter<M extends AnyModel> extends OrmReader<M> {
  insert<T extends TableName<M>>(table: T): InsertBuilder<M, T>;
  update<T extends TableName<M>>(table: T): UpdateBuilder<M, T>;
  delete<T extends TableName<M>>(table: T): DeleteBuilder<M, T>;
  restore<T extends TableName<M>>(table: T): RestoreBuilder<M, T>;
}
