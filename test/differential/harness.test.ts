/**
 * The harness on stand-ins: it lets a right subject pass, and finds every seeded bug.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { dataSet, resolve, TABLE_NAMES } from "../oracle/arbitrary.js";
import type { DataSet } from "../oracle/arbitrary.js";
import type { Row, World } from "../oracle/predicate.js";
import { query } from "../oracle/programs.js";
import { TABLES } from "../support/catalog.js";
import { Disagreement, judge } from "./judge.js";
import type { Subject } from "./judge.js";
import { BUGS, standIn } from "./stand-in.js";

const missing = (table: string): string => `${table}:none`;

function store(data: DataSet): World {
  let clock = 1;
  const bare = Object.fromEntries(
    TABLE_NAMES.map((table) => [
      table, (data[table] ?? []).map((row, at): Row => ({ ...row, _id: `${table}:${at}`, _creationTime: clock++ })),
    ]),
  );
  return { tables: TABLES, rows: resolve(bare, bare, missing) };
}

/** The first program that gives a subject away, or null; at most `sets` data sets of 20 programs. */
async function firstFault(subject: (world: World) => Subject, sets: number): Promise<Disagreement | null> {
  const programs = fc.array(query("convex"), { minLength: 20, maxLength: 20, size: "max" });
  const drawn = fc.noBias(fc.tuple(dataSet("convex", 16), programs));
  for (let seed = 1; seed <= sets; seed++) {
    const [[data, asked]] = fc.sample(drawn, { numRuns: 1, seed }) as [[DataSet, Parameters<typeof judge>[1][]]];
    const world = store(data);
    for (const program of asked) {
      try {
        await judge(world, resolve(program, world.rows, missing), subject(world));
      } catch (error) {
        if (error instanceof Disagreement) return error;
        throw error;
      }
    }
  }
  return null;
}

test("a right subject passes", async () => {
  expect(await firstFault(standIn, 15)).toBeNull();
});

test.each(Object.entries(BUGS))("the seeded bug is found: %s", async (_, bug) => {
  expect(await firstFault(bug, 150)).toBeInstanceOf(Disagreement);
});
