/**
 * Random rows, filters and orders, as fast-check arbitraries.
 *
 * A data set and its programs name rows by reference (`@id:users:3`), for ids exist only once rows are stored;
 * `resolve` puts the real ones in. The `portable` dialect keeps to what PostgreSQL holds with the same meaning: one
 * type a column, neither NaN nor -0, ASCII under ILIKE.
 */
import { compareValues } from "convex/values";
import type { Value } from "convex/values";
import fc from "fast-check";
import type { Arbitrary } from "fast-check";
import { FIELDS, TABLES, UNIQUE, ref, timeRef } from "../support/catalog.js";
import type { FieldSpec } from "../support/catalog.js";
import { isNullish, valueAt } from "./predicate.js";
import type { Row, Where } from "./predicate.js";
import type { Direction, Order } from "./query.js";

export type Dialect = "convex" | "portable";
/** Rows to store, without `_id` and `_creationTime`, by table. */
export type DataSet = { readonly [table: string]: readonly Row[] };

export const TABLE_NAMES = Object.keys(FIELDS);

/** Arbitraries are built once: the recursion below is wide, and `chain` asks for the same one on every draw. */
export function memo<A extends readonly unknown[], T>(make: (...args: A) => T): (...args: A) => T {
  const made = new Map<string, T>();
  return (...args) => {
    const key = JSON.stringify(args);
    const known = made.get(key);
    if (known !== undefined) return known;
    const fresh = make(...args);
    made.set(key, fresh);
    return fresh;
  };
}

const odd = (value: unknown): boolean => typeof value === "number" && (Number.isNaN(value) || Object.is(value, -0));

/** The fields that a dialect may use. */
export const fieldsOf = memo((table: string, dialect: Dialect): [string, FieldSpec][] => {
  const fields = Object.entries(FIELDS[table]!);
  if (dialect === "convex") return fields;
  return fields
    .filter(([, spec]) => spec.pg !== undefined)
    .map(([path, spec]) => [
      path,
      { ...spec, stored: spec.stored.filter((x) => !odd(x)), operands: spec.operands.filter((x) => !odd(x)) },
    ]);
});

function rowArbitrary(table: string, dialect: Dialect): Arbitrary<Row> {
  const fields = fieldsOf(table, dialect);
  return fc
    .tuple(fc.boolean(), ...fields.map(([, spec]) => fc.constantFrom(...spec.stored)))
    .map(([nest, ...values]) => {
      const row: Record<string, Value | undefined> = {};
      fields.forEach(([path], at) => {
        const [root, leaf] = path.split(".") as [string, string | undefined];
        const value = values[at] as Value | undefined;
        if (leaf === undefined) row[root] = value;
        else if (nest) row[root] = { ...(row[root] as object), ...(value === undefined ? {} : { [leaf]: value }) };
      });
      return row;
    });
}

/** A row whose unique fields are all there must not repeat them. */
function withoutDuplicates(table: string, rows: readonly Row[]): Row[] {
  const unique = UNIQUE[table];
  if (unique === undefined) return [...rows];
  const kept: Row[] = [];
  for (const row of rows) {
    const key = unique.map((field) => valueAt(row, field));
    const clash = kept.some((other) =>
      unique.every((field, at) => compareValues(valueAt(other, field), key[at]) === 0),
    );
    if (key.some(isNullish) || !clash) kept.push(row);
  }
  return kept;
}

/** Rows for every table; `size` bounds the larger ones. */
export function dataSet(dialect: Dialect, size = 20): Arbitrary<DataSet> {
  const sizes: Record<string, number> = { users: size, posts: size, comments: size, memberships: size };
  return fc.record(
    Object.fromEntries(
      TABLE_NAMES.map((table) => [
        table,
        fc
          .array(rowArbitrary(table, dialect), { maxLength: sizes[table] ?? 8, size: "max" })
          .map((rows) => withoutDuplicates(table, rows)),
      ]),
    ),
  );
}

const FRAGMENTS = ["a", "b", "ab", "c", "A", "\u00e9", "\u{1F600}", "\n", "%", "%", "_", "\\%", "\\_", "\\\\", "\\a"];
const ascii = (part: string): boolean => /^[\x20-\x7e\n]*$/.test(part);
const escaped = (word: string): string => word.replaceAll(/[\\%_]/g, "\\$&");

