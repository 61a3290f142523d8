/**
 * The ORM against PostgreSQL itself, without the oracle between them: the rows of random reads, in order.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dataSet } from "../oracle/arbitrary.js";
import { Postgres, sameOrder } from "../oracle/postgres.js";
import { query } from "../oracle/programs.js";
import type { Query } from "../oracle/query.js";
import { open } from "../support/app/orm.js";
import { fuzz, FUZZ_TIMEOUT } from "../support/fuzz.js";
import { store } from "../support/store.js";
import { subject } from "../support/subject.js";
import { show } from "./judge.js";

let postgres: Postgres;
beforeAll(async () => {
  postgres = await Postgres.start();
});
afterAll(() => postgres.stop());

test("rows and their order are PostgreSQL's", async () => {
  const programs = fc.noBias(fc.array(query("portable"), { minLength: 1, maxLength: 40, size: "max" }));
  await fc.assert(
    fc.asyncProperty(dataSet("portable", 20), programs, async (data, asked) => {
      const { t, world, resolve } = await store(data);
      await postgres.load(world.rows);
      const orm = subject(t, open);
      for (const program of asked) {
        const { table, where = {}, orderBy, limit, offset } = resolve(program);
        const order = sameOrder(table, orderBy);
        const read: Query = {
          table, where, orderBy: order.length > 0 ? order : [{ _creationTime: "asc" }],
          ...(limit !== undefined && { limit }), ...(offset !== undefined && { offset }),
        };
        const mine = (await orm.findMany(read)).map((row) => row["_id"]);
        expect(mine, show(read)).toEqual(await postgres.ids(read));
        const all = await postgres.ids({ table, where });
        expect(await orm.count({ table, where }), show(read)).toBe(all.length);
      }
    }),
    fuzz(300, 20, 3_003),
  );
}, FUZZ_TIMEOUT);
