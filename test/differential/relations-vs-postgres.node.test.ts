/**
 * Relation filters against EXISTS in PostgreSQL itself: three relations deep, under AND, OR and NOT, over rows with
 * dangling, null and absent keys; with every access path, and with each filter tested row by row.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dataSet } from "../oracle/arbitrary.js";
import { Postgres } from "../oracle/postgres.js";
import { portableFilter } from "../relations/programs.js";
import { envOf, fakeApp, reader } from "../support/fake-app.js";
import { fuzz, FUZZ_TIMEOUT } from "../support/fuzz.js";
import { show } from "./judge.js";

let postgres: Postgres;
beforeAll(async () => {
  postgres = await Postgres.start();
});
afterAll(() => postgres.stop());

test(
  "relation filters are PostgreSQL's EXISTS",
  async () => {
    let matched = 0;
    await fc.assert(
      fc.asyncProperty(
        dataSet("portable", 20),
        fc.noBias(fc.array(portableFilter, { minLength: 1, maxLength: 40, size: "max" })),
        async (data, asked) => {
          const app = fakeApp(data);
          await postgres.load(app.world().rows);
          for (const program of asked) {
            const { table, where } = app.resolve(program);
            const wanted = await postgres.ids({ table, where, orderBy: [{ _creationTime: "asc" }] });
            matched += wanted.length;
            for (const limits of [{}, { maxProbes: 0 }]) {
              const rows = await reader(envOf(app.db), table).findMany({
                where,
                orderBy: { _creationTime: "asc" },
                allowFullScan: true,
                ...limits,
              });
              expect(
                rows.map((row) => row["_id"]),
                show({ table, where }),
              ).toEqual(wanted);
            }
          }
        },
      ),
      fuzz(200, 20, 7_071),
    );
    expect(matched).toBeGreaterThan(100);
  },
  FUZZ_TIMEOUT,
);
