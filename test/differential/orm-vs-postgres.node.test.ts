/**
 * The ORM against PostgreSQL itself, without the oracle between them: the rows of random reads, in order, whole and in
 * pages of 1, 3 and 7 rows.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dataSet } from "../oracle/arbitrary.js";
import { Postgres, sameOrder } from "../oracle/postgres.js";
import { query } from "../oracle/programs.js";
import type { Query } from "../oracle/query.js";
import { guarded, open } from "../support/app/orm.js";
import { fuzz, FUZZ_TIMEOUT, report } from "../support/fuzz.js";
import { store } from "../support/store.js";
import { subject } from "../support/subject.js";
import { show, type Page, type Subject } from "./judge.js";

let postgres: Postgres;
beforeAll(async () => {
  postgres = await Postgres.start();
});
afterAll(() => postgres.stop());

/** The ids of all pages of `size` rows: each full but the last, and no more pages than the rows need. */
async function walk(orm: Subject, read: Query, size: number, rows: number): Promise<unknown[]> {
  const ids: unknown[] = [];
  let cursor: string | null = null;
  for (let at = 0; at <= rows; at++) {
    const page: Page = await orm.paginate(read, size, cursor);
    ids.push(...page.page.map((row) => row["_id"]));
    if (page.isDone) return ids;
    expect(page.page.length, `page ${at + 1} of ${size} rows: ${show(read)}`).toBe(size);
    cursor = page.continueCursor;
  }
  throw new Error(`pages of ${size} do not end: ${show(read)}`);
}

/** PostgreSQL orders by time where no order was asked for; the ORM may choose, so such rows are compared as a set. */
async function compare(orm: Subject, read: Query, ordered: boolean): Promise<void> {
  const { limit: _, offset: __, ...uncut } = read;
  const byTime = { orderBy: [{ _creationTime: "asc" as const }] };
  const all = await postgres.ids(ordered ? uncut : { ...uncut, ...byTime });
  const same = (mine: unknown[], what: string): void => {
    if (ordered) expect(mine, `${what}: ${show(read)}`).toEqual(all);
    else expect([...mine].sort(), `${what}: ${show(read)}`).toEqual([...all].sort());
  };
  const { table, where = {} } = read;
  const cut = (await orm.findMany(read)).map((row) => row["_id"] as string);
  const cutThere = await postgres.ids(ordered ? read : { ...read, ...byTime });
  if (ordered) expect(cut, `findMany: ${show(read)}`).toEqual(cutThere);
  else {
    // Any of the rows, but as many, and none twice.
    expect(new Set(cut).size, `findMany: ${show(read)}`).toBe(cutThere.length);
    expect(cut.length, `findMany: ${show(read)}`).toBe(cutThere.length);
    expect(all, `findMany: ${show(read)}`).toEqual(expect.arrayContaining(cut));
    same(
      (await orm.findMany(uncut)).map((row) => row["_id"]),
      "findMany, uncut",
    );
  }
  for (const size of [1, 3, 7]) same(await walk(orm, uncut, size, all.length), `in pages of ${size}`);
  expect(await orm.count({ table, where }), `count: ${show(read)}`).toBe(all.length);
  expect(await orm.exists({ table, where }), `exists: ${show(read)}`).toBe(all.length > 0);
}

test(
  "rows, their order, pages and counts are PostgreSQL's",
  async () => {
    let programs = 0;
    const some = fc.noBias(fc.array(query("portable"), { minLength: 1, maxLength: 40, size: "max" }));
    await fc.assert(
      fc.asyncProperty(dataSet("portable", 20), some, fc.boolean(), async (data, asked, sealed) => {
        const { t, world, resolve } = await store(data);
        await postgres.load(world.rows);
        const orm = subject(t, sealed ? guarded : open);
        for (const program of asked) {
          const { table, where = {}, orderBy, limit, offset } = resolve(program);
          const order = sameOrder(table, orderBy);
          const cut = { ...(limit !== undefined && { limit }), ...(offset !== undefined && { offset }) };
          if (order.length === 0) await compare(orm, { table, where, ...cut }, false);
          await compare(
            orm,
            { table, where, orderBy: order.length > 0 ? order : [{ _creationTime: "asc" }], ...cut },
            true,
          );
          programs++;
        }
      }),
      fuzz(300, 20, 3_003),
    );
    report("the ORM as PostgreSQL", programs);
  },
  FUZZ_TIMEOUT,
);
