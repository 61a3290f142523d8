import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compare, type Stored } from "../predicate/values.js";
import {
  compareTupleCuts,
  intersectIntervals,
  intervalOf,
  splitRange,
  walkFrom,
  walkUntil,
  type Range,
  type TupleCut,
  type TupleInterval,
} from "./ranges.js";

const width = 3;
const value = fc.constantFrom<Stored>(undefined, null, 1, 2, 3, "a");
const cut: fc.Arbitrary<TupleCut> = fc.record({
  values: fc.array(value, { minLength: 1, maxLength: width }),
  after: fc.boolean(),
});
const tuples = (() => {
  const values: Stored[] = [undefined, null, 1, 2, 3, "a"];
  return values.flatMap((a) => values.flatMap((b) => values.map((c) => [a, b, c])));
})();

const above = (tuple: readonly Stored[], { values, after }: TupleCut): boolean => {
  for (let i = 0; i < values.length; i++) {
    const sign = compare(tuple[i], values[i]);
    if (sign !== 0) return sign > 0;
  }
  return !after;
};
const inside = (tuple: readonly Stored[], { lower, upper }: TupleInterval): boolean =>
  (lower === null || above(tuple, lower)) && (upper === null || !above(tuple, upper));
const inRange = (tuple: readonly Stored[], { eq, lower, upper }: Range): boolean =>
  eq.every((v, i) => compare(tuple[i], v) === 0) &&
  (lower === null || above([tuple[eq.length]], { values: [lower.value], after: lower.after })) &&
  (upper === null || !above([tuple[eq.length]], { values: [upper.value], after: upper.after }));

describe("tuple cuts", () => {
  test("split ranges hold exactly the tuples between the cuts, each once, in the order of the walk", () => {
    fc.assert(
      fc.property(
        fc.option(cut),
        fc.option(cut),
        fc.constantFrom("asc" as const, "desc" as const),
        (a, b, direction) => {
          const interval = intersectIntervals({ lower: a, upper: null }, { lower: null, upper: b });
          const expected = tuples.filter((tuple) => inside(tuple, { lower: a, upper: b }));
          if (interval === null) {
            expect(expected).toHaveLength(0);
            return;
          }
          if (direction === "desc") expected.reverse();
          const ranges = splitRange(interval, direction);
          const walked = ranges.flatMap((range) => {
            const held = tuples.filter((tuple) => inRange(tuple, range));
            return direction === "asc" ? held : held.reverse();
          });
          expect(walked).toEqual(expected);
        },
      ),
      { numRuns: 1_000, seed: 7 },
    );
  });

  test("cuts are ordered as the tuples that they part", () => {
    fc.assert(
      fc.property(cut, cut, (a, b) => {
        const sign = Math.sign(compareTupleCuts(a, b));
        expect(Math.sign(compareTupleCuts(b, a))).toBe(-sign + 0);
        // What lies above the greater cut lies above the lesser.
        for (const tuple of tuples) if (sign <= 0 && above(tuple, b)) expect(above(tuple, a)).toBe(true);
      }),
      { numRuns: 2_000, seed: 8 },
    );
  });

  test("a walk from a prefix and a walk until it part the index", () => {
    fc.assert(
      fc.property(cut, fc.constantFrom("asc" as const, "desc" as const), ({ values, after }, direction) => {
        const from = walkFrom(values, after, direction);
        const until = walkUntil(values, after, direction);
        for (const tuple of tuples) {
          expect(inside(tuple, from)).toBe(!inside(tuple, until));
          const prefix = values.every((v, i) => compare(tuple[i], v) === 0);
          if (prefix) expect(inside(tuple, from)).toBe(!after);
        }
      }),
      { numRuns: 500, seed: 9 },
    );
  });

  test("resuming after one field's value is a single range", () => {
    const probe = intervalOf({ eq: ["x"], lower: null, upper: { value: 9, after: false } });
    const rest = intersectIntervals(probe, walkFrom(["x", 4], true, "asc"))!;
    expect(splitRange(rest, "asc")).toEqual([
      { eq: ["x"], lower: { value: 4, after: true }, upper: { value: 9, after: false } },
    ]);
  });
});
