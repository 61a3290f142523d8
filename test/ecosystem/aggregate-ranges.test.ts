/** The ranges of an aggregate against the rows themselves, in the order that the package really compares keys by. */
import { defineSchema, defineTable } from "convex/server";
import { compareValues as convexCompare, convexToJson, v, type Value } from "convex/values";
import fc from "fast-check";
import { expect, test } from "vitest";
import { boundsToPositions, keyToPosition } from "../../node_modules/@convex-dev/aggregate/dist/client/positions.js";
import { compareValues } from "../../node_modules/@convex-dev/aggregate/dist/component/compare.js";
import { boundsOf } from "../../src/client/executor/aggregate.js";
import { planCount, type CountPlan } from "../../src/client/planner/aggregate.js";
import { matches } from "../../src/client/predicate/evaluate.js";
import { normalize } from "../../src/client/predicate/normalize.js";
import { parseWhere } from "../../src/client/predicate/parse.js";
import { always, and, type Predicate } from "../../src/client/predicate/types.js";
import { notDeleted } from "../../src/client/predicate/visible.js";
import { defineRelations } from "../../src/client/index.js";
import { buildCatalog } from "../../src/client/schema/build.js";
import type { TableInfo } from "../../src/client/schema/catalog.js";
import { FUZZ_TIMEOUT, fuzz } from "../support/fuzz.js";

const any = v.optional(v.any());
const schema = defineSchema({
  rows: defineTable({ a: any, b: any, c: any, deletedAt: v.optional(v.number()) }),
});
type Row = Readonly<Record<string, Value | undefined>>;

/** An aggregate that only says what its key is; the rows themselves stand for its tree. */
const keyed = (sortKey: (row: Row) => unknown, namespace?: (row: Row) => unknown): object => ({
  options: { sortKey, ...(namespace === undefined ? {} : { namespace }) },
  ...Object.fromEntries(
    ["countBatch", "insertIfDoesNotExist", "deleteIfExists", "trigger"].map((name) => [name, () => null]),
  ),
});
const aggregates = {
  single: keyed((row) => row.a ?? null),
  pair: keyed((row) => [row.a ?? null, row.b ?? null]),
  triple: keyed((row) => [row.a ?? null, row.b ?? null, row.c ?? null]),
  spaced: keyed(
    (row) => [row.b ?? null, row.c ?? null],
    (row) => row.a,
  ),
  whole: keyed((row) => (row.a === null ? 0 : 1)),
};

function tableWith(count: object, soft: boolean): TableInfo {
  const rules = { count, ...(soft ? { deletion: { soft: "deletedAt" } } : {}) };
  return buildCatalog(
    schema,
    defineRelations(schema, () => ({})),
    { rows: rules },
  ).tables["rows"]!;
}

/** What the plan counts, on a tree of the visible rows. */
function counted(table: TableInfo, { nth, ranges, minus }: CountPlan, rows: readonly Row[]): number {
  const { aggregate, single } = table.rules.aggregates[nth]!;
  const { sortKey, namespace } = aggregate.options!;
  const visible = rows.filter((row) => matches(normalize(notDeleted(table)), row));
  let count = 0;
  for (const { namespace: space, ...range } of ranges) {
    const { k1, k2 } = boundsToPositions(boundsOf(range, single) as never);
    // What cannot travel to a component cannot be asked.
    for (const each of [k1, k2, space]) if (each !== undefined) convexToJson(each as Value);
    for (const row of visible) {
      const own = namespace?.(row as never) as Value | undefined;
      if (namespace !== undefined && !sameNamespace(own, space)) continue;
      const at = keyToPosition(sortKey!(row as never) as Value, "id") as Value;
      if (k1 !== undefined && compareValues(k1 as Value, at) !== -1) continue;
      if (k2 !== undefined && compareValues(k2 as Value, at) !== 1) continue;
      count++;
    }
  }
  return count - (minus === null ? 0 : rows.filter((row) => matches(minus, row)).length);
}
/** Namespaces are found by an index, which compares as Convex does. */
const sameNamespace = (a: Value | undefined, b: Value | undefined): boolean => convexCompare(a, b) === 0;

