import type { GenericId } from "convex/values";
import type { AnyModel, AnySchema, Doc, Fields, Path, RelationsOf, SchemaPath, ValueAt } from "./model.js";

/** A reference to a session variable, as `session("x")` makes it. Only policies may hold one. */
export interface SessionVariable<Name extends string = string> {
  readonly session: Name;
}

/**
 * The names of the session variables that can be compared with a value of type `V`: one type must be assignable to
 * the other, so that an `Id<"teams">` is not compared with an `Id<"users">`. Null is unknown, of no type.
 */
type ComparableVariables<V, Session> = {
  [K in keyof Session & string]: [V] extends [NonNullable<Session[K]>]
    ? K
    : [NonNullable<Session[K]>] extends [V]
      ? K
      : never;
}[keyof Session & string];

/** An operand: a value, and in a policy (`Session` is not `never`) a session variable of a comparable type. */
export type Operand<V, Session = never> = [Session] extends [never]
  ? V
  : V | SessionVariable<ComparableVariables<V, Session>>;

/** A whole list as operand: an array of operands or, in a policy, a session variable that holds an array. */
export type ListOperand<V, Session = never> = [Session] extends [never]
  ? readonly V[]
  : readonly Operand<V, Session>[] | SessionVariable<ComparableVariables<readonly V[], Session>>;

/** The operators of every field. Several in one object are joined by AND. */
export interface FieldOperators<V, Session = never> {
  readonly eq?: Operand<V, Session>;
  readonly ne?: Operand<V, Session>;
  readonly gt?: Operand<V, Session>;
  readonly gte?: Operand<V, Session>;
  readonly lt?: Operand<V, Session>;
  readonly lte?: Operand<V, Session>;
  /** Both ends included. */
  readonly between?: readonly [low: Operand<V, Session>, high: Operand<V, Session>];
  readonly notBetween?: readonly [low: Operand<V, Session>, high: Operand<V, Session>];
  readonly in?: ListOperand<V, Session>;
  readonly notIn?: ListOperand<V, Session>;
  /** Matches absent and null. */
  readonly isNull?: true;
  readonly isNotNull?: true;
}

/** The operators of a field that can hold a string. Case-sensitive but for `ilike` and `notIlike`. */
export interface TextOperators<V, Session = never> extends FieldOperators<V, Session> {
  /** `%` any text, `_` one code point, `\` escapes. */
  readonly like?: Operand<string, Session>;
  readonly notLike?: Operand<string, Session>;
  readonly ilike?: Operand<string, Session>;
  readonly notIlike?: Operand<string, Session>;
  readonly startsWith?: Operand<string, Session>;
  readonly endsWith?: Operand<string, Session>;
  readonly contains?: Operand<string, Session>;
}

/** The operators of a field that can hold an array of `E`. */
export interface ArrayOperators<V, E, Session = never> extends FieldOperators<V, Session> {
  readonly arrayContains?: ListOperand<E, Session>;
  readonly arrayContained?: ListOperand<E, Session>;
  readonly arrayOverlaps?: ListOperand<E, Session>;
}

/** The operators of a field that can hold strings as well as arrays, or anything. */
export interface AllOperators<V, E, Session = never> extends TextOperators<V, Session> {
  readonly arrayContains?: ListOperand<E, Session>;
  readonly arrayContained?: ListOperand<E, Session>;
  readonly arrayOverlaps?: ListOperand<E, Session>;
}

/** What may stand for `{ eq: value }`. An object value is always written under an operator. */
type Shorthand = string | number | bigint | boolean | ArrayBuffer | readonly unknown[];

/** What a `where` may say of a field of type `V`: a value, or an object of operators. */
export type FieldFilter<V, Session = never> = unknown extends V
  ? Operand<Shorthand, Session> | AllOperators<unknown, unknown, Session>
  : FilterOf<NonNullable<V>, Session>;

type FilterOf<V, Session> = [V] extends [string]
  ? Operand<V, Session> | TextOperators<V, Session>
  : [V] extends [number | boolean | bigint | ArrayBuffer]
    ? Operand<V, Session> | FieldOperators<V, Session>
    : Operand<Extract<V, Shorthand>, Session> | MixedOperators<V, Session>;

type MixedOperators<V, Session> = [Extract<V, readonly unknown[]>] extends [never]
  ? [Extract<V, string>] extends [never]
    ? FieldOperators<V, Session>
    : TextOperators<V, Session>
  : [Extract<V, string>] extends [never]
    ? ArrayOperators<V, Extract<V, readonly unknown[]>[number], Session>
    : AllOperators<V, Extract<V, readonly unknown[]>[number], Session>;

/**
 * A filter on the rows of a table: fields and dotted paths, relations, `AND`, `OR`, `NOT`. Relations map to a filter
 * on the related rows, or to `true`: one exists.
 *
 * `Session` is `never` but in policies, where operands may be session variables.
 */
export type Where<M extends AnyModel, T extends string, Session = never> = {
  readonly [K in Path<M, T> | (keyof RelationsOf<M, T> & string) | "AND" | "OR" | "NOT"]?: WhereValue<M, T, K, Session>;
};

type WhereValue<M extends AnyModel, T extends string, K, Session> = K extends "AND" | "OR"
  ? readonly Where<M, T, Session>[]
  : K extends "NOT"
    ? Where<M, T, Session>
    : K extends keyof RelationsOf<M, T>
      ? true | Where<M, RelationTarget<RelationsOf<M, T>[K]>, Session>
      : FieldFilter<FieldType<M, T, K>, Session>;

type FieldType<M extends AnyModel, T extends string, K> = K extends keyof Fields<M, T>
  ? Fields<M, T>[K]
  : ValueAt<Doc<M, T>, K>;

/** The table that a relation leads to. */
export type RelationTarget<Rel> = Rel extends { readonly target: infer Target extends string } ? Target : never;

/** A filter on a table's own fields, over a bare schema: the standing `where` of a `many` relation. */
export type StandingWhere<S extends AnySchema, T extends string> = {
  readonly [K in SchemaPath<S, T> | "AND" | "OR" | "NOT"]?: K extends "AND" | "OR"
    ? readonly StandingWhere<S, T>[]
    : K extends "NOT"
      ? StandingWhere<S, T>
      : FieldFilter<ValueAt<S["tables"][T]["validator"]["type"] & { _id: GenericId<T>; _creationTime: number }, K>>;
};
