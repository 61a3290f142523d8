import { v, type GenericValidator } from "convex/values";
import { anyType, typeBit, type FieldInfo } from "./catalog.js";

/**
 * A validator as it is at run time. Convex's own type is a union of fourteen generic classes, which costs the compiler
 * thousands of instantiations to walk, in every app that checks its libraries.
 */
interface Shape {
  readonly kind: string;
  readonly isOptional: "optional" | "required";
  readonly tableName?: string;
  readonly value?: unknown;
  readonly members?: readonly Shape[];
  readonly fields?: Readonly<Record<string, Shape>>;
  readonly element?: Shape;
}

const shapeOf = (validator: GenericValidator): Shape => validator as unknown as Shape;
const isAny = (shape: Shape): boolean => shape.kind === "any";

const typesOfKind: Readonly<Record<string, number>> = {
  null: typeBit.null,
  int64: typeBit.int64,
  commitTs: typeBit.int64,
  float64: typeBit.float64,
  boolean: typeBit.boolean,
  string: typeBit.string,
  id: typeBit.string,
  bytes: typeBit.bytes,
  array: typeBit.array,
  object: typeBit.object,
  record: typeBit.object,
};

/** Mask of the types that a validator admits, absence aside; a kind that is not known here may hold anything. */
function typesOf(shape: Shape): number {
  if (shape.kind === "union") return (shape.members ?? []).reduce((mask, member) => mask | typesOf(member), 0);
  if (shape.kind === "literal") return literalType(shape.value);
  return typesOfKind[shape.kind] ?? anyType;
}

/** Mask of the types that elements of a field's arrays can have; any type where no array is declared, or under `v.any()`. */
export function elementTypes(field: FieldInfo): number {
  const members = field.validators
    .map(shapeOf)
    .flatMap((shape) => (shape.kind === "union" ? (shape.members ?? []) : [shape]));
  const arrays = members.filter((shape) => shape.kind === "array");
  if (arrays.length === 0 || members.some(isAny)) return anyType;
  return arrays.reduce((mask, { element }) => mask | (element === undefined ? anyType : typesOf(element)), 0);
}

function literalType(value: unknown): number {
  if (typeof value === "string") return typeBit.string;
  if (typeof value === "number") return typeBit.float64;
  return typeof value === "bigint" ? typeBit.int64 : typeBit.boolean;
}

/** The members of a union, unions within it included; any other validator alone. */
function* members(shape: Shape): Generator<Shape> {
  if (shape.kind !== "union") yield shape;
  else for (const member of shape.members ?? []) yield* members(member);
}

/** The table of which every string among the values of the validators is an id, or null. */
function idTableOf(shapes: readonly Shape[]): string | null {
  let table: string | null = null;
  for (const shape of shapes) {
    for (const member of members(shape)) {
      if ((typesOf(member) & typeBit.string) === 0) continue;
      if (member.kind !== "id" || (table !== null && table !== member.tableName)) return null;
      table = member.tableName ?? null;
    }
  }
  return table;
}

/** One step of a path: what is declared under `name`, and whether it may be absent there. */
interface Step {
  readonly declared: readonly Shape[];
  readonly absent: boolean;
  /** Some member is `v.any()`: anything may be there. */
  readonly anything: boolean;
}

function descend(parents: readonly Shape[], name: string): Step {
  const declared: Shape[] = [];
  let absent = false;
  let anything = false;
  for (const parent of parents) {
    for (const member of members(parent)) {
      const child = childOf(member, name);
      if (child !== null) {
        declared.push(child);
        absent ||= child.isOptional === "optional" || member.kind === "record";
      } else if (isAny(member)) anything = true;
      else absent = true;
    }
  }
  return { declared, absent: absent || anything, anything };
}

function childOf(member: Shape, name: string): Shape | null {
  if (member.kind === "record") return member.value as Shape;
  if (member.fields === undefined || !Object.hasOwn(member.fields, name)) return null;
  return member.fields[name]!;
}

/** Resolves a field or dotted path of a table's validator; null when the schema has none. */
function resolve(validator: GenericValidator, path: string): FieldInfo | null {
  let current: readonly Shape[] = [shapeOf(validator)];
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
  if (anything || current.some((shape) => [...members(shape)].some(isAny))) {
    return { path, validators: [], optional, types: anyType, idTable: null };
  }
  const types = current.reduce((mask, shape) => mask | typesOf(shape), 0);
  return { path, validators: current as unknown as GenericValidator[], optional, types, idTable: idTableOf(current) };
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
  if (path === "_id") return systemFieldOf(path, v.id(table), typeBit.string, table);
  return path === "_creationTime" ? systemFieldOf(path, v.float64(), typeBit.float64, null) : null;
}

function systemFieldOf(path: string, validator: unknown, types: number, idTable: string | null): FieldInfo {
  return { path, validators: [validator as GenericValidator], optional: false, types, idTable };
}

/** Whether a field can be emptied where it is declared: removed, or set to null. */
export function canBeEmptied(field: FieldInfo): boolean {
  return field.validators.map(shapeOf).every((shape) => {
    return shape.isOptional === "optional" || (typesOf(shape) & typeBit.null) !== 0;
  });
}

/** The top-level fields that a table's validator declares, of every member of a union. */
export function declaredFields(validator: GenericValidator): string[] {
  const names = new Set<string>();
  for (const member of members(shapeOf(validator)))
    for (const name of Object.keys(member.fields ?? {})) names.add(name);
  return [...names];
}
