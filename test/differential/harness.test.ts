/**
 * The harness on stand-ins: it lets a right subject pass, and finds every seeded bug.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { dataSet } from "../oracle/arbitrary.js";
import type { DataSet } from "../oracle/arbitrary.js";
import type { World } from "../oracle/predicate.js";
import { query } from "../oracle/programs.js";
import { inMemory } from "../support/memory.js";
import { Disagreement, judge } from "./judge.js";
import type { Subject } from "./judge.js";
import { BUGS, standIn } from "./stand-in.js";

/** The first program that gives a subject away, or null; at most `sets` data sets of 20 programs. */
async function firstFault(
  subject: (world: World) => Subject,
  sets: number,
  sizes: number[],
): Promise<Disagreement | null> {
  const programs = fc.array(query("convex"), { minLength: 20, maxLength: 20, size: "max" });
  const drawn = fc.noBias(fc.tuple(dataSet("convex", 16), programs));
  for (let seed = 1; seed <= sets; seed++) {
    const [[data, asked]] = fc.sample(drawn, { numRuns: 1, seed }) as [[DataSet, Parameters<typeof judge>[1][]]];
    const { world, resolve } = inMemory(data);
    for (const program of asked) {
      try {
        await judge(world, resolve(program), subject(world), { sizes });
      } catch (error) {
        if (error instanceof Disagreement) return error;
        throw error;
      }
    }
  }
  return null;
}

test("a right subject passes", async () => {
  expect(await firstFault(standIn, 10, [1, 3, 7])).toBeNull();
});

test.each(Object.entries(BUGS))("the seeded bug is found: %s", async (_, bug) => {
  expect(await firstFault(bug, 200, [3])).toBeInstanceOf(Disagreement);
});