const scalars: Value[] = [
  0,
  -0,
  1,
  2,
  -1.5,
  NaN,
  Infinity,
  -Infinity,
  5e-324,
  Number.MAX_VALUE,
  0n,
  1n,
  -1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  true,
  false,
  "",
  "a",
  "a\0",
  "ab",
  "b",
  "\uE000",
  "\u{1F600}",
  "a\uFFFF",
  "\uD7FF",
  new ArrayBuffer(0),
  new Uint8Array([0]).buffer,
  new Uint8Array([1, 2]).buffer,
  new Uint8Array([255]).buffer,
];
const wild: Value[] = [...scalars, [], ["a"], [0], [-0], {}, { x: 1 }, { y: [0] }];
const value = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 2, "a", "b", true) },
  { weight: 2, arbitrary: fc.constantFrom(...wild) },
);
const held = fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constantFrom(null, undefined) });
const row: fc.Arbitrary<Row> = fc.record({
  a: held,
  b: held,
  c: held,
  deletedAt: fc.constantFrom(undefined, undefined, 5),
});

const eq = value.map((operand) => ({ eq: operand }));
const operators = fc.oneof(
  { weight: 4, arbitrary: eq },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom("gt", "gte", "lt", "lte"), value).map(([op, operand]) => ({ [op]: operand })),
  },
  fc.tuple(fc.constantFrom("between", "notBetween"), value, value).map(([op, low, high]) => ({ [op]: [low, high] })),
  fc.tuple(fc.constantFrom("in", "notIn"), fc.array(value, { maxLength: 4 })).map(([op, list]) => ({ [op]: list })),
  value.map((operand) => ({ ne: operand })),
  fc.constantFrom({ isNull: true }, { isNotNull: true }),
  fc.constantFrom<object>({ startsWith: "a" }, { startsWith: "\uD7FF" }, { like: "a%" }, { contains: "a" }),
);
const literal = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.constantFrom("a", "a", "a", "b", "b", "c"), operators)
      .map(([field, op]) => ({ [field]: op })),
  },
  { weight: 1, arbitrary: fc.constantFrom<object>({ deletedAt: { isNull: true } }, { deletedAt: 5 }) },
);
/** Mostly what a key can serve: equalities from its first field on, then anything. */
const prefix = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.array(eq, { minLength: 3, maxLength: 3 }), operators)
  .map(([depth, eqs, last]) =>
    ["a", "b", "c"].slice(0, depth + 1).map((field, i) => ({ [field]: i < depth ? eqs[i] : last })),
  );
const { where } = fc.letrec<{ where: object }>((tie) => ({
  where: fc.oneof(
    { weight: 4, arbitrary: prefix.map((parts) => ({ AND: parts })) },
    { weight: 3, arbitrary: literal },
    { weight: 2, arbitrary: fc.array(tie("where"), { minLength: 1, maxLength: 3 }).map((OR) => ({ OR })) },
    { weight: 1, arbitrary: fc.array(tie("where"), { minLength: 1, maxLength: 2 }).map((AND) => ({ AND })) },
    { weight: 1, arbitrary: tie("where").map((NOT) => ({ NOT })) },
    { weight: 1, arbitrary: fc.constant({}) },
  ),
}));

const scope = { code: "INVALID_WHERE", visible: () => always, session: null, unrestricted: false } as const;
const predicateOf = (table: TableInfo, filter: object, withDeleted = false): Predicate | null => {
  try {
    const catalog = { tables: { rows: table } };
    return normalize(
      and(parseWhere({ catalog, ...scope }, table, filter, "where"), withDeleted ? always : notDeleted(table)),
    );
  } catch (error) {
    // Operands of unlike types, such as between: [0, "a"], are refused; nothing else is.
    if ((error as { code?: string }).code === "INVALID_WHERE") return null;
    throw error;
  }
};

