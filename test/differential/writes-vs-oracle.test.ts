/**
 * Updates and deletes by filter against brute force: the rows that a statement takes, what it returns, and what is in
 * every table afterwards; inline, and again as durable jobs of several steps.
 */
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { dataSet, TABLE_NAMES } from "../oracle/arbitrary.js";
import { evaluate } from "../oracle/predicate.js";
import type { Row, World } from "../oracle/predicate.js";
import { apply, marked, steadyWrite, write } from "../oracle/writes.js";
import type { Write } from "../oracle/writes.js";
import { open } from "../support/app/orm.js";
import { TABLES } from "../support/catalog.js";
import { fuzz, FUZZ_TIMEOUT } from "../support/fuzz.js";
import { store } from "../support/store.js";
import type { Stored } from "../support/store.js";
import { show } from "./judge.js";

const EMPTY: World = { tables: TABLES, rows: {} };

afterEach(() => void vi.useRealTimers());

interface Statement extends PromiseLike<{ count: number; job: string | null }> {
  returning(): PromiseLike<Row[]>;
  inBackground(): PromiseLike<{ count: number; job: string | null }>;
  hard(): Statement;
}
interface Named {
  where(filter: object, options: object): Statement;
  all(options: object): Statement;
}
interface Writer {
  update(table: string): { set(patch: object): Named };
  delete(table: string): Named;
}

/** Filters such as `{ AND: [{}] }` name no rows, and are refused as `{}` is. */
const namesNothing = (where: unknown): boolean =>
  Object.entries(where as object).every(([key, part]) =>
    key === "NOT" ? namesNothing(part) : (key === "AND" || key === "OR") && (part as unknown[]).every(namesNothing),
  );

function statement(ctx: unknown, given: Write): Statement {
  const db = open.with(ctx as never) as unknown as Writer;
  const named = given.kind === "update" ? db.update(given.table).set(given.set) : db.delete(given.table);
  const options = { allowFullScan: true };
  const alwaysTrue = namesNothing(given.where) && evaluate(EMPTY, given.table, given.where, {}) === true;
  const made = alwaysTrue ? named.all(options) : named.where(given.where, options);
  return given.kind === "delete" && given.hard ? made.hard() : made;
}

const texts = (world: World, table: string, rows: readonly Row[]): string[] =>
  rows.map((row) => show(marked(row, world.tables[table]!.soft))).sort();

async function sameTables({ t }: Stored, expected: World, what: string): Promise<void> {
  const rows = (await t.run(async (ctx) => {
    const db = ctx.db as unknown as { query(table: string): { collect(): Promise<Row[]> } };
    return Object.fromEntries(
      await Promise.all(TABLE_NAMES.map(async (table) => [table, await db.query(table).collect()])),
    );
  })) as World["rows"];
  for (const table of TABLE_NAMES) {
    expect(texts(expected, table, rows[table]!), `${what}: table ${table}`).toEqual(
      texts(expected, table, expected.rows[table]!),
    );
  }
}

test(
  "inline, rows taken and tables left are the oracle's",
  async () => {
    const programs = fc.noBias(
      fc.array(fc.tuple(write(2), fc.boolean()), { minLength: 1, maxLength: 12, size: "max" }),
    );
    await fc.assert(
      fc.asyncProperty(dataSet("convex", 20), programs, async (data, writes) => {
        const stored = await store(data);
        let { world } = stored;
        for (const [asked, returning] of writes) {
          const given = stored.resolve(asked);
          const expected = apply(world, given);
          if (returning) {
            const rows = await stored.t.mutation(async (ctx) => await statement(ctx, given).returning());
            expect(texts(world, given.table, rows), show(given)).toEqual(texts(world, given.table, expected.rows));
          } else {
            const { count, job } = await stored.t.mutation(async (ctx) => await statement(ctx, given));
            expect([count, job], show(given)).toEqual([expected.rows.length, null]);
          }
          world = expected.world;
          await sameTables(stored, world, show(given));
        }
      }),
      fuzz(200, 6, 8_008),
    );
  },
  FUZZ_TIMEOUT,
);

test(
  "in the background, the tables end the same, and each row counts once",
  async () => {
    const programs = fc.noBias(fc.array(steadyWrite(), { minLength: 1, maxLength: 6, size: "max" }));
    vi.useFakeTimers();
    await fc.assert(
      fc.asyncProperty(dataSet("convex", 24), programs, async (data, writes) => {
        const stored = await store(data);
        let { world } = stored;
        for (const asked of writes) {
          const given = stored.resolve(asked);
          const expected = apply(world, given);
          const job = await stored.t.mutation(async (ctx) => (await statement(ctx, given).inBackground()).job);
          await stored.t.finishAllScheduledFunctions(vi.runAllTimers);
          const ended = await stored.t.query(async (ctx) => (job === null ? null : await open.jobs.get(ctx, job)));
          const { status, rowsDone } = ended ?? { status: "succeeded", rowsDone: 0 };
          expect([status, rowsDone], `${show(given)} ${ended?.error}`).toEqual(["succeeded", expected.rows.length]);
          world = expected.world;
          await sameTables(stored, world, show(given));
        }
      }),
      fuzz(60, 3, 9_009),
    );
  },
  FUZZ_TIMEOUT,
);
