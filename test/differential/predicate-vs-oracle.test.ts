/**
 * The predicate room alone against the oracle: parsing, normalisation, negation and evaluation on a row, without a
 * planner or a database in between. Relation filters are answered by brute force here.
 */
import fc from "fast-check";
import { test } from "vitest";
import { matchesWith } from "../../src/client/predicate/evaluate.js";
import { complementOf, normalize, normalizeNegated } from "../../src/client/predicate/normalize.js";
import { parseWhere } from "../../src/client/predicate/parse.js";
import { always } from "../../src/client/predicate/types.js";
import type { ExistsPredicate, Predicate } from "../../src/client/predicate/types.js";
import { buildCatalog } from "../../src/client/schema/build.js";
import { dataSet, TABLE_NAMES, where } from "../oracle/arbitrary.js";
import { evaluate, relatedRows } from "../oracle/predicate.js";
import type { Row, Where, World } from "../oracle/predicate.js";
import { relations } from "../support/app/relations.js";
import { fuzz, FUZZ_TIMEOUT } from "../support/fuzz.js";
import { inMemory } from "../support/memory.js";
import schema from "../support/schema.js";
import { show } from "./judge.js";

const catalog = buildCatalog(schema, relations, {});
const scope = { catalog, code: "INVALID_WHERE", visible: () => always, session: null, unrestricted: false } as const;

async function test3(world: World, predicate: Predicate, row: Row): Promise<boolean> {
  return await matchesWith(predicate, row, async ({ relation, where: inner }: ExistsPredicate, on) => {
    for (const other of relatedRows(world, relation.table, relation.name, on as Row)) {
      if (await test3(world, inner, other)) return true;
    }
    return false;
  });
}

test(
  "true, false and unknown are the oracle's",
  async () => {
    const programs = fc.noBias(
      fc.array(
        fc
          .constantFrom(...TABLE_NAMES, "users", "posts")
          .chain((table) => fc.tuple(fc.constant(table), where(table, "convex"))),
        { minLength: 1, maxLength: 40, size: "max" },
      ),
    );
    await fc.assert(
      fc.asyncProperty(dataSet("convex", 14), programs, async (data, asked) => {
        const { world, resolve } = inMemory(data);
        for (const [table, given] of asked) {
          const filter: Where = resolve(given);
          const parsed = parseWhere(scope, catalog.tables[table]!, filter, "where");
          const [yes, no] = [normalize(parsed), normalizeNegated(parsed)];
          const [notYes, notNo] = [complementOf(yes), complementOf(no)];
          for (const row of world.rows[table]!) {
            const truth = evaluate(world, table, filter, row);
            const got = [
              await test3(world, yes, row),
              await test3(world, no, row),
              await test3(world, notYes, row),
              await test3(world, notNo, row),
            ];
            const expected = [truth === true, truth === false, truth !== true, truth !== false];
            if (show(got) !== show(expected)) {
              throw new Error(
                `${table} where ${show(filter)}\nrow ${show(row)}\nthe oracle says ${truth}\n` +
                  `is true, is false, not true, not false: expected ${show(expected)}, got ${show(got)}`,
              );
            }
          }
        }
      }),
      fuzz(1_000, 20, 5_150),
    );
  },
  FUZZ_TIMEOUT,
);
