/**
 * The first promise, tested: for random rows and random reads, the ORM's rows, order, pages and counts are those of
 * the brute-force oracle, whatever plan was chosen.
 *
 * A failure prints the smallest program that fast-check can find, with the rows that it runs on.
 */
import fc from "fast-check";
import { test } from "vitest";
import { dataSet } from "../oracle/arbitrary.js";
import { query } from "../oracle/programs.js";
import { guarded, open } from "../support/app/orm.js";
import { fuzz, FUZZ_TIMEOUT, report } from "../support/fuzz.js";
import { store } from "../support/store.js";
import { subject } from "../support/subject.js";
import { judge } from "./judge.js";

const PER_DATA_SET = 20;
const programs = (count: number) =>
  fc.noBias(fc.array(query("convex"), { minLength: 1, maxLength: count, size: "max" }));

test(
  "rows, order, pages and counts are the oracle's",
  async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(dataSet("convex", 24), programs(2 * PER_DATA_SET), fc.boolean(), async (data, asked, sealed) => {
        const { t, world, resolve } = await store(data);
        for (const program of asked) await judge(world, resolve(program), subject(t, sealed ? guarded : open));
        compared += asked.length;
      }),
      fuzz(300, PER_DATA_SET, 1_611),
    );
    report("the ORM as brute force", compared);
  },
  FUZZ_TIMEOUT,
);

test(
  "the same on tables that outgrow a chunk of reading",
  async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(dataSet("convex", 150), programs(10), async (data, asked) => {
        const { t, world, resolve } = await store(data);
        for (const program of asked) await judge(world, resolve(program), subject(t, open), { sizes: [7, 40] });
        compared += asked.length;
      }),
      fuzz(30, 5, 77),
    );
    report("the ORM as brute force, larger tables", compared);
  },
  FUZZ_TIMEOUT,
);