/** LIKE patterns: fragments at random, and the field's own words with a part of them made wild. */
function pattern(words: readonly string[], dialect: Dialect, folded: boolean): Arbitrary<string> {
  const plain = (pool: readonly string[]): readonly string[] =>
    dialect === "portable" && folded ? pool.filter(ascii) : pool;
  const wild = fc
    .tuple(fc.constantFrom(...plain(words)), fc.nat(4), fc.nat(2), fc.constantFrom("%", "_", "", "%_", "%%"))
    .map(([word, from, length, put]) => {
      const points = [...word];
      return escaped(points.slice(0, from).join("")) + put + escaped(points.slice(from + length).join(""));
    });
  return fc.oneof(
    { weight: 2, arbitrary: wild },
    {
      weight: 1,
      arbitrary: fc.array(fc.constantFrom(...plain(FRAGMENTS)), { maxLength: 4 }).map((parts) => parts.join("")),
    },
    { weight: 1, arbitrary: fc.constantFrom("a%", "ab%", "A%", "%b", "%b%", "_b%", "a\\%%", "a_", "_", "_%_", "%") },
  );
}

const twoOf = (value: Arbitrary<Value>): Arbitrary<[Value, Value]> =>
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.tuple(value, value).map((p) => p.sort((x, y) => compareValues(x, y)) as [Value, Value]),
    },
    { weight: 1, arbitrary: fc.tuple(value, value) },
  );

export type Condition = Where | Value;

const conditions = new Map<FieldSpec, Arbitrary<Condition>>();
export const condition = (spec: FieldSpec, dialect: Dialect): Arbitrary<Condition> => {
  const known = conditions.get(spec) ?? makeCondition(spec, dialect);
  conditions.set(spec, known);
  return known;
};

/** Conditions on one field: `{ operator: operand, ... }`, or a bare value where that means the same. */
function makeCondition(spec: FieldSpec, dialect: Dialect): Arbitrary<Condition> {
  const value = fc.constantFrom(...spec.operands);
  const several = fc.array(value, { maxLength: 4, size: "max" });
  const as = (operator: string, operand: Arbitrary<unknown>): Arbitrary<Where> =>
    operand.map((given) => ({ [operator]: given }));
  const lower = fc.oneof(as("gt", value), as("gte", value));
  const upper = fc.oneof(as("lt", value), as("lte", value));
  const choices: { weight: number; arbitrary: Arbitrary<Condition> }[] = [
    { weight: 3, arbitrary: value.map((given) => (bare(given) ? given : { eq: given })) },
    { weight: 1, arbitrary: as("eq", value) },
    { weight: 2, arbitrary: as("ne", value) },
    { weight: 2, arbitrary: lower },
    { weight: 2, arbitrary: upper },
    { weight: 2, arbitrary: fc.tuple(lower, upper).map(([low, high]) => ({ ...low, ...high })) },
    { weight: 2, arbitrary: as("between", twoOf(value)) },
    { weight: 1, arbitrary: as("notBetween", twoOf(value)) },
    { weight: 3, arbitrary: as("in", several) },
    { weight: 2, arbitrary: as("notIn", several) },
    { weight: 2, arbitrary: fc.constant({ isNull: true }) },
    { weight: 2, arbitrary: fc.constant({ isNotNull: true }) },
    { weight: 1, arbitrary: fc.tuple(as("ne", value), as("notIn", several)).map(([a, b]) => ({ ...a, ...b })) },
    { weight: 1, arbitrary: fc.tuple(as("in", several), as("gt", value)).map(([a, b]) => ({ ...a, ...b })) },
  ];
  if (spec.text === true) {
    const words = spec.operands.filter((given) => typeof given === "string");
    const word = fc.constantFrom(...words);
    choices.push({ weight: 4, arbitrary: as("like", pattern(words, dialect, false)) });
    choices.push({ weight: 2, arbitrary: as("notLike", pattern(words, dialect, false)) });
    choices.push({ weight: 2, arbitrary: as("ilike", pattern(words, dialect, true)) });
    choices.push({ weight: 1, arbitrary: as("notIlike", pattern(words, dialect, true)) });
    choices.push({ weight: 2, arbitrary: as("startsWith", word) });
    choices.push({ weight: 1, arbitrary: as("endsWith", word) });
    choices.push({ weight: 1, arbitrary: as("contains", word) });
  }
  if (spec.elements !== undefined) {
    const arrays = spec.operands.filter((given) => Array.isArray(given));
    const elements = fc.oneof(
      fc.array(fc.constantFrom<Value>(...spec.elements), { maxLength: 3, size: "max" }),
      fc.constantFrom(...arrays),
    );
    for (const operator of ["arrayContains", "arrayContained", "arrayOverlaps"]) {
      choices.push({ weight: 4, arbitrary: as(operator, elements) });
    }
  }
  return fc.oneof(...choices);
}

/** May the value stand alone under a field? A plain object there would be read as operators. */
export const bare = (value: unknown): boolean =>
  typeof value !== "object" || value === null || Array.isArray(value) || value instanceof ArrayBuffer;

