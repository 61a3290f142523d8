/**
 * What cannot be answered within bounds is refused, and nothing is ever silently cut: under random tight limits, and
 * without leave for full scans, every answer is the oracle's or an error that names its limit.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { dataSet } from "../oracle/arbitrary.js";
import { query } from "../oracle/programs.js";
import type { Shaped } from "../oracle/query.js";
import { guarded, open } from "../support/app/orm.js";
import { fuzz, FUZZ_TIMEOUT, report } from "../support/fuzz.js";
import { store } from "../support/store.js";
import { hook } from "../support/app/read.js";
import { read, subject } from "../support/subject.js";
import { judge, judgeRows } from "./judge.js";

const REFUSALS = new Set([
  "FULL_SCAN",
  "SCAN_LIMIT",
  "TOO_MANY_ROWS",
  "SORT_UNBOUNDED",
  "TOO_MANY_PROBES",
  "RELATION_KEYS",
  "RELATION_ROWS",
  "RELATION_DEPTH",
  "BUDGET",
]);

const maybe = (value: fc.Arbitrary<unknown>) => fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, value);
const present = (record: object): object =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));

/** Limits low enough to be met by twenty rows. */
const limits = fc
  .record({
    allowFullScan: maybe(fc.boolean()),
    maxScan: maybe(fc.integer({ min: 1, max: 24 })),
    maxRows: maybe(fc.integer({ min: 1, max: 12 })),
    maxProbes: maybe(fc.integer({ min: 1, max: 4 })),
    relationKeys: maybe(fc.integer({ min: 1, max: 6 })),
    relationRows: maybe(fc.integer({ min: 1, max: 3 })),
    relationDepth: maybe(fc.integer({ min: 1, max: 2 })),
  })
  .map(present);
const pages = fc.record({ maximumRowsRead: maybe(fc.integer({ min: 1, max: 12 })) }).map(present);

test(
  "under any limits, an answer is right or refused",
  async () => {
    let answered = 0;
    let refused = 0;
    const asked = fc.noBias(
      fc.array(fc.tuple(query("convex"), limits, pages), { minLength: 1, maxLength: 24, size: "max" }),
    );
    await fc.assert(
      fc.asyncProperty(dataSet("convex", 24), asked, fc.boolean(), async (data, programs, sealed) => {
        const { t, world, resolve } = await store(data);
        for (const [program, given, page] of programs) {
          const terms = { sizes: [2, 5], refusals: REFUSALS, shortPages: true };
          const times = await judge(
            world,
            resolve(program),
            subject(t, sealed ? guarded : open, { options: given, pages: page }),
            terms,
          );
          refused += times;
          answered += 6 - times;
        }
      }),
      fuzz(200, 12, 606),
    );
    report("tight limits (each 6 ways)", (answered + refused) / 6);
    // Both happen, or this shows nothing.
    expect(answered).toBeGreaterThan(refused / 10);
    expect(refused).toBeGreaterThan(answered / 50);
  },
  FUZZ_TIMEOUT,
);

const budgets = fc
  .record({
    documentsRead: maybe(fc.integer({ min: 1, max: 60 })),
    databaseQueries: maybe(fc.integer({ min: 1, max: 20 })),
    bytesRead: maybe(fc.integer({ min: 500, max: 8_000 })),
  })
  .map((given) => present(given) as Record<string, number>);

test(
  "in any transaction, an answer is right or refused before the platform refuses",
  async () => {
    let answered = 0;
    let refused = 0;
    const asked = fc.noBias(fc.array(fc.tuple(query("convex"), budgets), { minLength: 1, maxLength: 24, size: "max" }));
    await fc.assert(
      fc.asyncProperty(dataSet("convex", 40), asked, async (data, programs) => {
        const { t, world, resolve } = await store(data);
        for (const [program, transactionLimits] of programs) {
          const settings = { options: { allowFullScan: true }, transactionLimits };
          const terms = { sizes: [5], refusals: new Set(["BUDGET"]), shortPages: true };
          const times = await judge(world, resolve(program), subject(t, open, settings), terms);
          refused += times;
          answered += 5 - times;
        }
      }),
      fuzz(150, 12, 707),
    );
    report("tight transactions (each 5 ways)", (answered + refused) / 5);
    expect(answered).toBeGreaterThan(refused / 10);
    expect(refused).toBeGreaterThan(answered / 50);
  },
  FUZZ_TIMEOUT,
);

test(
  "reads side by side in one transaction are right or refused before the platform refuses",
  async () => {
    let answered = 0;
    let refused = 0;
    const few = fc.array(query("convex"), { minLength: 2, maxLength: 6, size: "max" });
    const asked = fc.noBias(fc.array(fc.tuple(few, budgets), { minLength: 1, maxLength: 8, size: "max" }));
    await fc.assert(
      fc.asyncProperty(dataSet("convex", 40), asked, async (data, transactions) => {
        const { t, world, resolve } = await store(data);
        for (const [given, transactionLimits] of transactions) {
          const programs = given.map(resolve);
          let ends: PromiseSettledResult<Shaped[]>[] = [];
          hook.run = async (ctx) => {
            const tables = open.with(ctx as never).query as unknown as Record<
              string,
              { findMany(args: object): Promise<Shaped[]> }
            >;
            ends = await Promise.allSettled(
              programs.map(({ table, ...args }) => tables[table]!.findMany({ allowFullScan: true, ...args })),
            );
          };
          await t.query(async (ctx) => {
            await ctx.runQuery(read, {}, { transactionLimits });
          });
          for (const [at, end] of ends.entries()) {
            if (end.status === "fulfilled") judgeRows("side by side", world, programs[at]!, end.value);
            else expect(end.reason).toMatchObject({ data: { code: "BUDGET" } });
            if (end.status === "fulfilled") answered++;
            else refused++;
          }
        }
      }),
      fuzz(200, 16, 808),
    );
    report("reads side by side", answered + refused);
    expect(answered).toBeGreaterThan(refused / 10);
    expect(refused).toBeGreaterThan(answered / 50);
  },
  FUZZ_TIMEOUT,
);
