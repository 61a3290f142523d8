import { OrmError } from "../errors.js";
import type { AnySchema, SchemaPath, TableNames } from "../types/model.js";
import type { StandingWhere } from "../types/where.js";
import type { ReferentialAction } from "./catalog.js";

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

/** What `defineRelations` returns. */
export interface Relations<R extends AnyRelations = AnyRelations> {
  readonly schema: AnySchema;
  readonly definitions: R;
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

/** Makes the relations of `defineRelations`: `r.one.users({ from: "authorId" })`, `r.many.posts({ to: "authorId" })`. */
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

const optionKeys = {
  one: new Set(["from", "to", "onDelete", "onUpdate", "enforce"]),
  many: new Set(["from", "to", "through", "where"]),
};

/**
 * Declares how tables relate. Cheap: it records what is written and checks the tables' names; `new Orm`, which also
 * knows the unique keys, checks the rest.
 *
 * @throws OrmError `INVALID_SCHEMA` for an unknown table or option.
 */
export function defineRelations<S extends AnySchema, R extends RelationsFor<S, R> & AnyRelations>(
  schema: S,
  define: (r: RelationBuilder<S>) => R,
): Relations<R> {
  const one: Record<string, (options?: object) => Relation> = {};
  const many: Record<string, (options?: object) => Relation> = {};
  for (const target of Object.keys(schema.tables)) {
    one[target] = (options = {}) => ({ ...checkOptions("one", target, options), kind: "one", target });
    many[target] = (options = {}) => ({ ...checkOptions("many", target, options), kind: "many", target });
  }
  const builder = { one: knownTables(one, "r.one"), many: knownTables(many, "r.many") };
  const definitions = define(builder as unknown as RelationBuilder<S>);
  for (const table of Object.keys(definitions)) {
    if (!Object.hasOwn(schema.tables, table)) throw unknownTable(table, Object.keys(schema.tables), `relations -> ${table}`);
  }
  return Object.freeze({ schema, definitions });
}

/** Turns the "is not a function" of a misspelt `r.one.T` into an error that names the tables. */
function knownTables<T extends object>(makers: T, place: string): T {
  return new Proxy(makers, {
    get(target, name, receiver): unknown {
      if (typeof name === "string" && !Object.hasOwn(target, name)) {
        throw unknownTable(name, Object.keys(target), `relations -> ${place}.${name}`);
      }
      return Reflect.get(target, name, receiver);
    },
  });
}

function checkOptions(kind: "one" | "many", target: string, options: object): object {
  for (const key of Object.keys(options)) {
    if (optionKeys[kind].has(key)) continue;
    throw new OrmError("INVALID_SCHEMA", `Unknown option "${key}" of a \`${kind}\` relation`, {
      table: target,
      path: `relations -> r.${kind}.${target}`,
      hint: `Options of \`${kind}\`: ${[...optionKeys[kind]].join(", ")}.`,
    });
  }
  return options;
}

/** The error for a name that is no table, with the closest or all names. */
export function unknownTable(name: string, tables: readonly string[], path: string): OrmError {
  return new OrmError("INVALID_SCHEMA", `There is no table "${name}" in the schema`, {
    path,
    hint: `Tables: ${tables.join(", ")}.`,
  });
}