/** The system fields, with ids of rows that may or may not be there. */
const systemFields = memo((table: string, dialect: Dialect): [string, FieldSpec][] => {
  const indexes = [0, 1, 2, 3, 5, 8, 13];
  const ids = indexes.map((index) => ref(table, index));
  const times = indexes.map((index) => timeRef(table, index));
  return [
    // Convex knows which table an id is of: another one's, and what is no id at all, match nothing.
    [
      "_id",
      { stored: [], operands: dialect === "portable" ? ids : [...ids, ref("teams", 0), ref("posts", 1), "0", "~"] },
    ],
    ["_creationTime", { stored: [], operands: times }],
  ];
});

const leaf = memo((table: string, dialect: Dialect): Arbitrary<Where> => {
  const own = fieldsOf(table, dialect).map(([path, spec]) => ({
    weight: 2,
    arbitrary: condition(spec, dialect).map((given) => ({ [path]: given })),
  }));
  const system = systemFields(table, dialect).map(([path, spec]) => ({
    weight: 1,
    arbitrary: condition(spec, dialect).map((given) => ({ [path]: given })),
  }));
  return fc.oneof(...own, ...system);
});

const MAX_DEPTH = 3;
export const merge = (parts: readonly Where[]): Where => Object.assign({}, ...parts) as Where;

/** Any filter on a table: `depth` bounds the nesting of AND, OR and NOT, `hops` that of relation filters. */
export function where(table: string, dialect: Dialect, depth = MAX_DEPTH, hops = 2): Arbitrary<Where> {
  return filter(table, dialect, depth, hops);
}

const filter = memo((table: string, dialect: Dialect, depth: number, hops: number): Arbitrary<Where> => {
  const simple = leaf(table, dialect);
  if (depth === 0) return simple;
  const inner = fc.oneof(
    { weight: 2, arbitrary: simple },
    { weight: 1, arbitrary: where(table, dialect, depth - 1, hops) },
  );
  const lists = fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 9, arbitrary: fc.array(inner, { minLength: 1, maxLength: 3, size: "max" }) },
  );
  const parts: { weight: number; arbitrary: Arbitrary<Where> }[] = [
    { weight: 8, arbitrary: simple },
    { weight: 2, arbitrary: lists.map((list) => ({ AND: list })) },
    { weight: 3, arbitrary: lists.map((list) => ({ OR: list })) },
    { weight: 2, arbitrary: inner.map((part) => ({ NOT: part })) },
  ];
  const relations = Object.entries(TABLES[table]!.relations);
  if (hops > 0 && relations.length > 0) {
    const choices = relations.map(([name, relation]) =>
      fc
        .oneof(
          { weight: 1, arbitrary: fc.constant(true as const) },
          { weight: 4, arbitrary: where(relation.table, dialect, Math.min(1, depth - 1), hops - 1) },
        )
        .map((given): Where => ({ [name]: given })),
    );
    parts.push({ weight: 3, arbitrary: fc.oneof(...choices) });
  }
  return fc.oneof(
    { weight: 12, arbitrary: fc.oneof(...parts) },
    { weight: 8, arbitrary: fc.array(fc.oneof(...parts), { minLength: 2, maxLength: 3 }).map(merge) },
    ...(depth === MAX_DEPTH ? [{ weight: 1, arbitrary: fc.constant<Where>({}) }] : []),
  );
});

export const direction: Arbitrary<Direction> = fc.constantFrom("asc", "desc");

/** No to three keys, any field, any directions. */
export const order = memo((table: string, dialect: Dialect): Arbitrary<Order> => {
  const paths = [...fieldsOf(table, dialect).map(([path]) => path), "_creationTime", "_id"];
  return fc
    .uniqueArray(fc.constantFrom(...paths), { maxLength: 3, size: "max" })
    .chain((keys) =>
      fc.tuple(...keys.map(() => direction)).map((ways) => keys.map((key, at) => ({ [key]: ways[at]! }))),
    );
});

/** What references stand for: the stored rows, by table, in the data set's order. */
export type Stored = { readonly [table: string]: readonly Row[] };

/** Replaces every reference in a data set or program; `missing` is the id of a row that is not there. */
export function resolve<T>(given: T, stored: Stored, missing: (table: string) => string): T {
  const walk = (value: unknown): unknown => {
    if (typeof value === "string" && value.startsWith("@")) {
      const [kind, table, index] = value.slice(1).split(":") as [string, string, string];
      const row = stored[table]?.[Number(index)];
      if (kind === "time") return row?.["_creationTime"] ?? 0;
      return row?.["_id"] ?? missing(table);
    }
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value === "object" && value !== null && !(value instanceof ArrayBuffer)) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]));
    }
    return value;
  };
  return walk(given) as T;
}
