/** Reactive lists: the hooks' own logic over pages that are asked again after every write. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { show } from "../../../test/differential/judge.js";
import { dataSet } from "../../../test/oracle/arbitrary.js";
import { query } from "../../../test/oracle/programs.js";
import { matching, type Query } from "../../../test/oracle/query.js";
import { envOf, fakeApp, reader, type FakeApp } from "../../../test/support/fake-app.js";
import { fuzz, FUZZ_TIMEOUT } from "../../../test/support/fuzz.js";
import { PaginatedHook, type AnsweredPage, type AskedPage, type HookKind } from "../../../test/support/hooks.js";
import type { Document } from "./env.js";

type Row = Record<string, unknown> & { readonly _id: string };
let key = crypto.getRandomValues(new Uint8Array(32)).buffer;

const asking =
  (app: FakeApp, { table, where, orderBy }: Query, args: object = {}) =>
  async (paginationOpts: AskedPage): Promise<AnsweredPage<Row>> => {
    const env = envOf(app.db, { cursorKey: () => Promise.resolve(key) });
    const filter = { ...(where === undefined ? {} : { where }), ...(orderBy === undefined ? {} : { orderBy }) };
    return (await reader(env, table).paginate({
      ...filter,
      allowFullScan: true,
      ...args,
      paginationOpts,
    })) as unknown as AnsweredPage<Row>;
  };

async function settle(hook: PaginatedHook<Row>): Promise<void> {
  for (let i = 0; i < 50; i++) {
    await hook.transition();
    if (hook.settled) return;
  }
  throw new Error("the hook does not come to rest");
}

/** The list is the beginning of the answer, all of it once it is exhausted: no gap, no repeat. */
function check(app: FakeApp, program: Query, hook: PaginatedHook<Row>): void {
  const expected = (matching(app.world(), program) as unknown as Row[]).map(({ _id }) => _id);
  const ids = hook.shown.map(({ _id }) => _id);
  const where = `${show(program)} ${hook.status}`;
  expect(new Set(ids).size, where).toBe(ids.length);
  if ((program.orderBy ?? []).length > 0) expect(ids, where).toEqual(expected.slice(0, ids.length));
  else expect(expected, where).toEqual(expect.arrayContaining(ids));
  if (hook.status === "Exhausted") expect(ids, where).toHaveLength(expected.length);
}

const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("more" as const), at: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("copy" as const, "delete" as const), at: fc.nat(200) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("change" as const), at: fc.nat(200) }) },
);

function write(app: FakeApp, table: string, kind: "copy" | "delete" | "change", at: number): void {
  const rows = app.db.all(table);
  const victim = rows[at % Math.max(rows.length, 1)];
  const other = rows[(at * 7 + 3) % Math.max(rows.length, 1)];
  if (victim === undefined || other === undefined) return;
  const fieldsOf = ({ _id, _creationTime, ...fields }: Document): Record<string, unknown> => fields;
  if (kind === "delete") app.db.delete(table, victim._id);
  else if (kind === "copy") app.db.insert(table, fieldsOf(victim));
  // The row moves to where another one is.
  else app.db.patch(table, victim._id, fieldsOf(other));
}

describe.each(["stock", "helpers"] as const)("the %s hook", (kind: HookKind) => {
  test(
    "shows no gap and no repeat while rows come, go and move",
    async () => {
      let splits = 0;
      const programs = fc.noBias(fc.array(query("convex"), { minLength: 1, maxLength: 8, size: "max" }));
      const maxScan = fc.integer({ min: 25, max: 80 });
      await fc.assert(
        fc.asyncProperty(
          dataSet("convex", 24),
          programs,
          fc.array(action, { minLength: 5, maxLength: 14 }),
          fc.integer({ min: 1, max: 4 }),
          maxScan,
          async (data, asked, actions, size, scan) => {
            for (const given of asked) {
              const app = fakeApp(data);
              const program = app.resolve(given);
              const ask = asking(app, program);
              const bounded = asking(app, program, { maxScan: scan });
              // Some pages end at a small maxScan; where a sort or relation filter needs more, it gets more.
              const hook = new PaginatedHook<Row>(kind, size, (options) => bounded(options).catch(() => ask(options)));
              await settle(hook);
              check(app, program, hook);
              for (const { kind: what, at } of actions) {
                if (what === "more") hook.loadMore(at + 1);
                else write(app, program.table, what, at);
                // A write may come while a page is being split.
                if (at % 3 === 0) await hook.transition();
                else {
                  await settle(hook);
                  check(app, program, hook);
                }
              }
              await settle(hook);
              check(app, program, hook);
              splits += hook.splitsMade;
            }
          },
        ),
        fuzz(160, 8, kind === "stock" ? 31 : 32),
      );
      expect(splits).toBeGreaterThan(100);
    },
    FUZZ_TIMEOUT,
  );

  test("starts over when its cursors are refused", async () => {
    const app = fakeApp({
      comments: Array.from({ length: 12 }, (_, i) => ({ postId: "p", approved: true, likes: i % 3 })),
    });
    const program: Query = { table: "comments", where: { likes: { in: [0, 1] } }, orderBy: [{ likes: "asc" }] };
    const hook = new PaginatedHook<Row>(kind, 2, asking(app, program));
    await settle(hook);
    hook.loadMore(2);
    await settle(hook);
    expect(hook.shown).toHaveLength(4);
    key = crypto.getRandomValues(new Uint8Array(32)).buffer;
    await settle(hook);
    expect(hook.restarts).toBe(1);
    expect(hook.shown).toHaveLength(2);
    check(app, program, hook);
  });
});
