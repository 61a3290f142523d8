import { convexToJson, jsonToConvex, type GenericValidator, type Value } from "convex/values";
import { validate } from "convex-helpers/validators";
import { OrmError } from "../errors.js";
import { hasLoneSurrogate, isPlainObject, readPath, type Stored } from "../predicate/values.js";
import { typeBit, type TableInfo } from "../schema/catalog.js";
import type { Document } from "../executor/env.js";
import type { WriteDatabase } from "./env.js";
import type { Fields } from "./paths.js";

const invalid = (table: TableInfo, message: string, path: string, hint?: string): OrmError =>
  new OrmError("INVALID_VALUE", message, { table: table.name, path, ...(hint === undefined ? {} : { hint }) });

/** The value itself, or what the function gives; a copy, so that rows never share a mutable default. */
function generate(source: unknown): Stored {
  const value: unknown = typeof source === "function" ? (source as () => unknown)() : source;
  return typeof value === "object" && value !== null ? jsonToConvex(convexToJson(value as Value)) : (value as Stored);
}

/** The default of a field, or undefined when it has none. A dotted path takes its part of the default of its root. */
export function defaultOf(table: TableInfo, field: string): Stored {
  const { defaults } = table.rules;
  if (Object.hasOwn(defaults, field)) return generate(defaults[field]);
  const root = field.split(".")[0]!;
  if (root === field || !Object.hasOwn(defaults, root)) return undefined;
  const value = generate(defaults[root]);
  return isPlainObject(value) ? readPath(value, field.slice(root.length + 1)) : undefined;
}

/** What `set null` writes: nothing where the field may be absent, null where only null is allowed. */
export function emptyOf(table: TableInfo, field: string): Stored {
  const info = table.field(field);
  return info !== null && !info.optional && (info.types & typeBit.null) !== 0 ? null : undefined;
}

/**
 * One row of an insert with its defaults and `onUpdate` fields, judged by the table's validators.
 *
 * @throws OrmError `INVALID_VALUE`, naming the field.
 */
export function newRow(db: WriteDatabase, table: TableInfo, values: unknown, path: string): Record<string, unknown> {
  const row = ownFields(table, values, path);
  for (const rules of [table.rules.defaults, table.rules.onUpdate]) {
    for (const field of Object.keys(rules)) {
      if (row[field] !== undefined) continue;
      const value = generate(rules[field]);
      if (value !== undefined) row[field] = value;
    }
  }
  checkRow(db, table, row, path);
  return row;
}

/** The fields that an update sets, before and after {@link patched}: `undefined` removes. */
export type Patch = Readonly<Record<string, unknown>>;

/** The patch as written, or what its function gives for a row. Judged only when applied. */
export function patchFor(table: TableInfo, set: unknown, row: Document): Patch {
  const patch: unknown = typeof set === "function" ? (set as (row: Document) => unknown)(row) : set;
  if (isPlainObject(patch)) return patch;
  const what = patch instanceof Promise ? "a promise: the function must not be async" : "no object";
  throw invalid(table, `\`set\` gave ${what}`, "set", "Return an object of the fields to set.");
}

/**
 * Judges the fields of a patch by themselves, so that a wrong one is refused even when no row matches.
 *
 * @throws OrmError `INVALID_VALUE`, naming the field.
 */
export function checkPatch(db: WriteDatabase, table: TableInfo, patch: Patch): void {
  const fields =
    table.validator.kind === "object" ? (table.validator.fields as Record<string, GenericValidator>) : null;
  for (const [field, value] of Object.entries(patch)) {
    if (field === "_id" || field === "_creationTime") {
      throw invalid(table, `${field} is the platform's: it cannot be set`, `set -> ${field}`);
    }
    checkValue(table, field, value ?? null, "set");
    const validator = fields?.[field];
    if (validator !== undefined) checkAgainst(db, table, validator, value, "set", field);
  }
}

/**
 * A row as an update leaves it: the patch, and `onUpdate` fields that it does not name.
 *
 * @throws OrmError `INVALID_VALUE`, naming the field.
 */
