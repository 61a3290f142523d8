import type { GenericValidator } from "convex/values";
import type { AggregateInfo } from "./aggregates.js";

/** The value types of Convex, in its order; each is one bit of a {@link FieldInfo.types} mask. */
export const typeBit = {
  null: 1,
  int64: 2,
  float64: 4,
  boolean: 8,
  string: 16,
  bytes: 32,
  array: 64,
  object: 128,
} as const;
export type TypeName = keyof typeof typeBit;
export const anyType = 255;

/** What the schema says of one field or dotted path. */
export interface FieldInfo {
  readonly path: string;
  /** The declared validators of the field: one for each member of a union of objects; empty under `v.any()`. */
  readonly validators: readonly GenericValidator[];
  /** May be absent from a document. */
  readonly optional: boolean;
  /** Mask of {@link typeBit}: the types that a present value can have. */
  readonly types: number;
  /** Set when the field is `v.id(table)`. */
  readonly idTable: string | null;
}

export interface IndexInfo {
  readonly name: string;
  /** The declared fields, then `_creationTime` and `_id` (the whole key, as the backend orders it). */
  readonly fields: readonly string[];
  /** How many of `fields` were declared: 0 for `by_id` and `by_creation_time`. */
  readonly declared: number;
}

export interface SearchIndexInfo {
  readonly name: string;
  readonly searchField: string;
  readonly filterFields: readonly string[];
}

export interface VectorIndexInfo {
  readonly name: string;
  readonly vectorField: string;
  readonly dimensions: number;
  readonly filterFields: readonly string[];
}

/** Referential actions, with PostgreSQL's meaning (https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK). */
export type ReferentialAction = "cascade" | "set null" | "set default" | "restrict" | "no action";

/** One relation of a table, resolved: `this[from] = target[to]`, field by field. */
export interface RelationInfo {
  readonly name: string;
  readonly table: string;
  readonly kind: "one" | "many";
  readonly target: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** A junction: `this[from] = junction[through.from]` and `junction[through.to] = target[to]`. */
  readonly through: { readonly table: string; readonly from: readonly string[]; readonly to: readonly string[] } | null;
  /** The standing filter of a `many`, as written. */
  readonly where: Readonly<Record<string, unknown>> | null;
  /** `to` is `_id` or a declared unique of the target: at most one row can match. */
  readonly targetUnique: boolean;
}

/** A `one` relation that declares a referential action: `table[fields]` references `target[targetFields]`. */
export interface ForeignKey {
  readonly name: string;
  readonly table: string;
  readonly fields: readonly string[];
  readonly target: string;
  readonly targetFields: readonly string[];
  readonly onDelete: ReferentialAction;
  readonly onUpdate: ReferentialAction;
  /** False drops the existence check on write; the actions stay. */
  readonly enforce: boolean;
  /** The index of `table` that leads with `fields`: how referencing rows are found. */
  readonly index: string;
}

export interface UniqueInfo {
  readonly name: string;
  readonly fields: readonly string[];
  /** The index that leads with `fields`, in the index's own order. */
  readonly index: string;
}

/** The rules of one table, normalised from `tables.T` of the options. */
export interface TableRules {
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly onUpdate: Readonly<Record<string, unknown>>;
  readonly unique: readonly UniqueInfo[];
  /** name -> filter, as written. */
  readonly checks: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly softDelete: { readonly field: string; readonly purgeAfterMs: number | null } | null;
  readonly protected: boolean;
  /** Fields that hold storage ids, deleted with the row. */
  readonly files: Readonly<Record<string, "cascade">>;
  /** Aggregates that follow the table, and may answer counts. */
  readonly aggregates: readonly AggregateInfo[];
}

export interface TableInfo {
  readonly name: string;
  readonly validator: GenericValidator;
  readonly indexes: readonly IndexInfo[];
  readonly searchIndexes: readonly SearchIndexInfo[];
  readonly vectorIndexes: readonly VectorIndexInfo[];
  readonly relations: Readonly<Record<string, RelationInfo>>;
  readonly foreignKeys: readonly ForeignKey[];
  /** Foreign keys of any table (itself included) that reference this one. */
  readonly referencedBy: readonly ForeignKey[];
  readonly rules: TableRules;
  /** The field or dotted path, or null when the schema has none. */
  field(path: string): FieldInfo | null;
}

export interface Catalog {
  readonly tables: Readonly<Record<string, TableInfo>>;
}
