import type { Value } from "convex/values";
import { fieldNamed, invalidSchema, objectAt, onlyKeys, type BaseTable } from "./tables.js";

/** A `TableAggregate`, as the ORM calls it. */
export interface Aggregate {
  countBatch(
    ctx: object,
    queries: readonly { readonly namespace: unknown; readonly bounds: object }[],
  ): Promise<number[]>;
  insertIfDoesNotExist(ctx: object, doc: object): Promise<void>;
  deleteIfExists(ctx: object, doc: object): Promise<void>;
  /** Private in its types; without it what a row has in the aggregate is not known beforehand. */
  readonly options?: {
    readonly sortKey?: Reads;
    readonly namespace?: Reads;
    readonly sumValue?: Reads;
  };
}
type Reads = (doc: never) => unknown;

/** One aggregate that counts a table's rows, those that are soft-deleted left out. */
export interface AggregateInfo {
  readonly aggregate: Aggregate;
  /** The fields whose values its key is made of, absent ones as null; none where they are not known. */
  readonly key: readonly string[];
  /** The key is the value of its one field, not a list. */
  readonly single: boolean;
  /** The field that its namespaces are made of; null without any. */
  readonly namespace: string | null;
  /** The fields are the user's word. */
  readonly declared: boolean;
  /** False where it is only kept right: not backfilled, or with namespaces that are not known. */
  readonly answers: boolean;
}

const hint =
  "Write count: new TableAggregate(components.aggregate, { sortKey: (doc) => doc.authorId }), or " +
  'count: { aggregate, key: "authorId" }.';
const optionKeys = ["aggregate", "key", "namespace", "backfilled"];

/**
 * Reads `tables.T.count`: an aggregate, one with its fields declared, or a list of these.
 *
 * @throws OrmError `INVALID_SCHEMA` for what is no `TableAggregate`, and for fields that are not those of its functions.
 */
export function readAggregates(table: BaseTable, written: unknown, path: string): AggregateInfo[] {
  if (written === undefined) return [];
  if (!Array.isArray(written)) return [readAggregate(table, written, path)];
  return written.map((each, i) => readAggregate(table, each, `${path}[${i}]`));
}

function readAggregate(table: BaseTable, written: unknown, path: string): AggregateInfo {
  if (isAggregate(written)) return describe(table, written, {}, path);
  const given = objectAt(written, path, hint);
  if (!isAggregate(given["aggregate"])) throw invalidSchema("this is no TableAggregate", path, hint, table.name);
  onlyKeys(given, optionKeys, path);
  return describe(table, given["aggregate"], given, path);
}

function isAggregate(value: unknown): value is Aggregate {
  const methods = ["countBatch", "insertIfDoesNotExist", "deleteIfExists", "trigger"];
  return (
    typeof value === "object" && value !== null && methods.every((name) => typeof (value as never)[name] === "function")
  );
}

function describe(
  table: BaseTable,
  aggregate: Aggregate,
  given: Readonly<Record<string, unknown>>,
  path: string,
): AggregateInfo {
  const { sortKey, namespace: spaceOf } = aggregate.options ?? {};
  const { key: named, namespace: space, backfilled = true } = given;
  if (typeof backfilled !== "boolean") throw invalidSchema("`backfilled` is true or false", path, hint, table.name);
  const fields = named === undefined ? [] : Array.isArray(named) ? (named as unknown[]) : [named];
  for (const field of fields) fieldNamed(table, field, `${path} -> key`);
  if (space !== undefined) fieldNamed(table, space, `${path} -> namespace`);
  const key =
    named === undefined ? fieldsRead(table, sortKey) : { fields: fields as string[], single: !Array.isArray(named) };
  const read = spaceOf === undefined ? null : fieldsRead(table, spaceOf);
  const namespace = (space as string | undefined) ?? (read?.single === true ? read.fields[0]! : null);
  if (named !== undefined) agrees(table, sortKey, key!, "sortKey", path);
  if (space !== undefined) agrees(table, spaceOf, { fields: [space as string], single: true }, "namespace", path);
  return Object.freeze({
    aggregate,
    key: Object.freeze(key?.fields ?? []),
    single: key?.single ?? false,
    namespace,
    declared: named !== undefined || space !== undefined,
    // Without the functions only the declaration tells whether there are namespaces.
    answers:
      backfilled &&
      (aggregate.options === undefined ? named !== undefined : spaceOf === undefined || namespace !== null),
  });
}

