import type { AnyModel, Doc, Path } from "./model.js";

/**
 * What the ORM uses of a `TableAggregate` of `@convex-dev/aggregate`, so that it need not import the package. The
 * document's type keeps the aggregate of another table out.
 */
export interface AggregateOf<D> {
  countBatch(ctx: never, queries: never): Promise<number[]>;
  insertIfDoesNotExist(ctx: never, doc: D): Promise<void>;
  deleteIfExists(ctx: never, doc: D): Promise<void>;
  /** Tells a `TableAggregate` from a `DirectAggregate`, which knows no documents. */
  trigger(): unknown;
}

/** An aggregate whose fields are declared: for a `sortKey` that the ORM cannot read. */
export interface DeclaredAggregate<M extends AnyModel, T extends string> {
  readonly aggregate: AggregateOf<Doc<M, T>>;
  /**
   * What its `sortKey` returns: the value of one field, or a list of values. Absent values must be null there. Left
   * out, it is read from the text of `sortKey`.
   */
  readonly key?: Path<M, T> | readonly Path<M, T>[];
  /** The field that its `namespace` returns. Left out, it is read from the text of `namespace`. */
  readonly namespace?: Path<M, T>;
  /** `false` while rows from before the aggregate are not in it yet: it is kept right, and counts read rows. */
  readonly backfilled?: boolean;
}

/** One aggregate of a table. */
export type CountAggregate<M extends AnyModel, T extends string> = AggregateOf<Doc<M, T>> | DeclaredAggregate<M, T>;
