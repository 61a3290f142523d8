import type { GenericValidator } from "convex/values";
import { OrmError } from "../errors.js";
import type { AnySchema } from "../types/model.js";
import type { FieldInfo, IndexInfo, SearchIndexInfo, TableInfo, VectorIndexInfo } from "./catalog.js";
import { declaredFields, fieldResolver } from "./fields.js";

/** A table as the schema alone describes it. */
export type BaseTable = Pick<TableInfo, "name" | "validator" | "indexes" | "searchIndexes" | "vectorIndexes" | "field">;

/**
 * What a `TableDefinition` holds at run time. Its index lists are private in Convex's types; only indexes that are
 * ready are in them: a staged one stands in a list of its own.
 */
interface DefinedTable {
  readonly validator: GenericValidator;
  readonly indexes: readonly { readonly indexDescriptor: string; readonly fields: readonly string[] }[];
  readonly searchIndexes: readonly {
    readonly indexDescriptor: string;
    readonly searchField: string;
    readonly filterFields: readonly string[];
  }[];
  readonly vectorIndexes: readonly {
    readonly indexDescriptor: string;
    readonly vectorField: string;
    readonly dimensions: number;
    readonly filterFields: readonly string[];
  }[];
}

/** The two indexes of every table, which end its list. */
const builtIn: readonly IndexInfo[] = Object.freeze([
  Object.freeze({ name: "by_creation_time", fields: Object.freeze(["_creationTime", "_id"]), declared: 0 }),
  Object.freeze({ name: "by_id", fields: Object.freeze(["_id"]), declared: 0 }),
]);

/** The tables of a schema, by name. Fields are resolved when first asked for. */
export function readTables(schema: AnySchema): Record<string, BaseTable> {
  const tables: Record<string, BaseTable> = {};
  for (const [name, definition] of Object.entries(schema.tables)) {
    tables[name] = readTable(name, definition as unknown as DefinedTable);
  }
  return tables;
}

function readTable(name: string, table: DefinedTable): BaseTable {
  return {
    name,
    validator: table.validator,
    indexes: Object.freeze([...table.indexes.map(readIndex), ...builtIn]),
    searchIndexes: Object.freeze(table.searchIndexes.map(readSearchIndex)),
    vectorIndexes: Object.freeze(table.vectorIndexes.map(readVectorIndex)),
    field: fieldResolver(name, table.validator),
  };
}

function readIndex(index: DefinedTable["indexes"][number]): IndexInfo {
  return Object.freeze({
    name: index.indexDescriptor,
    fields: Object.freeze([...index.fields, "_creationTime", "_id"]),
    declared: index.fields.length,
  });
}

function readSearchIndex(index: DefinedTable["searchIndexes"][number]): SearchIndexInfo {
  return Object.freeze({
    name: index.indexDescriptor,
    searchField: index.searchField,
    filterFields: Object.freeze([...index.filterFields]),
  });
}

function readVectorIndex(index: DefinedTable["vectorIndexes"][number]): VectorIndexInfo {
  return Object.freeze({
    name: index.indexDescriptor,
    vectorField: index.vectorField,
    dimensions: index.dimensions,
    filterFields: Object.freeze([...index.filterFields]),
  });
}

/** An `INVALID_SCHEMA` error at a place such as `relations -> posts -> author`. */
export function invalidSchema(message: string, path: string, hint: string, table?: string): OrmError {
  return new OrmError("INVALID_SCHEMA", message, { hint, path, ...(table === undefined ? {} : { table }) });
}

/** The table of that name. @throws OrmError `INVALID_SCHEMA` when the schema has none. */
export function tableNamed<T>(tables: Readonly<Record<string, T>>, name: string, path: string): T {
  if (Object.hasOwn(tables, name)) return tables[name]!;
  throw invalidSchema(`the schema has no table "${name}"`, path, `Tables: ${Object.keys(tables).join(", ")}.`);
}

/** The field of that path. @throws OrmError `INVALID_SCHEMA` when the table has none. */
export function fieldNamed(table: BaseTable, name: unknown, path: string): FieldInfo {
  const field = typeof name === "string" ? table.field(name) : null;
  if (field !== null) return field;
  const fields = [...declaredFields(table.validator), "_id", "_creationTime"].join(", ");
  const written = typeof name === "string" ? `"${name}"` : String(name);
  throw invalidSchema(`table "${table.name}" has no field ${written}`, path, `Its fields: ${fields}.`, table.name);
}

/** Refuses keys that are not in `known`. */
export function onlyKeys(value: object, known: readonly string[], path: string): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    throw invalidSchema(`there is no option "${key}"`, path, `Options here: ${known.join(", ")}.`);
  }
}

/** `value` as an object of keys. @throws OrmError `INVALID_SCHEMA` when it is none. */
export function objectAt(value: unknown, path: string, hint: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalidSchema("an object is expected here", path, hint);
}
