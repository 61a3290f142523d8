import type { PaginationOptions, TableDefinition } from "convex/server";
import type { AllKeys, AnyModel, Doc, OptionsOf, Path, RelationsOf, ValueAt } from "./model.js";
import type { FieldFilter, RelationTarget, Where } from "./where.js";

/** The guardrails, each overridable per query as a flat key. Never take them from clients. */
export interface Limits {
  /** Rows that a query without `limit` may return, before `TOO_MANY_ROWS`. Default 1,000. */
  readonly maxRows?: number;
  /** Documents that a query may read, before `SCAN_LIMIT`. Default 4,096. */
  readonly maxScan?: number;
  /** Index ranges of the root's access path. Default 128. */
  readonly maxProbes?: number;
  /** Distinct keys per level of a relation load, before `RELATION_KEYS`. Default 1,000. */
  readonly relationKeys?: number;
  /** Related rows per parent, before `RELATION_ROWS`. Default 1,000. */
  readonly relationRows?: number;
  /** Levels of nested `with`, before `RELATION_DEPTH`. Default 6. */
  readonly relationDepth?: number;
  /** Rows that referential actions change inside the mutation before a job takes over. Default 500. */
  readonly inlineRows?: number;
  /** The share of each transaction budget that a query leaves untouched, 0 to 1. Default 0.1. */
  readonly headroom?: number;
}

/** Keys that every read takes. */
export interface ReadOptions extends Limits {
  /** Opts in to a scan that no index bounds. Default `false`: `FULL_SCAN`. */
  readonly allowFullScan?: boolean;
  /** Shows soft-deleted rows. Default `false`. */
  readonly withDeleted?: boolean;
}

export type Direction = "asc" | "desc";

/** One sort key: an object of exactly one field or dotted path. */
export type OrderKey<M extends AnyModel, T extends string> = { readonly [P in Path<M, T>]?: Direction };

/** One sort key, or several, the first the most significant. */
export type OrderBy<M extends AnyModel, T extends string> = OrderKey<M, T> | readonly OrderKey<M, T>[];

/** The columns that come back: exactly those named, `_id` only if named. */
export type Columns<M extends AnyModel, T extends string> = { readonly [K in AllKeys<Doc<M, T>>]?: true };

/** Computed columns: functions of the whole row, run after it is read. */
export interface Extras<M extends AnyModel, T extends string> {
  readonly [name: string]: (row: Doc<M, T>) => unknown;
}

/** Relations to load: `true`, or what to load of the related rows. */
export type With<M extends AnyModel, T extends string> = {
  readonly [K in keyof RelationsOf<M, T>]?: true | RelationArgs<M, RelationsOf<M, T>[K]>;
};

/** What shapes a row of table `T`. */
export interface ShapeArgs<M extends AnyModel, T extends string> {
  readonly columns?: Columns<M, T>;
  readonly extras?: Extras<M, T>;
  readonly with?: With<M, T>;
}

/** Arguments of a to-one relation in `with`. A `where` that the row does not match makes the relation null. */
export interface OneArgs<M extends AnyModel, T extends string> extends ShapeArgs<M, T>, ReadOptions {
  readonly where?: Where<M, T>;
}

/** Arguments of a to-many relation in `with`; the limit counts matching, visible rows of each parent. */
export interface ManyArgs<M extends AnyModel, T extends string> extends OneArgs<M, T> {
  readonly orderBy?: OrderBy<M, T>;
  readonly limit?: number;
  readonly offset?: number;
}

/** Arguments of a `many` through a junction. */
export interface ThroughArgs<M extends AnyModel, T extends string> extends ManyArgs<M, T> {
  /** `true` adds the junction row under `_through`. */
  readonly through?: true;
}

type RelationArgs<M extends AnyModel, Rel> = Rel extends { readonly kind: "one" }
  ? OneArgs<M, RelationTarget<Rel>>
  : HasJunction<Rel> extends true
    ? ThroughArgs<M, RelationTarget<Rel>>
    : ManyArgs<M, RelationTarget<Rel>>;

/** The junction table of a relation, `never` without one. */
export type JunctionOf<Rel> = Rel extends { readonly through?: { readonly table: infer J extends string } } ? J : never;

type HasJunction<Rel> = [JunctionOf<Rel>] extends [never] ? false : true;

