import type { AnySchema, SchemaPath, TableNames } from "../types/model.js";
import type { StandingWhere } from "../types/where.js";
import type { ReferentialAction } from "./catalog.js";
import { resolveRelations, type ResolvedRelation } from "./resolve.js";
import { readTables, type BaseTable } from "./tables.js";

/** A relation as its maker returns it: what the user wrote, with `from` and `to` still as written. */
export interface Relation<
  Kind extends "one" | "many" = "one" | "many",
  Target extends string = string,
  From extends string = string,
  Junction extends string = string,
> {
  readonly kind: Kind;
  readonly target: Target;
  /** What `from` names; only its type matters, for the check against the table that declares the relation. */
  readonly from?: From | readonly From[];
  readonly to?: string | readonly string[];
  readonly through?: {
    readonly table: Junction;
    readonly from: string | readonly string[];
    readonly to: string | readonly string[];
  };
  readonly where?: Readonly<Record<string, unknown>>;
  readonly onDelete?: ReferentialAction;
  readonly onUpdate?: ReferentialAction;
  readonly enforce?: boolean;
}

/** table -> relation name -> relation. */
export interface AnyRelations {
  readonly [table: string]: { readonly [relation: string]: Relation };
}

/** What `defineRelations` returns: what was written, and what it means, for `new Orm` to build on. */
export interface Relations<R = AnyRelations> {
  readonly schema: AnySchema;
  readonly definitions: R;
  readonly tables: Readonly<Record<string, BaseTable>>;
  /** table -> its relations, in the order written. */
  readonly resolved: Readonly<Record<string, readonly ResolvedRelation[]>>;
}

/** Options of `r.one.T`. `from` names fields of the declaring table, `to` fields of `T`; both default to `_id`. */
export interface OneOptions<S extends AnySchema, T extends string, From extends string> {
  readonly from?: From | readonly From[];
  readonly to?: SchemaPath<S, T> | readonly SchemaPath<S, T>[];
  /** With this or `onUpdate`, the relation is a foreign key: its parent must exist on write. */
  readonly onDelete?: ReferentialAction;
  readonly onUpdate?: ReferentialAction;
  /** `false` drops the existence check on write, not the actions. Default `true`. */
  readonly enforce?: boolean;
}

/** Options of `r.many.T`. */
export interface ManyOptions<S extends AnySchema, T extends string, From extends string, Junction extends string> {
  readonly from?: From | readonly From[];
  readonly to?: SchemaPath<S, T> | readonly SchemaPath<S, T>[];
  /** A junction table: `this[from] = junction[through.from]` and `junction[through.to] = T[to]`. */
  readonly through?: {
    readonly table: Junction;
    readonly from: SchemaPath<S, Junction> | readonly SchemaPath<S, Junction>[];
    readonly to: SchemaPath<S, Junction> | readonly SchemaPath<S, Junction>[];
  };
  /** A standing filter on `T`'s own fields: only rows that match it are related. */
  readonly where?: StandingWhere<S, T>;
}

/** Makes relations: `r.one.users({ from: "authorId" })`, `r.many.posts({ to: "authorId" })`. */
export interface RelationBuilder<S extends AnySchema> {
  readonly one: {
    readonly [T in TableNames<S>]: <From extends string = "_id">(
      options?: OneOptions<S, T, From>,
    ) => Relation<"one", T, NoInfer<From>, never>;
  };
  readonly many: {
    readonly [T in TableNames<S>]: <From extends string = "_id", Junction extends TableNames<S> = never>(
      options?: ManyOptions<S, T, From, Junction>,
    ) => Relation<"many", T, NoInfer<From>, NoInfer<Junction>>;
  };
}

/** The check on what `defineRelations` is given: known tables, and `from` a field of the table that declares it. */
export type RelationsFor<S extends AnySchema, R> = {
  readonly [T in keyof R]: T extends TableNames<S>
    ? { readonly [name: string]: Relation<"one" | "many", string, SchemaPath<S, T>, string> }
    : UnknownTable<T>;
};

/** Stands in for `never` where a table's name is not in the schema, so that the compiler's message says so. */
export interface UnknownTable<T> {
  readonly "this table is not in the schema": T;
}

/**
 * Declares how tables relate, and checks it against the schema: tables, fields, names, and that an index leads with
 * every key by which rows are looked up. `new Orm`, which also knows the unique keys, checks foreign keys.
 *
 * @throws OrmError `INVALID_SCHEMA`, naming the place (`relations -> posts -> author`) and the mend.
 */
export function defineRelations<S extends AnySchema, R extends RelationsFor<S, R>>(
  schema: S,
  define: (r: RelationBuilder<S>) => R,
): Relations<R> {
  const builder = { one: makers("one"), many: makers("many") };
  const definitions = define(builder as unknown as RelationBuilder<S>);
  return Object.freeze({ schema, definitions, ...readSchema(schema, definitions as unknown as AnyRelations) });
}

/** The tables of a schema and the relations between them, checked. @throws OrmError `INVALID_SCHEMA`. */
export function readSchema(schema: AnySchema, definitions: AnyRelations): Pick<Relations, "tables" | "resolved"> {
  const tables = readTables(schema);
  return { tables, resolved: resolveRelations(tables, definitions) };
}

/** Makers for any name: the place of a misspelt table is known only once the relation has one. */
function makers(kind: "one" | "many"): object {
  return new Proxy(
    {},
    {
      get:
        (_, target) =>
        (options: object = {}) =>
          Object.freeze({ ...options, kind, target: String(target) }),
    },
  );
}
