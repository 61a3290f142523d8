/**
 * What `analyze` says of random reads is what the platform counted: documents, queries, rows. And `explain` has
 * something to say of every one of them, with a frozen plan.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { dataSet } from "../oracle/arbitrary.js";
import { query } from "../oracle/programs.js";
import { findMany } from "../oracle/query.js";
import { open } from "../support/app/orm.js";
import { fuzz, FUZZ_TIMEOUT } from "../support/fuzz.js";
import { store } from "../support/store.js";
import { show } from "./judge.js";

interface Reader {
  findMany(args: object): Promise<unknown[]>;
  explain(args: object): { plan: object; text: string } | Promise<{ plan: object; text: string }>;
  analyze(args: object): Promise<{ rows: number; documentsRead: number; databaseQueries: number }>;
}
interface Metered {
  meta: { getTransactionMetrics(): Promise<Record<"documentsRead" | "databaseQueries", { used: number }>> };
}

test("analyze's figures are the transaction's", async () => {
  const programs = fc.noBias(fc.array(query("convex"), { minLength: 1, maxLength: 24, size: "max" }));
  await fc.assert(
    fc.asyncProperty(dataSet("convex", 24), programs, async (data, asked) => {
      const { t, world, resolve } = await store(data);
      for (const program of asked) {
        const { table, ...rest } = resolve(program);
        const args = { ...rest, allowFullScan: true };
        const measured = (run: (reader: Reader) => Promise<unknown>) =>
          t.query(async (ctx) => {
            const { meta } = ctx as unknown as Metered;
            const before = await meta.getTransactionMetrics();
            const answer = await run((open.with(ctx as never).query as unknown as Record<string, Reader>)[table]!);
            const after = await meta.getTransactionMetrics();
            return {
              answer,
              documentsRead: after.documentsRead.used - before.documentsRead.used,
              databaseQueries: after.databaseQueries.used - before.databaseQueries.used,
            };
          });
        const { answer: rows, ...plain } = await measured((reader) => reader.findMany(args));
        const { answer, ...counted } = await measured(async (reader) => {
          const { rows: found, documentsRead, databaseQueries } = await reader.analyze(args);
          return { rows: found, documentsRead, databaseQueries };
        });
        const expected = { rows: findMany(world, { table, ...rest }).length, ...counted };
        expect(answer, show({ table, ...rest })).toEqual(expected);
        expect((rows as unknown[]).length).toBe(expected.rows);
        // It reads what the query itself reads, no more and no less.
        expect(counted, show({ table, ...rest })).toEqual(plain);
        const { answer: said } = await measured(async (reader) => {
          const { plan, text } = await reader.explain(args);
          return { frozen: Object.isFrozen(plan), text };
        });
        expect(said, show({ table, ...rest })).toEqual({ frozen: true, text: expect.stringMatching(/\S/) as string });
      }
    }),
    fuzz(200, 12, 1_212),
  );
}, FUZZ_TIMEOUT);