type SearchIndexesOf<M extends AnyModel, T extends string> =
  M["schema"]["tables"][T] extends TableDefinition<infer _Document, infer _Indexes, infer Search, infer _Vectors>
    ? Search
    : never;

type VectorIndexesOf<M extends AnyModel, T extends string> =
  M["schema"]["tables"][T] extends TableDefinition<infer _Document, infer _Indexes, infer _Search, infer Vectors>
    ? Vectors
    : never;

/** Full-text search by a search index; rows come in relevance order. */
export type SearchArgs<M extends AnyModel, T extends string> = {
  [I in keyof SearchIndexesOf<M, T> & string]: {
    readonly index: I;
    readonly query: string;
    /** Equalities on the index's filter fields. */
    readonly filters?: { readonly [F in SearchIndexesOf<M, T>[I]["filterFields"]]?: ValueAt<Doc<M, T>, F> };
  };
}[keyof SearchIndexesOf<M, T> & string];

/** Nearest-neighbour search by a vector index, in actions only. */
export type VectorSearchArgs<M extends AnyModel, T extends string> = {
  [I in keyof VectorIndexesOf<M, T> & string]: {
    readonly index: I;
    readonly vector: readonly number[];
    /** 1 to 256; default 10. */
    readonly limit?: number;
    /** Equalities on the index's filter fields; an array means any of its values. */
    readonly filter?: {
      readonly [F in VectorIndexesOf<M, T>[I]["filterFields"]]?:
        ValueAt<Doc<M, T>, F> | { readonly in: readonly ValueAt<Doc<M, T>, F>[] };
    };
    /** `true` adds the cosine similarity under `_score`. */
    readonly includeScore?: boolean;
  };
}[keyof VectorIndexesOf<M, T> & string];

/** Arguments of `findFirst` and `findFirstOrThrow`, and of everything below. */
export interface FindFirstArgs<M extends AnyModel, T extends string> extends ShapeArgs<M, T>, ReadOptions {
  readonly where?: Where<M, T>;
  readonly orderBy?: OrderBy<M, T>;
  readonly offset?: number;
  readonly search?: SearchArgs<M, T>;
  /** What to do when the platform's 1,024 search results end before `limit` matching rows. Default `"return"`. */
  readonly onTruncated?: "return" | "throw";
}

/** Arguments of `findMany`, `explain`, `analyze`, `stream`. */
export interface FindManyArgs<M extends AnyModel, T extends string> extends FindFirstArgs<M, T> {
  readonly limit?: number;
}

/** Arguments of `findMany` in an action. */
export interface ActionFindManyArgs<M extends AnyModel, T extends string> extends FindManyArgs<M, T> {
  readonly vectorSearch?: VectorSearchArgs<M, T>;
}

/** Arguments of `paginate`: `paginationOpts` as `paginationOptsValidator` validates them. */
export interface PaginateArgs<M extends AnyModel, T extends string> extends FindFirstArgs<M, T> {
  readonly paginationOpts: PaginationOptions;
}

/** Arguments of `count` and `exists`. */
export interface CountArgs<M extends AnyModel, T extends string> extends ReadOptions {
  readonly where?: Where<M, T>;
}

/** Arguments of `findUnique`: the `_id`, or the fields of a declared `unique`. */
export interface FindUniqueArgs<M extends AnyModel, T extends string> extends ShapeArgs<M, T>, ReadOptions {
  readonly where: UniqueWhere<M, T>;
}

/** The declared uniques of a table: name -> fields. */
export type UniquesOf<M extends AnyModel, T extends string> =
  OptionsOf<M, T> extends { readonly unique: infer U } ? U : Record<never, never>;

type UniqueKey<M extends AnyModel, T extends string, F> = {
  readonly [P in F & string]: FieldFilter<ValueAt<Doc<M, T>, P>>;
};

export type UniqueWhere<M extends AnyModel, T extends string> =
  | UniqueKey<M, T, "_id">
  | { [N in keyof UniquesOf<M, T>]: UniqueKey<M, T, FieldsOfUnique<UniquesOf<M, T>[N]>> }[keyof UniquesOf<M, T>];

type FieldsOfUnique<U> = U extends readonly (infer F)[] ? F : never;
