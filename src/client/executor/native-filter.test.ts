import { compareValues, type Value } from "convex/values";
import fc from "fast-check";
import { expect, test } from "vitest";
import { matches } from "../predicate/evaluate.js";
import {
  complement,
  everything,
  intersect,
  interval,
  point,
  present,
  unite,
  absentOrNull,
  type Cut,
  type ValueSet,
} from "../predicate/sets.js";
import type { Predicate } from "../predicate/types.js";
import { readPath, type Stored } from "../predicate/values.js";
import { nativeFilter, type FilterBuilder } from "./native-filter.js";

const values: Stored[] = [undefined, null, 1n, -0, 0, NaN, 2, false, true, "", "a", [1], { a: 1 }];
const value = fc.constantFrom(...values);
const cut: fc.Arbitrary<Cut> = fc.record({ value, after: fc.boolean() });
const set: fc.Arbitrary<ValueSet> = fc.oneof(
  value.map(point),
  fc.array(value, { minLength: 1, maxLength: 4 }).map((of) => unite(of.flatMap(point))),
  fc.array(value, { minLength: 1, maxLength: 4 }).map((of) => complement(unite(of.flatMap(point)))),
  fc.array(value, { minLength: 1, maxLength: 4 }).map((of) => intersect(present, complement(unite(of.flatMap(point))))),
  fc.constantFrom(present, absentOrNull, everything),
  fc.tuple(cut, cut).map(([lower, upper]) => interval(lower, upper)),
);
const field = (name: string) =>
  set.map((s): Predicate => ({ kind: "field", field: name, set: s, tests: [], total: true }));
const literal = fc.oneof(field("x"), field("y"), field("z.w"));
const predicate: fc.Arbitrary<Predicate> = fc.oneof(
  literal,
  fc
    .tuple(fc.constantFrom("and" as const, "or" as const), fc.array(literal, { minLength: 2, maxLength: 3 }))
    .map(([kind, of]) => ({ kind, of })),
);
const row = fc.tuple(value, value, value).map(([x, y, w]) => ({ x, y, z: w === undefined ? {} : { w } }));

/** Convex's own meaning of the expressions. */
const evaluator = (of: Record<string, unknown>): FilterBuilder => ({
  field: (path) => readPath(of, path),
  eq: (a, b) => compareValues(a as Value, b as Value) === 0,
  neq: (a, b) => compareValues(a as Value, b as Value) !== 0,
  and: (...parts) => parts.every((part) => part === true),
  or: (...parts) => parts.some((part) => part === true),
});

test("a filter means what its predicate means, or there is none", () => {
  let exact = 0;
  fc.assert(
    fc.property(predicate, fc.array(row, { minLength: 5, maxLength: 20 }), (asked, rows) => {
      const filter = nativeFilter(asked);
      if (filter === null) return;
      exact++;
      for (const one of rows) expect(filter(evaluator(one))).toBe(matches(asked, one));
    }),
    { numRuns: 3_000, seed: 21 },
  );
  expect(exact).toBeGreaterThan(500);
});

test("equalities, their negations and presence are filters; ranges and text are not", () => {
  const of = (s: ValueSet, tests: Extract<Predicate, { kind: "field" }>["tests"] = []) =>
    nativeFilter({ kind: "field", field: "x", set: s, tests, total: false }) !== null;
  expect(of(point("a"))).toBe(true);
  expect(of(intersect(present, complement(point("a"))))).toBe(true);
  expect(of(present)).toBe(true);
  expect(of(absentOrNull)).toBe(true);
  expect(of(interval({ value: 1, after: false }, { value: 2, after: true }))).toBe(false);
  expect(of(present, [{ op: "like", operand: "%a", negated: false }])).toBe(false);
});
