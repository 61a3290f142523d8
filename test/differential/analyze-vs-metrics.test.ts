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
  paginate(args: object): Promise<{ page: unknown[] }>;
  explain(args: object): { plan: object; text: string } | Promise<{ plan: object; text: string }>;
  analyze(
    args: object,
  ): Promise<{ rows: number; documentsRead: number; databaseQueries: number; nodes: { node: string }[] }>;
}
interface Metered {
  meta: { getTransactionMetrics(): Promise<Record<"documentsRead" | "databaseQueries", { used: number }>> };
}

test(
  "analyze's figures are the transaction's",
  async () => {
    let givenUp = 0;
    const programs = fc.noBias(fc.array(query("convex"), { minLength: 1, maxLength: 24, size: "max" }));
    await fc.assert(
      fc.asyncProperty(dataSet("convex", 24), programs, async (data, asked) => {
        const { t, world, resolve } = await store(data);
        for (const [at, program] of asked.entries()) {
          const { table, ...rest } = resolve(program);
          // Under the tight limit key sets are given up halfway.
          const args = { ...rest, allowFullScan: true, ...(at % 2 === 0 ? {} : { maxProbes: 1 + (at % 3) }) };
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
            const { rows: found, documentsRead, databaseQueries, nodes } = await reader.analyze(args);
            if (nodes.some(({ node }) => node === "keys given up")) givenUp++;
            // Every read has its node.
            expect(nodes.map(({ node }) => node)).not.toContain("other reads");
            return { rows: found, documentsRead, databaseQueries };
          });
          const expected = { rows: findMany(world, { table, ...rest }).length, ...counted };
          expect(answer, show({ table, ...rest })).toEqual(expected);
          expect((rows as unknown[]).length).toBe(expected.rows);
          // It reads what the query itself reads, no more and no less.
          expect(counted, show({ table, ...rest })).toEqual(plain);
          const { limit: _, offset: __, ...uncut } = args;
          const page = { ...uncut, paginationOpts: { numItems: 3, cursor: null } };
          const { answer: got, ...paged } = await measured(async (reader) => (await reader.paginate(page)).page.length);
          const { answer: told } = await measured(async (reader) => {
            const { rows: found, documentsRead, databaseQueries } = await reader.analyze(page);
            return { rows: found, documentsRead, databaseQueries };
          });
          expect(told, `a page: ${show({ table, ...rest })}`).toEqual({ rows: got, ...paged });
          const { answer: said } = await measured(async (reader) => {
            const { plan, text } = await reader.explain(args);
            return { frozen: Object.isFrozen(plan), text };
          });
          expect(said, show({ table, ...rest })).toEqual({ frozen: true, text: expect.stringMatching(/\S/) as string });
        }
      }),
      fuzz(200, 12, 1_212),
    );
    expect(givenUp).toBeGreaterThan(0);
  },
  FUZZ_TIMEOUT,
);
