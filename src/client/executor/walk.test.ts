/** Random programs on random rows, on a database in memory: fast enough to be many. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge, show } from "../../../test/differential/judge.js";
import { dataSet } from "../../../test/oracle/arbitrary.js";
import { query } from "../../../test/oracle/programs.js";
import { matching, type Query } from "../../../test/oracle/query.js";
import { envOf, fakeApp, fakeSubject, reader, type FakeApp } from "../../../test/support/fake-app.js";
import { fuzz, FUZZ_TIMEOUT } from "../../../test/support/fuzz.js";
import type { Env } from "./env.js";
import type { PageResult } from "./pages.js";

const key = crypto.getRandomValues(new Uint8Array(32)).buffer;
const sealed: Partial<Env> = { cursorKey: () => Promise.resolve(key) };

type Row = { readonly _id: string };
type Ask = (options: Record<string, unknown>) => Promise<PageResult<Row>>;

const asking =
  (app: FakeApp, { table, where, orderBy }: Query, args: object = {}): Ask =>
  async (paginationOpts) => {
    const page = await reader(envOf(app.db, sealed), table).paginate({
      ...(where === undefined ? {} : { where }),
      ...(orderBy === undefined ? {} : { orderBy }),
      allowFullScan: true,
      ...args,
      paginationOpts,
    });
    return page as unknown as PageResult<Row>;
  };

const idsOf = (rows: readonly Row[]): string[] => rows.map(({ _id }) => _id);

/** In the order asked for; as a bag where none was. */
function sameRows(app: FakeApp, query: Query, got: readonly Row[]): void {
  const expected = idsOf(matching(app.world(), query) as unknown as Row[]);
  const ids = idsOf(got);
  const ordered = (query.orderBy ?? []).length > 0;
  expect(ordered ? ids : [...ids].sort(), show(query)).toEqual(ordered ? expected : [...expected].sort());
}

const programs = fc.noBias(fc.array(query("convex"), { minLength: 1, maxLength: 20, size: "max" }));

describe("random programs", () => {
  test(
    "give what brute force gives, whole and in pages",
    async () => {
      await fc.assert(
        fc.asyncProperty(dataSet("convex", 24), programs, async (data, asked) => {
          const app = fakeApp(data);
          for (const program of asked) await judge(app.world(), app.resolve(program), fakeSubject(app.db, sealed));
        }),
        fuzz(400, 10, 11),
      );
    },
    FUZZ_TIMEOUT,
  );

  test(
    "give the same rows in pages that a bound ends early, in pinned pages, and in halves of pages",
    async () => {
      const numbers = fc.record({
        numItems: fc.integer({ min: 1, max: 5 }),
        rows: fc.integer({ min: 1, max: 6 }),
        maxScan: fc.integer({ min: 12, max: 60 }),
      });
      await fc.assert(
        fc.asyncProperty(
          dataSet("convex", 24),
          programs,
          numbers,
          async (data, asked, { numItems, rows: maximumRowsRead, maxScan }) => {
            const app = fakeApp(data);
            for (const given of asked) {
              const program = app.resolve(given);
              const ask = asking(app, program);
              const bounded = asking(app, program, { maxScan });
              const rows: Row[] = [];
              let cursor: string | null = null;
              for (let pages = 0; ; pages++) {
                expect(pages, show(program)).toBeLessThan(200);
                const options = { numItems, cursor, ...(pages % 2 === 0 ? { maximumRowsRead } : {}) };
                // A sorted page, a key set or a relation filter may need more than so small a bound.
                const page: PageResult<Row> = await bounded(options).catch(() => ask(options));
                rows.push(...page.page);
                const end = page.continueCursor;
                const pinned = await ask({ numItems: 1, cursor, endCursor: end });
                expect(idsOf(pinned.page), show(program)).toEqual(idsOf(page.page));
                expect(pinned.continueCursor).toBe(end);
                expect(pinned.isDone).toBe(page.isDone);
                if (page.splitCursor) {
                  const left = await ask({ numItems: 1, cursor, endCursor: page.splitCursor });
                  const right = await ask({ numItems: 1, cursor: page.splitCursor, endCursor: end });
                  expect(idsOf([...left.page, ...right.page]), show(program)).toEqual(idsOf(page.page));
                }
                if (page.isDone) break;
                cursor = end;
              }
              sameRows(app, program, rows);
            }
          },
        ),
        fuzz(200, 10, 12),
      );
    },
    FUZZ_TIMEOUT,
  );

  test(
    "neither repeat nor lose the rows that were there throughout, when others come and go between pages",
    async () => {
      const changes = fc.array(fc.tuple(fc.nat(23), fc.boolean()), { maxLength: 30 });
      await fc.assert(
        fc.asyncProperty(
          dataSet("convex", 24),
          programs,
          changes,
          fc.integer({ min: 1, max: 4 }),
          async (data, asked, edits, numItems) => {
            for (const given of asked.slice(0, 6)) {
              const app = fakeApp(data);
              const program = app.resolve(given);
              const ask = asking(app, program);
              const before = matching(app.world(), program) as unknown as Row[];
              const rows: Row[] = [];
              let cursor: string | null = null;
              const { table } = program;
              for (let at = 0; ; at++) {
                expect(at, show(program)).toBeLessThan(200);
                const page: PageResult<Row> = await ask({ numItems, cursor });
                rows.push(...page.page);
                if (page.isDone) break;
                cursor = page.continueCursor;
                const edit = edits[at];
                if (edit === undefined) continue;
                const all = app.db.all(table);
                const victim = all[edit[0] % Math.max(all.length, 1)];
                if (victim === undefined) continue;
                if (edit[1]) app.db.delete(table, victim._id);
                else {
                  const { _id, _creationTime, ...copy } = victim;
                  app.db.insert(table, { ...copy });
                }
              }
              const ids = idsOf(rows);
              expect(new Set(ids).size, show(program)).toBe(ids.length);
              const after = new Set(idsOf(matching(app.world(), program) as unknown as Row[]));
              // A relation filter may change its mind about a row when other rows go.
              const throughout = idsOf(before).filter((id) => after.has(id));
              for (const id of throughout) expect(ids, show(program)).toContain(id);
            }
          },
        ),
        fuzz(200, 10, 13),
      );
    },
    FUZZ_TIMEOUT,
  );
});
