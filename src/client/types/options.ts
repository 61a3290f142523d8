import type { DataModelFromSchemaDefinition, GenericQueryCtx, SchemaDefinition } from "convex/server";
import type { CountAggregate } from "./aggregate.js";
import type { AnyRelations, Relations } from "../schema/relations.js";
import type { AnyModel, AnySchema, Fields, OrmModel, Path, TableNames } from "./model.js";
import type { Limits } from "./query.js";
import type { Checked } from "./reader.js";
import type { Where } from "./where.js";

type ValueOrFunction<F> = { readonly [K in AllFieldKeys<F>]?: FieldValue<F, K> | (() => FieldValue<F, K>) };
type FunctionOf<F> = { readonly [K in AllFieldKeys<F>]?: () => FieldValue<F, K> };
type AllFieldKeys<F> = F extends unknown ? keyof F & string : never;
type FieldValue<F, K> = F extends unknown ? (K extends keyof F ? F[K] : never) : never;

/** The rules of one table: `tables.T` of the options. */
export interface TableOptions<M extends AnyModel, T extends string> {
  /** A value, or a function called per row, for fields absent from an insert. */
  readonly defaults?: ValueOrFunction<Fields<M, T>>;
  /** Functions that set fields on every update, and on insert when absent. */
  readonly onUpdate?: FunctionOf<Fields<M, T>>;
  /** name -> fields; must lead a declared index. Rows with an absent or null value never collide. */
  readonly unique?: { readonly [name: string]: readonly Path<M, T>[] };
  /** name -> filter; a row for which it is false is refused with `CHECK_VIOLATION`. */
  readonly checks?: { readonly [name: string]: Where<M, T> };
  /** `soft`: the field that deletes set to the time instead; `purgeAfterMs`: when a job deletes for real. */
  readonly deletion?: { readonly soft: Path<M, T>; readonly purgeAfterMs?: number };
  /** Denies everything until policies exist. */
  readonly protected?: boolean;
  /** Fields with storage ids whose files are deleted with the row. */
  readonly files?: { readonly [P in Path<M, T>]?: "cascade" };
  /** Aggregates of `@convex-dev/aggregate` that every write keeps right, and that answer counts of their keys. */
  readonly count?: CountAggregate<M, T> | readonly CountAggregate<M, T>[];
}

/** `tables` of the options. */
export type TablesOptions<S extends AnySchema, R extends AnyRelations> = {
  readonly [T in TableNames<S>]?: TableOptions<OrmModel<S, R, unknown, unknown>, T>;
};

/** What `session` is given: the context of a query, with the app's own tables; in a mutation, its context. */
export type SessionContext<S> =
  S extends SchemaDefinition<infer Tables, infer Strict>
    ? GenericQueryCtx<DataModelFromSchemaDefinition<SchemaDefinition<Tables, Strict>>>
    : never;

/** Options of `new Orm(component, options)`. */
export interface OrmOptions<S extends AnySchema, R extends AnyRelations, O, V, Ctx = SessionContext<S>> {
  readonly schema: S;
  readonly relations: Relations<R>;
  readonly tables?: Checked<O, TablesOptions<S, R>>;
  /**
   * The variables that policies may name; evaluated once per function run. Annotate its return type when it refers to
   * `internal` or to a module that imports the orm.
   */
  readonly session?: (ctx: Ctx) => Promise<V> | V;
  readonly limits?: Limits;
  /** `false`: no policies are looked up at all. Default `true`. */
  readonly rls?: boolean;
  /** The module, below the convex folder, that exports `worker` and `hydrate`. Default `"orm"`. */
  readonly module?: string;
}
