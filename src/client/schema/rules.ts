import { readAggregates } from "./aggregates.js";
import { typeBit, type TableRules, type UniqueInfo } from "./catalog.js";
import { canBeEmptied, declaredFields } from "./fields.js";
import { indexCall, leadingDeclaredIndex } from "./indexes.js";
import { fieldNamed, invalidSchema, objectAt, onlyKeys, type BaseTable } from "./tables.js";

const ruleKeys = ["defaults", "onUpdate", "unique", "checks", "deletion", "protected", "files", "count"];
const nothing = Object.freeze({});

/** The rules of a table of which the options say nothing. */
export const noRules: TableRules = Object.freeze({
  defaults: nothing,
  onUpdate: nothing,
  unique: Object.freeze([]),
  checks: nothing,
  softDelete: null,
  protected: false,
  files: nothing,
  aggregates: Object.freeze([]),
});

/**
 * Normalises `tables.T` of the options. The keys of `checks` are checked later, when relations are known.
 *
 * @throws OrmError `INVALID_SCHEMA` at `tables -> T -> rule`.
 */
export function readRules(table: BaseTable, options: unknown): TableRules {
  if (options === undefined) return noRules;
  const path = `tables -> ${table.name}`;
  const rules = objectAt(options, path, `Options of a table: ${ruleKeys.join(", ")}.`);
  onlyKeys(rules, ruleKeys, path);
  return Object.freeze({
    defaults: generated(table, rules["defaults"], `${path} -> defaults`),
    onUpdate: generated(table, rules["onUpdate"], `${path} -> onUpdate`),
    unique: Object.freeze(uniques(table, rules["unique"], `${path} -> unique`)),
    checks: checks(rules["checks"], `${path} -> checks`),
    softDelete: softDelete(table, rules["deletion"], `${path} -> deletion`),
    protected: flag(rules["protected"], `${path} -> protected`),
    files: files(table, rules["files"], `${path} -> files`),
    aggregates: Object.freeze(readAggregates(table, rules["count"], `${path} -> count`)),
  });
}

/** Values, or functions that make them, for top-level fields: `defaults` and `onUpdate`. */
function generated(table: BaseTable, written: unknown, path: string): Readonly<Record<string, unknown>> {
  if (written === undefined) return nothing;
  const values = objectAt(written, path, "Write { field: value } or { field: () => value }.");
  for (const [field, value] of Object.entries(values)) {
    const at = `${path} -> ${field}`;
    topLevel(table, field, at);
    if (value === undefined) {
      throw invalidSchema(
        "undefined is no value",
        at,
        "Leave the field out, or give a value or a function.",
        table.name,
      );
    }
  }
  return Object.freeze({ ...values });
}

function topLevel(table: BaseTable, field: string, path: string): void {
  fieldNamed(table, field, path);
  if (field === "_id" || field === "_creationTime" || field.includes(".")) {
    const hint = `Name a field of "${table.name}": ${declaredFields(table.validator).join(", ")}.`;
    throw invalidSchema(`"${field}" is not a top-level field that the app writes`, path, hint, table.name);
  }
}

function uniques(table: BaseTable, written: unknown, path: string): UniqueInfo[] {
  if (written === undefined) return [];
  const hint = 'Write { email: ["email"] }: a name, and the fields that it spans.';
  return Object.entries(objectAt(written, path, hint)).map(([name, fields]) => {
    const at = `${path} -> ${name}`;
    if (!Array.isArray(fields) || fields.length === 0 || new Set(fields).size !== fields.length) {
      throw invalidSchema("a unique is a list of fields, each once", at, hint, table.name);
    }
    for (const field of fields) fieldNamed(table, field, at);
    if (fields.includes("_id")) {
      throw invalidSchema("_id is unique by itself", at, "Leave this unique out.", table.name);
    }
    const index = leadingDeclaredIndex(table.indexes, fields as string[]);
    if (index === null) {
      throw invalidSchema(
        `no index of "${table.name}" leads with ${fields.join(", ")}: a unique is enforced by reading one`,
        at,
        `Add ${indexCall(fields as string[])} to "${table.name}" in the schema.`,
        table.name,
      );
    }
    const inIndexOrder = Object.freeze(index.fields.slice(0, fields.length));
    return Object.freeze({ name, fields: inIndexOrder, index: index.name });
  });
}

function checks(written: unknown, path: string): TableRules["checks"] {
  if (written === undefined) return nothing;
  const hint = "Write { adult: { age: { gte: 18 } } }: a name, and a filter.";
  const found: Record<string, Readonly<Record<string, unknown>>> = {};
  for (const [name, filter] of Object.entries(objectAt(written, path, hint))) {
    found[name] = objectAt(filter, `${path} -> ${name}`, hint);
  }
  return Object.freeze(found);
}

function softDelete(table: BaseTable, written: unknown, path: string): TableRules["softDelete"] {
  if (written === undefined) return null;
  const hint = 'Write { soft: "deletedAt", purgeAfterMs: 86_400_000 }; for a hard delete leave `deletion` out.';
  const deletion = objectAt(written, path, hint);
  onlyKeys(deletion, ["soft", "purgeAfterMs"], path);
  const { soft, purgeAfterMs = null } = deletion;
  if (typeof soft !== "string") throw invalidSchema("`soft` names the field that marks a deleted row", path, hint);
  topLevel(table, soft, path);
  const field = fieldNamed(table, soft, path);
  if ((field.types & typeBit.float64) === 0 || !canBeEmptied(field)) {
    const mend = `Declare ${soft}: v.optional(v.number()) in "${table.name}".`;
    throw invalidSchema(`"${soft}" must hold a time when deleted and nothing before`, path, mend, table.name);
  }
  if (
    purgeAfterMs !== null &&
    !(typeof purgeAfterMs === "number" && Number.isFinite(purgeAfterMs) && purgeAfterMs >= 0)
  ) {
    throw invalidSchema("`purgeAfterMs` is a number of milliseconds", path, hint, table.name);
  }
  return Object.freeze({ field: soft, purgeAfterMs });
}

function flag(written: unknown, path: string): boolean {
  if (written === undefined || typeof written === "boolean") return written ?? false;
  throw invalidSchema("true or false is expected here", path, "Write protected: true.");
}

function files(table: BaseTable, written: unknown, path: string): TableRules["files"] {
  if (written === undefined) return nothing;
  const hint = 'Write { avatarId: "cascade" }: a field with storage ids.';
  const found: Record<string, "cascade"> = {};
  for (const [name, action] of Object.entries(objectAt(written, path, hint))) {
    const at = `${path} -> ${name}`;
    const field = fieldNamed(table, name, at);
    if (action !== "cascade") throw invalidSchema('the only action for a file is "cascade"', at, hint, table.name);
    const ids = (field.types & (typeBit.string | typeBit.array)) !== 0;
    if (!ids || (field.idTable !== null && field.idTable !== "_storage")) {
      throw invalidSchema(`"${name}" cannot hold a storage id`, at, `Declare it as v.id("_storage").`, table.name);
    }
    found[name] = "cascade";
  }
  return Object.freeze(found);
}