test("ranges hold exactly the rows of any filter, whatever the values and the key", { timeout: FUZZ_TIMEOUT }, () => {
  const served: Record<string, number> = {};
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(aggregates) as (keyof typeof aggregates)[])),
      fc.boolean(),
      fc.boolean(),
      fc.array(row, { maxLength: 24 }),
      fc.array(where, { minLength: 20, maxLength: 20 }),
      (name, soft, withDeleted, rows, filters) => {
        const table = tableWith(aggregates[name], soft);
        for (const filter of filters) {
          const predicate = predicateOf(table, filter, withDeleted);
          const plan = predicate === null ? null : planCount(table, predicate, 64);
          if (predicate === null || plan === null) continue;
          served[name] = (served[name] ?? 0) + 1;
          if (plan.minus !== null) served["minus"] = (served["minus"] ?? 0) + 1;
          expect(counted(table, plan, rows)).toBe(rows.filter((each) => matches(predicate, each)).length);
        }
      },
    ),
    fuzz(20_000, 20, 11),
  );
  // The test is about what is served.
  for (const name of [...Object.keys(aggregates), "minus"]) expect(served[name], name).toBeGreaterThan(100);
});

/** The ranges of a filter on the triple, or null: short enough to read. */
function rangesOf(filter: object, name: keyof typeof aggregates = "triple"): unknown {
  const table = tableWith(aggregates[name], false);
  const plan = planCount(table, predicateOf(table, filter)!, 64);
  return plan === null
    ? null
    : plan.ranges.map(({ namespace, lower, upper }) => [...(namespace === undefined ? [] : [namespace]), lower, upper]);
}

test("equalities make a prefix, and one field after them may have ranges", () => {
  expect(rangesOf({})).toEqual([[null, null]]);
  expect(rangesOf({ a: 1 })).toEqual([[[1], [1 + Number.EPSILON]]]);
  expect(rangesOf({ a: "x", b: "y" })).toEqual([
    [
      ["x", "y"],
      ["x", "y\0"],
    ],
  ]);
  expect(rangesOf({ a: "x", b: { gt: 5 } })).toEqual([
    [
      ["x", 5 + 4 * Number.EPSILON],
      ["x", false],
    ],
  ]);
  expect(rangesOf({ a: "x", b: { lt: 5n } })).toEqual([
    [
      ["x", -(2n ** 63n)],
      ["x", 5n],
    ],
  ]);
  expect(rangesOf({ a: { in: ["x", "y"] }, b: true })).toEqual([
    [
      ["x", true],
      ["x", ""],
    ],
    [
      ["y", true],
      ["y", ""],
    ],
  ]);
  expect(rangesOf({ a: { isNull: true } })).toEqual([[[null], [-(2n ** 63n)]]]);
  expect(rangesOf({ a: { isNotNull: true } })).toEqual([[[-(2n ** 63n)], null]]);
  expect(rangesOf({ a: 1, b: { isNotNull: true } })).toEqual([[[1, -(2n ** 63n)], [1 + Number.EPSILON]]]);
  expect(rangesOf({ a: { startsWith: "ab" } }, "single")).toEqual([[["ab"], ["ac"]]]);
  expect(
    rangesOf({
      OR: [
        { a: 1, b: "x" },
        { a: 2, b: { gte: "y" } },
      ],
    }),
  ).toHaveLength(2);
  expect(rangesOf({ a: "t", b: 1 }, "spaced")).toEqual([["t", [1], [1 + Number.EPSILON]]]);
});

test("what the key does not decide is left to the rows", () => {
  expect(rangesOf({ b: 1 })).toBeNull();
  expect(rangesOf({ a: { gt: 1 }, b: 1 })).toBeNull();
  expect(rangesOf({ a: 1, b: 2, c: 3, deletedAt: 5 })).toBeNull();
  expect(rangesOf({ a: { contains: "x" } })).toBeNull();
  expect(rangesOf({ a: { gt: [1] } })).toBeNull();
  expect(rangesOf({ a: { gt: "\uE000" } })).toBeNull();
  expect(rangesOf({ a: { in: Array.from({ length: 65 }, (_, i) => i + 1) } })).toBeNull();
  expect(rangesOf({ b: 1 }, "spaced")).toBeNull();
  expect(rangesOf({ a: { gt: 1 } }, "spaced")).toBeNull();
  expect(rangesOf({ a: 1 }, "whole")).toBeNull();
  expect(rangesOf({}, "whole")).toEqual([[null, null]]);
});
