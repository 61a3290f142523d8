/**
 * Who watches the watchmen: the brute-force oracle against PostgreSQL, on random rows and random filters.
 *
 * Every row's truth is compared (true, false and unknown), not only the rows that come back, and the order and the
 * cut of whole queries. PGlite needs Node.
 */
import { convexToJson } from "convex/values";
import type { Value } from "convex/values";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dataSet, fieldsOf, TABLE_NAMES, where } from "../oracle/arbitrary.js";
import type { DataSet } from "../oracle/arbitrary.js";
import { Postgres, sameOrder } from "../oracle/postgres.js";
import { evaluate, semantics } from "../oracle/predicate.js";
import type { Semantics, Where, World } from "../oracle/predicate.js";
import { query } from "../oracle/programs.js";
import { matching } from "../oracle/query.js";
import type { Query } from "../oracle/query.js";
import { TABLES } from "../support/catalog.js";
import { inMemory } from "../support/memory.js";
import { fuzz, FUZZ_TIMEOUT } from "../support/fuzz.js";

let postgres: Postgres;
beforeAll(async () => {
  postgres = await Postgres.start();
});
afterAll(() => postgres.stop());

const PER_DATA_SET = 20;
/** JSON that shows bigints, for the report of a failure. */
const show = (value: unknown): string => JSON.stringify(convexToJson(value as Value));

async function sameTruths(world: World, table: string, filter: Where, meaning: Semantics): Promise<void> {
  const theirs = await postgres.truths(table, filter);
  for (const row of world.rows[table]!) {
    const mine = evaluate(world, table, filter, row, meaning);
    if (mine !== theirs.get(row["_id"] as string)) {
      throw new Error(
        `${table} where ${show(filter)}\nrow ${show(row)}\noracle ${mine}, PostgreSQL ${theirs.get(row["_id"] as string)}`,
      );
    }
  }
}

const filters = fc.array(
  fc
    .constantFrom(...TABLE_NAMES, "users", "posts")
    .chain((table) => fc.tuple(fc.constant(table), where(table, "portable"))),
  { minLength: PER_DATA_SET, maxLength: PER_DATA_SET, size: "max" },
);

/** Throws where the oracle, given this meaning, and PostgreSQL part. */
async function compareFilters(programs: number, seed: number, meaning: Semantics = semantics): Promise<void> {
  await fc.assert(
    fc.asyncProperty(dataSet("portable", 14), filters, async (data, programsOnIt) => {
      const { world, resolve } = inMemory(data);
      await postgres.load(world.rows);
      for (const [table, filter] of programsOnIt) {
        await sameTruths(world, table, resolve(filter), meaning);
      }
    }),
    fuzz(programs, PER_DATA_SET, seed),
  );
}

test("every row's truth is PostgreSQL's", () => compareFilters(400, 20_260), FUZZ_TIMEOUT);

const queries = fc.array(query("portable"), { minLength: PER_DATA_SET, maxLength: PER_DATA_SET, size: "max" });

test(
  "rows, order, limit and offset are PostgreSQL's",
  async () => {
    await fc.assert(
      fc.asyncProperty(dataSet("portable", 14), queries, async (data, programs) => {
        const { world, resolve } = inMemory(data);
        await postgres.load(world.rows);
        for (const program of programs) {
          const { table, where: filter, limit, offset, orderBy } = resolve(program) as Query;
          const order = sameOrder(table, orderBy);
          const asked = {
            table,
            ...(filter && { where: filter }),
            orderBy: order.length > 0 ? order : [{ _id: "asc" }],
          } as Query;
          const from = offset ?? 0;
          const mine = matching(world, asked)
            .slice(from, limit === undefined ? undefined : from + limit)
            .map((row) => row["_id"]);
          const theirs = await postgres.ids({
            ...asked,
            ...(limit !== undefined && { limit }),
            ...(offset !== undefined && { offset }),
          });
          expect(mine, show({ ...asked, limit, offset })).toEqual(theirs);
        }
      }),
      fuzz(300, PER_DATA_SET, 9_144),
    );
  },
  FUZZ_TIMEOUT,
);

test("every portable field and operator is drawn", () => {
  const drawn = new Set<string>();
  const visit = (part: unknown): void => {
    if (typeof part !== "object" || part === null) return;
    for (const [key, inner] of Object.entries(part)) {
      if (!Array.isArray(part)) drawn.add(key);
      visit(inner);
    }
  };
  for (const table of TABLE_NAMES)
    for (const filter of fc.sample(where(table, "portable"), { numRuns: 500, seed: 1 })) visit(filter);
  const expected = [
    ...Object.keys(semantics.operators),
    "AND",
    "OR",
    "NOT",
    ...TABLE_NAMES.flatMap((table) => Object.keys(TABLES[table]!.relations)),
    ...TABLE_NAMES.flatMap((table) => fieldsOf(table, "portable").map(([path]) => path)),
  ];
  // `eq` is mostly written as a bare value, but not always.
  expect(expected.filter((key) => !drawn.has(key))).toEqual([]);
});