interface FieldsRead {
  readonly fields: readonly string[];
  readonly single: boolean;
}

/**
 * The fields of which a function returns the values as they are, read from its text: `(doc) => doc.a`,
 * `(doc) => [doc.a, doc.b ?? null]`, or the same as a `function` with one `return`. Null for any other text. Trying the
 * function on documents would prove nothing: `doc.status === "x" ? null : doc.status` looks like `doc.status` until the
 * document with that status comes.
 */
function fieldsRead(table: BaseTable, read: Reads | undefined): FieldsRead | null {
  const full = read === undefined ? "" : Function.prototype.toString.call(read);
  // Comments, where nothing can be a string that looks like one.
  const text = (/["'`]/.test(full) ? full : full.replace(/\/\*[^]*?\*\/|\/\/.*/g, "\n")).trim();
  const [, one, two, rest] =
    /^(?:\(?\s*([\w$]+)\s*\)?\s*=>|(?:function\b\s*)?[\w$]*\s*\(\s*([\w$]+)\s*\)(?=\s*\{))\s*([^]*)$/.exec(text) ?? [];
  if (rest === undefined) return null;
  // A line that ends in `return` returns nothing.
  const body = /^\{\s*return(?![\w$])[^\S\r\n\u2028\u2029]*([^\s;][^;]*);?\s*\}$/.exec(rest)?.[1]?.trim() ?? rest;
  const list = /^\[([^]*)\]$/.exec(body)?.[1]?.replace(/,\s*$/, "");
  const fields: string[] = [];
  for (const part of (list ?? body).split(",")) {
    const [, parameter, plain, , quoted] =
      /^\s*([\w$]+)\s*(?:\.\s*([\w$]+)|\[\s*(["'])([\w$]+)\3\s*\])(?:\s*\?\?\s*null)?\s*$/.exec(part) ?? [];
    const field = plain ?? quoted;
    if (field === undefined || parameter !== (one ?? two) || field in Object.prototype || table.field(field) === null)
      return null;
    fields.push(field);
  }
  return { fields, single: list === undefined };
}

/** Refuses declared fields that are not what the function returns for a document in which each field tells its name. */
function agrees(
  table: BaseTable,
  read: Reads | undefined,
  { fields, single }: FieldsRead,
  name: string,
  path: string,
): void {
  if (read === undefined) return;
  const expected = fields.map((field) => `${field}!`);
  let found: unknown;
  try {
    const doc: Record<string, unknown> = {};
    fields.forEach((field, i) => put(doc, field.split("."), expected[i]!));
    found = read(doc as never);
  } catch {
    found = undefined;
  }
  if (JSON.stringify(found) === JSON.stringify(single ? expected[0] : expected)) return;
  const written = single ? `"${fields[0]}"` : `[${fields.join(", ")}]`;
  throw invalidSchema(
    `the aggregate's ${name} does not return ${written} of a document as it is`,
    path,
    `Name the fields as ${name} returns them: "a" for doc.a, ["a", "b"] for [doc.a, doc.b]; leave them out where it computes.`,
    table.name,
  );
}

function put(at: Record<string, unknown>, [head, ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) at[head!] = value;
  else put((at[head!] ??= {}) as Record<string, unknown>, rest, value);
}

/** The values that a row has in an aggregate: key, namespace, sum; null where only the aggregate itself knows. */
export function entryOf({ aggregate: { options } }: AggregateInfo, doc: object): readonly (Value | undefined)[] | null {
  if (options?.sortKey === undefined) return null;
  const { sortKey, namespace, sumValue } = options;
  return [sortKey, namespace, sumValue].map((read) => read?.(doc as never) as Value | undefined);
}
