import type { AnyRelations, Relation } from "./relations.js";
import type { RelationInfo } from "./catalog.js";
import { typeBit } from "./catalog.js";
import { declaredFields } from "./fields.js";
import { indexCall, leadingIndex } from "./indexes.js";
import { fieldNamed, invalidSchema, objectAt, onlyKeys, tableNamed, type BaseTable } from "./tables.js";

/** A relation resolved as far as the schema alone allows: whether its key is unique, the options know. */
export type ResolvedRelation = Omit<RelationInfo, "targetUnique"> & {
  /** What was written. */
  readonly written: Relation;
  readonly path: string;
};

const optionKeys = {
  one: ["kind", "target", "from", "to", "onDelete", "onUpdate", "enforce"],
  many: ["kind", "target", "from", "to", "through", "where"],
};

/** Keys of filters and results that a relation's name would hide. */
const reservedNames = ["AND", "OR", "NOT", "_through", "_score"];

type Tables = Readonly<Record<string, BaseTable>>;

/** Resolves and checks every relation. @throws OrmError `INVALID_SCHEMA` at `relations -> table -> name`. */
export function resolveRelations(tables: Tables, definitions: AnyRelations): Record<string, ResolvedRelation[]> {
  const resolved: Record<string, ResolvedRelation[]> = {};
  for (const [name, relations] of Object.entries(definitions)) {
    const table = tableNamed(tables, name, `relations -> ${name}`);
    const hint = 'Write { author: r.one.users({ from: "authorId" }) }.';
    resolved[name] = Object.entries(objectAt(relations, `relations -> ${name}`, hint)).map(([relation, written]) =>
      resolveRelation(tables, table, relation, written as Relation),
    );
  }
  return resolved;
}

function resolveRelation(tables: Tables, table: BaseTable, name: string, written: Relation): ResolvedRelation {
  const path = `relations -> ${table.name} -> ${name}`;
  checkName(table, name, path);
  if (typeof written !== "object" || written === null || (written.kind !== "one" && written.kind !== "many")) {
    throw invalidSchema("this is no relation", path, "Call r.one.T({...}) or r.many.T({...}).", table.name);
  }
  onlyKeys(written, optionKeys[written.kind], path);
  const target = tableNamed(tables, written.target, path);
  const from = fieldList(written.from, path);
  const to = fieldList(written.to, path);
  const through = written.through === undefined ? null : resolveJunction(tables, written.through, path);
  if (through === null) {
    if (written.from === undefined && written.to === undefined) {
      throw invalidSchema(
        `neither \`from\` nor \`to\` is given: which field joins "${table.name}" and "${target.name}"?`,
        path,
        `Write from: a field of "${table.name}", or to: a field of "${target.name}"; the other is _id by default.`,
      );
    }
    joins(table, from, target, to, path);
  } else {
    joins(table, from, through.junction, through.from, path);
    joins(through.junction, through.to, target, to, path);
    needsIndex(through.junction, through.from, path, "the junction cannot be read from this side");
    needsIndex(through.junction, through.to, path, "the junction cannot be read from the other side");
  }
  needsIndex(target, to, path, `the related rows cannot be found by ${to.join(", ")}`);
  return {
    name,
    table: table.name,
    kind: written.kind,
    target: target.name,
    from,
    to,
    through: through && Object.freeze({ table: through.junction.name, from: through.from, to: through.to }),
    where: written.where ?? null,
    written,
    path,
  };
}

function checkName(table: BaseTable, name: string, path: string): void {
  const taken = name === "_id" || name === "_creationTime" || declaredFields(table.validator).includes(name);
  if (!taken && !reservedNames.includes(name)) return;
  const why = taken
    ? `"${name}" is also a field of "${table.name}"`
    : `"${name}" has a meaning of its own in filters or results`;
  throw invalidSchema(`a relation cannot have this name: ${why}`, path, "Give the relation another name.", table.name);
}

function fieldList(written: string | readonly string[] | undefined, path: string): readonly string[] {
  const fields = written === undefined ? ["_id"] : typeof written === "string" ? [written] : [...written];
  if (fields.length > 0 && new Set(fields).size === fields.length) return Object.freeze(fields);
  throw invalidSchema("a list of fields is empty or names one twice", path, "Name each field of the key once.");
}

function resolveJunction(tables: Tables, written: NonNullable<Relation["through"]>, path: string) {
  onlyKeys(objectAt(written, path, "Write through: { table, from, to }."), ["table", "from", "to"], path);
  if (written.from === undefined || written.to === undefined) {
    throw invalidSchema(
      "`through` needs `from` and `to`, fields of the junction",
      path,
      "Write through: { table, from, to }.",
    );
  }
  const junction = tableNamed(tables, written.table, path);
  return { junction, from: fieldList(written.from, path), to: fieldList(written.to, path) };
}

/** Checks that two keys exist, are as long as each other, and can ever be equal. */
function joins(a: BaseTable, from: readonly string[], b: BaseTable, to: readonly string[], path: string): void {
  if (from.length !== to.length) {
    const written = `[${from.join(", ")}] of "${a.name}" and [${to.join(", ")}] of "${b.name}"`;
    throw invalidSchema(
      `the two sides of the key differ in length: ${written}`,
      path,
      "Name as many fields on either side.",
    );
  }
  from.forEach((field, i) => {
    const left = fieldNamed(a, field, path);
    const right = fieldNamed(b, to[i], path);
    const common = left.types & right.types & ~typeBit.null;
    const sameIds = left.idTable === null || right.idTable === null || left.idTable === right.idTable;
    if (common !== 0 && sameIds) return;
    const names = `${a.name}.${left.path} and ${b.name}.${right.path}`;
    const why = sameIds ? "have no type in common" : `are ids of "${left.idTable}" and of "${right.idTable}"`;
    throw invalidSchema(`this can never join: ${names} ${why}`, path, "Check `from`, `to` and the target.", a.name);
  });
}

/** Checks that an index of `table` leads with `fields`, so that rows are found by them without a scan. */
export function needsIndex(table: BaseTable, fields: readonly string[], path: string, why: string): string {
  const index = leadingIndex(table.indexes, fields);
  if (index !== null) return index.name;
  throw invalidSchema(
    `no index of "${table.name}" leads with ${fields.join(", ")}: ${why}`,
    path,
    `Add ${indexCall(fields)} to "${table.name}" in the schema.`,
    table.name,
  );
}