/** Seeded bugs in the oracle itself: PostgreSQL must object to each. */
const bug = (operators: Semantics["operators"]): Semantics => ({
  ...semantics,
  operators: { ...semantics.operators, ...operators },
});
const { operators: right } = semantics;
const BUGS: { readonly [what: string]: Semantics } = {
  "NOT unknown is true": { ...semantics, not: (truth) => truth !== true },
  "AND forgets false beside unknown": {
    ...semantics,
    and: (truths) => (truths.includes(null) ? null : !truths.includes(false)),
  },
  "OR forgets true beside unknown": {
    ...semantics,
    or: (truths) => (truths.includes(null) ? null : truths.includes(true)),
  },
  "OR [] is true": { ...semantics, or: (truths) => (truths.length === 0 ? true : semantics.or(truths)) },
  "an absent field is false": {
    ...semantics,
    isUnknown: () => false,
    operators: Object.fromEntries(
      Object.entries(right).map(([name, test]) => [
        name,
        (value: Value, operand: unknown) =>
          name === "isNull" || name === "notIn" ? test(value, operand) : value != null && test(value, operand),
      ]),
    ),
  },
  "in [] is unknown for null": {
    ...semantics,
    isUnknown: (name, value) => name !== "isNull" && name !== "isNotNull" && value == null,
  },
  "null joins null": { ...semantics, joins: (a, b) => a === b || semantics.joins(a, b) },
  "gt is gte": bug({ gt: right["gte"]! }),
  "between shuts out its upper end": bug({
    between: (value, operand) => right["between"]!(value, operand) && right["ne"]!(value, (operand as Value[])[1]),
  }),
  "like is ilike": bug({ like: right["ilike"]! }),
  "_ in like is one UTF-16 unit": bug({
    like: (value, pattern) => right["like"]!((value as string).replaceAll(/[\u{10000}-\u{10FFFF}]/gu, "??"), pattern),
  }),
  "% in like stops at a newline": bug({
    like: (value, pattern) => !(value as string).includes("\n") && right["like"]!(value, pattern),
  }),
  "like knows no escapes": bug({
    like: (value, pattern) => right["like"]!(value, (pattern as string).replaceAll("\\", "")),
  }),
  "arrayContains is arrayOverlaps": bug({ arrayContains: right["arrayOverlaps"]! }),
  "arrayContained counts duplicates": bug({
    arrayContained: (value, operand) =>
      right["arrayContained"]!(value, operand) && (value as Value[]).length <= (operand as Value[]).length,
  }),
  "strings compare by UTF-16": bug({
    lt: (value, operand) => (typeof value === "string" ? value < (operand as string) : right["lt"]!(value, operand)),
  }),
};

test.each(Object.entries(BUGS))(
  "PostgreSQL finds the seeded bug: %s",
  async (_, meaning) => {
    // An operator's bug drowns in programs that do not use it: only those that do are run.
    const changed = Object.keys(right).filter((name) => meaning.operators[name] !== right[name]);
    const concerns = (filter: Where): boolean =>
      changed.length === 0 || changed.some((name) => show(filter).includes(`"${name}":`));
    const drawn = fc.noBias(
      fc.tuple(
        dataSet("portable", 14),
        fc.array(
          fc
            .constantFrom(...TABLE_NAMES, "users", "posts")
            .chain((table) =>
              fc.tuple(fc.constant(table), fc.oneof(where(table, "portable"), where(table, "portable", 0))),
            ),
          { minLength: 200, maxLength: 200 },
        ),
      ),
    );
    let found = false;
    for (let seed = 1; seed <= 60 && !found; seed++) {
      const [[data, programs]] = fc.sample(drawn, { numRuns: 1, seed }) as [[DataSet, [string, Where][]]];
      const { world, resolve } = inMemory(data);
      await postgres.load(world.rows);
      for (const [table, filter] of programs.map(([on, given]) => [on, resolve(given)] as const)) {
        if (found || !concerns(filter)) continue;
        found = await sameTruths(world, table, filter, meaning).then(
          () => false,
          () => true,
        );
      }
    }
    expect(found).toBe(true);
  },
  FUZZ_TIMEOUT,
);