export function patched(db: WriteDatabase, table: TableInfo, row: Document, patch: Patch): Document {
  const fields: Record<string, unknown> = { ...patch };
  for (const [field, source] of Object.entries(table.rules.onUpdate)) {
    if (!Object.hasOwn(fields, field)) fields[field] = generate(source);
  }
  return apply(db, table, row, fields, "set");
}

/** A row with some fields set, `undefined` removing them; judged by the table's validators. */
export function apply(db: WriteDatabase, table: TableInfo, row: Document, fields: Patch, path: string): Document {
  const { _id, _creationTime, ...own } = row;
  for (const field of Object.keys(fields)) {
    if (field === "_id" || field === "_creationTime") {
      throw invalid(table, `${field} is the platform's: it cannot be set`, `${path} -> ${field}`);
    }
  }
  const after: Record<string, unknown> = { ...own };
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined) delete after[field];
    else after[field] = value;
  }
  checkRow(db, table, after, path);
  return { ...after, _id, _creationTime };
}

function ownFields(table: TableInfo, values: unknown, path: string): Record<string, unknown> {
  if (!isPlainObject(values))
    throw invalid(table, "a row is an object", path, "Pass an object of fields, or an array of them.");
  const row: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(values)) {
    if (field === "_id" || field === "_creationTime") {
      throw invalid(table, `${field} is the platform's: it cannot be given`, `${path} -> ${field}`);
    }
    if (value !== undefined) row[field] = value;
  }
  return row;
}

/** Judges a whole row, and names the first field that is not the schema's. */
export function checkRow(db: WriteDatabase, table: TableInfo, row: Fields, path: string): void {
  for (const [field, value] of Object.entries(row)) checkValue(table, field, value, path);
  checkAgainst(db, table, table.validator, row, path);
}

/** What no Convex document can hold, whatever the schema says. */
function checkValue(table: TableInfo, field: string, value: unknown, path: string): void {
  const at = `${path} -> ${field}`;
  if (table.field(field) === null || field.includes(".")) {
    throw invalid(table, `"${table.name}" has no field "${field}"`, at, "Check the spelling against the schema.");
  }
  try {
    convexToJson(value as Value);
  } catch (error) {
    throw invalid(table, error instanceof Error ? error.message : String(error), at);
  }
  if (hasLoneSurrogate(value)) throw invalid(table, "the string holds a lone surrogate, which cannot be stored", at);
}

function checkAgainst(
  db: WriteDatabase,
  table: TableInfo,
  validator: GenericValidator,
  value: unknown,
  path: string,
  prefix?: string,
): void {
  const member = isPlainObject(value) && prefix === undefined ? memberFor(validator, value) : validator;
  try {
    validate(member, value, {
      throw: true,
      db: idChecker(db) as never,
      ...(prefix === undefined ? {} : { _pathPrefix: prefix }),
    });
  } catch (error) {
    if (!(error instanceof Error && error.name === "ValidationError")) throw error;
    const { path: field } = error as Error & { path?: string };
    const at = field === undefined || field === "" ? path : `${path} -> ${field}`;
    const named = field === undefined || field === "" ? `"${table.name}"` : `"${table.name}.${field}"`;
    throw invalid(table, `${named}: ${error.message.replace(/^.*?: Expected /, "expected ")}`, at);
  }
}

/** Of a table that is a union of objects, the member that the row's literal fields speak for: its errors are the useful ones. */
function memberFor(validator: GenericValidator, row: Fields): GenericValidator {
  if (validator.kind !== "union") return validator;
  const members = validator.members as GenericValidator[];
  const fitting = members.filter(
    (member) =>
      member.kind === "object" &&
      Object.entries(member.fields as Record<string, GenericValidator>).every(
        ([name, field]) => field.kind !== "literal" || field.value === row[name],
      ),
  );
  return fitting.length === 1 ? fitting[0]! : validator;
}

/** Ids are judged by the database; a wrapped one may lack the system tables. */
const idChecker = (db: WriteDatabase) => ({
  normalizeId: (table: string, id: string) => db.normalizeId(table, id),
  system: {
    normalizeId: (table: string, id: string) =>
      db.system?.normalizeId === undefined ? id : db.system.normalizeId(table, id),
  },
});
