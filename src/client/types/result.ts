import type { AnyModel, Doc, Expand, RelationsOf } from "./model.js";
import type { JunctionOf } from "./query.js";
import type { RelationTarget } from "./where.js";

/** The row that arguments `A` make of table `T`. */
export type Row<M extends AnyModel, T extends string, A> = A extends
  { readonly columns: object } | { readonly extras: object } | { readonly with: object }
  ? Shape<Doc<M, T>, ExtrasOf<A> & WithOf<M, T, A>, A>
  : Doc<M, T>;

/** Distributes over documents that are unions, so that each member keeps its own fields. */
type Shape<D, Added, A> = D extends unknown
  ? Expand<(A extends { readonly columns: infer C } ? Pick<D, keyof C & keyof D> : D) & Added>
  : never;

type ExtrasOf<A> = A extends { readonly extras: infer E extends object }
  ? { -readonly [K in keyof E]: E[K] extends (row: never) => infer Value ? Value : never }
  : unknown;

type WithOf<M extends AnyModel, T extends string, A> = A extends { readonly with: infer W extends object }
  ? { -readonly [K in keyof W]: K extends keyof RelationsOf<M, T> ? Related<M, RelationsOf<M, T>[K], W[K]> : never }
  : unknown;

type Related<M extends AnyModel, Rel, A> = Rel extends { readonly kind: "one" }
  ? Row<M, RelationTarget<Rel>, A> | null
  : A extends { readonly through: true }
    ? Expand<Row<M, RelationTarget<Rel>, A> & { _through: Doc<M, JunctionOf<Rel>> }>[]
    : Row<M, RelationTarget<Rel>, A>[];

/** The row of a vector search: with `_score` when it was asked for. */
export type ScoredRow<M extends AnyModel, T extends string, A> = A extends {
  readonly vectorSearch: { readonly includeScore: true };
}
  ? Expand<Row<M, T, A> & { _score: number }>
  : Row<M, T, A>;
