import { v, type GenericValidator, type PropertyValidators } from "convex/values";
import { anyType, typeBit, type FieldInfo } from "./catalog.js";

/** Mask of the types that a validator admits, absence aside. */
export function typesOf(validator: GenericValidator): number {
  switch (validator.kind) {
    case "null":
      return typeBit.null;
    case "int64":
    case "commitTs":
      return typeBit.int64;
    case "float64":
      return typeBit.float64;
    case "boolean":
      return typeBit.boolean;
    case "string":
    case "id":
      return typeBit.string;
    case "bytes":
      return typeBit.bytes;
    case "array":
      return typeBit.array;
    case "object":
    case "record":
      return typeBit.object;
    case "literal":
      return literalType(validator.value);
    case "union":
      return validator.members.reduce((mask: number, member: GenericValidator) => mask | typesOf(member), 0);
    case "any":
      return anyType;
  }
}

function literalType(value: unknown): number {
  if (typeof value === "string") return typeBit.string;
  if (typeof value === "number") return typeBit.float64;
  return typeof value === "bigint" ? typeBit.int64 : typeBit.boolean;
}

/** The members of a union, unions within it included; any other validator alone. */
function* members(validator: GenericValidator): Generator<GenericValidator> {
  if (validator.kind !== "union") yield validator;
  else for (const member of validator.members as GenericValidator[]) yield* members(member);
}

/** The table of which every string among the values of the validators is an id, or null. */
function idTableOf(validators: readonly GenericValidator[]): string | null {
  let table: string | null = null;
  for (const validator of validators) {
    for (const member of members(validator)) {
      if ((typesOf(member) & typeBit.string) === 0) continue;
      if (member.kind !== "id" || (table !== null && table !== member.tableName)) return null;
      table = member.tableName;
    }
  }
  return table;
}

/** One step of a path: what is declared under `name`, and whether it may be absent there. */
interface Step {
  readonly declared: readonly GenericValidator[];
  readonly absent: boolean;
  /** Some member is `v.any()`: anything may be there. */
  readonly anything: boolean;
}

function descend(parents: readonly GenericValidator[], name: string): Step {
  const declared: GenericValidator[] = [];
  let absent = false;
  let anything = false;
  for (const parent of parents) {
    for (const member of members(parent)) {
      const child = childOf(member, name);
      if (child === null) absent = true;
      else if (child === "any") anything = true;
      else {
        declared.push(child);
        absent ||= child.isOptional === "optional" || member.kind === "record";
      }
    }
  }
  return { declared, absent: absent || anything, anything };
}

function childOf(member: GenericValidator, name: string): GenericValidator | "any" | null {
  if (member.kind === "any") return "any";
  if (member.kind === "record") return member.value as GenericValidator;
  if (member.kind !== "object") return null;
  const fields = member.fields as PropertyValidators;
  return Object.hasOwn(fields, name) ? fields[name]! : null;
}

/** Resolves a field or dotted path of a table's validator; null when the schema has none. */
function resolve(validator: GenericValidator, path: string): FieldInfo | null {
  let current: readonly GenericValidator[] = [validator];
  let optional = false;
  let anything = false;
  for (const name of path.split(".")) {
    if (name === "") return null;
    const step = descend(current, name);
    anything ||= step.anything;
    if (step.declared.length === 0) {
      if (!anything) return null;
      return { path, validators: [], optional: true, types: anyType, idTable: null };
    }
    optional ||= step.absent;
    current = step.declared;
  }
  const types = anything ? anyType : current.reduce((mask, each) => mask | typesOf(each), 0);
  const validators = types === anyType && (anything || hasAny(current)) ? [] : current;
  return { path, validators, optional, types, idTable: validators.length === 0 ? null : idTableOf(validators) };
}

function hasAny(validators: readonly GenericValidator[]): boolean {
  return validators.some((validator) => [...members(validator)].some((member) => member.kind === "any"));
}

/**
 * The fields of one table, resolved when first asked for: unions of objects, records, `v.any()`, optional and nullable
 * parents included. A field that only some members of a union declare, or that lies under an optional one, is
 * optional. Only hits are remembered, so that unknown names cannot grow the cache.
 */
export function fieldResolver(table: string, validator: GenericValidator): (path: string) => FieldInfo | null {
  const cache = new Map<string, FieldInfo>();
  return (path) => {
    const cached = cache.get(path);
    if (cached !== undefined) return cached;
    const found = systemField(table, path) ?? resolve(validator, path);
    if (found === null) return null;
    const frozen = Object.freeze({ ...found, validators: Object.freeze(found.validators) });
    cache.set(path, frozen);
    return frozen;
  };
}

function systemField(table: string, path: string): FieldInfo | null {
  if (path === "_id") {
    return { path, validators: [v.id(table)], optional: false, types: typeBit.string, idTable: table };
  }
  if (path === "_creationTime") {
    return { path, validators: [v.float64()], optional: false, types: typeBit.float64, idTable: null };
  }
  return null;
}

/** Whether a field can be emptied where it is declared: removed, or set to null. */
export function canBeEmptied(field: FieldInfo): boolean {
  return field.validators.every(
    (validator) => validator.isOptional === "optional" || (typesOf(validator) & typeBit.null) !== 0,
  );
}

/** The top-level fields that a table's validator declares, of every member of a union. */
export function declaredFields(validator: GenericValidator): string[] {
  const names = new Set<string>();
  for (const member of members(validator)) {
    if (member.kind === "object") for (const name of Object.keys(member.fields as object)) names.add(name);
  }
  return [...names];
}
