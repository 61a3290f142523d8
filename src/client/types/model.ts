import type { GenericId } from "convex/values";
import type { AnyRelations } from "../schema/relations.js";

/**
 * What the types need of a Convex schema, structurally: `SchemaDefinition` fits, and comparing with this costs the
 * compiler less than comparing with the class.
 */
export interface AnySchema {
  readonly tables: { readonly [table: string]: AnyTable };
}

/** A table of {@link AnySchema}: its validator knows the document's type and every dotted path into it. */
export interface AnyTable {
  readonly validator: { readonly type: unknown; readonly fieldPaths: string };
}

/** The parts of `tables` of the options that shape types: which fields have defaults, which uniques exist. */
export interface AnyTableOptions {
  readonly [table: string]: object | undefined;
}

/**
 * Everything that the types of one `Orm` derive from, carried as a single type parameter: each table's types are
 * computed from it when that table is used, never for all tables at once.
 */
export interface OrmModel<S extends AnySchema, R extends AnyRelations, O, V> {
  readonly schema: S;
  readonly relations: R;
  /** The type of `tables` of the options, as inferred. */
  readonly options: O;
  /** The session variables: what `session` resolves to. */
  readonly session: V;
}

export type AnyModel = OrmModel<AnySchema, AnyRelations, unknown, unknown>;

/** The names of the tables of a schema. */
export type TableNames<S extends AnySchema> = keyof S["tables"] & string;

/** The names of the tables of a model. */
export type TableName<M extends AnyModel> = keyof M["schema"]["tables"] & string;

/** One plain object type in hovers, whatever intersection it was computed from. */
export type Expand<O> = O extends unknown ? { [K in keyof O]: O[K] } : never;

type ValidatorOf<M extends AnyModel, T extends string> = M["schema"]["tables"][T]["validator"];

/** The fields of a table as its validator declares them, without the system fields. */
export type Fields<M extends AnyModel, T extends string> = ValidatorOf<M, T>["type"];

/** A document of a table: the same type as Convex's `Doc<T>`. */
export type Doc<M extends AnyModel, T extends string> = Expand<
  { _id: GenericId<T>; _creationTime: number } & Fields<M, T>
>;

/** Every field and dotted path of a table, `_id` and `_creationTime` included. */
export type Path<M extends AnyModel, T extends string> = ValidatorOf<M, T>["fieldPaths"] | "_id" | "_creationTime";

/** As {@link Path}, from a bare schema. */
export type SchemaPath<S extends AnySchema, T extends string> =
  S["tables"][T]["validator"]["fieldPaths"] | "_id" | "_creationTime";

/** The keys of every member of a union. */
export type AllKeys<D> = D extends unknown ? keyof D : never;

/** The type of the value at a field or dotted path; `undefined` is a member where it may be absent. */
export type ValueAt<D, P> = P extends keyof D ? D[P] : DeepValueAt<D, P>;

type DeepValueAt<D, P> = D extends unknown
  ? P extends keyof D
    ? D[P]
    : P extends `${infer Head}.${infer Rest}`
      ? Head extends keyof D
        ? DeepValueAt<NonNullable<D[Head]>, Rest>
        : string extends keyof D
          ? unknown
          : undefined
      : undefined
  : never;

/** The relations of a table: none when `defineRelations` does not name it. */
export type RelationsOf<M extends AnyModel, T extends string> = T extends keyof M["relations"]
  ? M["relations"][T]
  : Record<never, never>;

/** The options of one table, or nothing. */
export type OptionsOf<M extends AnyModel, T extends string> = T extends keyof M["options"]
  ? M["options"][T]
  : Record<never, never>;
