/**
 * Background statements walk the planner's own plan: what they read is the rows that they name and a little a step,
 * and each row is written once, whatever the statement moves.
 */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { session } from "../../src/client/index.js";
import { fuzz, FUZZ_TIMEOUT } from "../support/fuzz.js";
import { fill, named, notesApp, others, steps, type NotesApp } from "./notes.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Row = Record<string, any>;
interface Case {
  readonly where: object;
  readonly match: (row: Row) => boolean;
  /** Documents a step beside the rows: what it knows of its job, look-ahead of its ranges, key sets. */
  readonly step?: number;
}
const own = (row: Row): boolean => row.org === "own";

const filters: Record<string, Case> = {
  "an OR of two indexes whose branches overlap": {
    where: { OR: [{ status: "a" }, { pinned: true }] },
    match: (row) => row.status === "a" || row.pinned,
  },
  "an OR of ranges": {
    where: { OR: [{ n: { lt: 4 } }, { title: { startsWith: "a3" } }] },
    match: (row) => own(row) && (row.n < 4 || row.title === "a3"),
  },
  in: { where: { status: { in: ["a", "b", "nothing"] } }, match: own },
  "in, with a range behind it": {
    where: { status: { in: ["a", "b"] }, n: { gte: 5 } },
    match: (row) => own(row) && row.n >= 5,
  },
  startsWith: { where: { title: { startsWith: "a" } }, match: own },
  notIn: { where: { org: { notIn: ["z"] } }, match: own },
  "a relation filter": { where: { author: { name: "ann" } }, match: own, step: 4 },
  "an OR with a relation filter": {
    where: { OR: [{ author: { name: "ann" } }, { pinned: true }] },
    match: own,
    step: 4,
  },
};
const perStep = 6;

async function finish(t: NotesApp, job: string, rows: number): Promise<void> {
  await t.drain();
  expect(await t.job(job)).toMatchObject({ status: "succeeded", error: null, rowsDone: rows, frontier: 0 });
  expect(await t.writes()).toEqual(Array(rows).fill(1));
}

function expectReads(t: NotesApp, rows: number, step = 0, aRow = 2): void {
  expect(t.read(), `${rows} rows in ${t.steps.length} steps`).toBeLessThanOrEqual(
    aRow * rows + (perStep + step) * t.steps.length,
  );
}

describe.each(Object.entries(filters))("by %s", (_name, { where, match, step }) => {
  test("a delete reads its rows and a little a step", async () => {
    const t = notesApp();
    await fill(t);
    const rows = (await t.rows("notes")).filter(match).length;
    const { job } = await t.sys((db) => db.delete("notes").where(where).inBackground());
    await finish(t, job, rows);
    expectReads(t, rows, step);
    expect(await t.rows("notes")).toHaveLength(others + named - rows);
  });

  test("an update too", async () => {
    const t = notesApp();
    await fill(t);
    const rows = (await t.rows("notes")).filter(match);
    const { job } = await t.sys((db) => db.update("notes").set({ seenAt: 77_777 }).where(where).inBackground());
    await finish(t, job, rows.length);
    expectReads(t, rows.length, step);
    expect((await t.rows("notes")).filter((row) => row.seenAt === 77_777).map((row) => row._id)).toEqual(
      rows.map((row) => row._id),
    );
  });
});

describe("updates of what the filter reads", () => {
  const moving: [string, object, object, (row: Row) => boolean, number?][] = [
    ["a field of a range, to the end of it", { n: 900 }, { n: { lt: 950 } }, own],
    ["a field of a range, out of it", { n: 900 }, { n: { lt: 100 } }, own, 2],
    [
      "rows from one branch into the other",
      { status: "b" },
      { OR: [{ status: "a" }, { status: "b", n: { gte: 0 } }] },
      own,
    ],
    [
      "rows from one index into another",
      { pinned: true },
      { OR: [{ title: { startsWith: "a" } }, { pinned: true }] },
      own,
    ],
    ["what notIn leaves", { org: "moved" }, { org: { notIn: ["z"] } }, own],
    ["a value of in to another", { status: "b" }, { status: { in: ["a", "b"] } }, own],
    [
      "the field behind a range of in",
      { n: 5 },
      { status: { in: ["a", "b"] }, n: { gte: 3 } },
      (row) => own(row) && row.n >= 3,
    ],
    ["the order of its index, by onUpdate's own kind of value", { seenAt: 8_000 }, { seenAt: { lt: 8_500 } }, own],
  ];
  test.each(moving)("%s: once each, without a walk of the table", async (_name, set, where, match, aRow = 3) => {
    const t = notesApp();
    await fill(t);
    const rows = (await t.rows("notes")).filter(match);
    const { job } = await t.sys((db) => db.update("notes").set(set).where(where).inBackground());
    await finish(t, job, rows.length);
    expectReads(t, rows.length, 0, aRow);
    const after = new Map((await t.rows("notes")).map((row) => [row._id, row]));
    for (const row of rows) expect(after.get(row._id)).toMatchObject(set);
  });

  test("fields that onUpdate sets", async () => {
    const t = notesApp({ tables: { notes: { onUpdate: { seenAt: () => 8_000 } } } });
    await fill(t);
    const { job } = await t.sys((db) =>
      db
        .update("notes")
        .set({ pinned: true })
        .where({ seenAt: { lt: 8_500 } })
        .inBackground(),
    );
    await finish(t, job, named);
    expectReads(t, named, 0, 3);
  });

  test("few rows are listed and changed in one step", async () => {
    const t = notesApp({ functions: { stepRows: 1_000 } });
    await fill(t);
    const { job } = await t.sys((db) =>
      db
        .update("notes")
        .set({ n: 900 })
        .where({ n: { lt: 950 } })
        .inBackground(),
    );
    await finish(t, job, named);
    expect(t.steps).toHaveLength(1);
    expect(t.read()).toBeLessThanOrEqual(2 * named + perStep);
  });
});

describe("any filter, and any move", () => {
  type Clause = readonly [where: object, match: (row: Row) => boolean];
  const clause = fc.oneof(
    fc.nat(10).map((n): Clause => [{ n: { gte: n } }, (row) => row.n >= n]),
    fc.nat(10).map((n): Clause => [{ n: { lt: n } }, (row) => row.n < n]),
    fc.subarray(["a", "b", "c"]).map((list): Clause => [{ status: { in: list } }, (row) => list.includes(row.status)]),
    fc.constantFrom("a", "b").map((status): Clause => [{ status }, (row) => row.status === status]),
    fc.boolean().map((pinned): Clause => [{ pinned }, (row) => row.pinned === pinned]),
    fc.nat(7).map((i): Clause => [{ title: { startsWith: `a${i}` } }, (row) => row.title.startsWith(`a${i}`)]),
    fc
      .nat(40)
      .map((at): Clause => [{ seenAt: { between: [at, at + 9] } }, (row) => row.seenAt >= at && row.seenAt <= at + 9]),
    fc.constant<Clause>([{ org: { ne: "z" } }, (row) => row.org !== "z"]),
    fc.constant<Clause>([{ author: { name: "ann" } }, own]),
  );
  const both = fc
    .tuple(clause, clause)
    .map(([[a, isA], [b, isB]]): Clause => [{ AND: [a, b] }, (row) => isA(row) && isB(row)]);
  const some = fc
    .array(fc.oneof(clause, both), { minLength: 2, maxLength: 3 })
    .map((parts): Clause => [{ OR: parts.map(([where]) => where) }, (row) => parts.some(([, match]) => match(row))]);
  const filter = fc.oneof(clause, both, some, some);
  const set = fc
    .record(
      {
        n: fc.nat(11),
        status: fc.constantFrom("a", "b", "c"),
        pinned: fc.boolean(),
        title: fc.nat(8).map((i) => `a${i}x`),
        seenAt: fc.nat(50),
        org: fc.constantFrom("z", "own"),
      },
      { requiredKeys: [] },
    )
    .filter((values) => Object.keys(values).length > 0);

  const runs = fc.record({
    filter,
    values: fc.option(set),
    stepRows: fc.integer({ min: 1, max: 9 }),
    policy: fc.option(fc.oneof(clause, some)),
  });
  type Run = typeof runs extends fc.Arbitrary<infer R> ? R : never;

  async function start({ filter: [where], values, stepRows, policy }: Run) {
    const t = notesApp({ functions: { stepRows } });
    await fill(t, 5);
    if (policy !== null) await allow(t, policy);
    const before = await t.rows("notes");
    const { job } = await t.as(async (db) =>
      (values === null ? db.delete("notes") : db.update("notes").set(values)).where(where).inBackground(),
    );
    return { t, job: job as string, before };
  }

  /** What the session may change; it sees everything. */
  const allow = (t: NotesApp, [using]: Clause): Promise<unknown> =>
    t.mutate((ctx) =>
      t.orm.policies.sync(ctx, {
        notes: {
          see: { for: "select", using: {} },
          change: { for: "update", using, withCheck: {} },
          remove: { for: "delete", using },
        },
      }),
    );

  async function expectTaken(t: NotesApp, before: readonly Row[], taken: readonly Row[], values: object | null) {
    const after = new Map((await t.rows("notes")).map(({ touched: _, ...row }) => [row._id, row]));
    const expected = before.flatMap((row) =>
      !taken.includes(row) ? [row] : values === null ? [] : [{ ...row, ...values }],
    );
    expect(after).toEqual(new Map(expected.map((row) => [row._id, row])));
  }

  test(
    "takes the rows of its start that its policies allow, once each",
    async () => {
      const check = async (run: Run): Promise<void> => {
        const { t, job, before } = await start(run);
        const taken = before.filter((row) => run.filter[1](row) && run.policy?.[1](row) !== false);
        await finish(t, job, taken.length);
        await expectTaken(t, before, taken, run.values);
      };
      await fc.assert(fc.asyncProperty(runs, check), fuzz(40, 1, 11_011));
    },
    FUZZ_TIMEOUT,
  );

  test(
    "policies that change meanwhile: no row twice, none that neither allows, and those that both allow all",
    async () => {
      const check = async (run: Run, later: Clause, made: number): Promise<void> => {
        const { t, job, before } = await start(run);
        await steps(t, job, made);
        await allow(t, later);
        await t.drain();
        expect(await t.job(job)).toMatchObject({ status: "succeeded", error: null, frontier: 0 });
        expect(new Set(await t.writes()).size).toBeLessThanOrEqual(1);
        const written = new Set((await t.rows("log")).map(({ note }) => note));
        const then = (row: Row): boolean => run.policy?.[1](row) !== false;
        for (const row of before) {
          const [first, second] = [then(row), later[1](row)];
          if (!run.filter[1](row) || (!first && !second)) expect(written.has(row._id)).toBe(false);
          // One that holds all that is set may be passed over when the walk begins anew.
          const held =
            run.values !== null && Object.entries(run.values).every(([field, value]) => row[field] === value);
          if (run.filter[1](row) && first && second && !held) expect(written.has(row._id)).toBe(true);
        }
        const taken = before.filter((row) => written.has(row._id));
        await expectTaken(t, before, taken, run.values);
      };
      await fc.assert(fc.asyncProperty(runs, fc.oneof(clause, some), fc.nat(3), check), fuzz(30, 1, 12_012));
    },
    FUZZ_TIMEOUT,
  );
});

test("rows whose relation the update moves are listed first: the filter must know them still", async () => {
  const t = notesApp();
  await fill(t);
  const bob = (await t.rows("authors")).find((row) => row.name === "bob")._id;
  const { job } = await t.sys((db) =>
    db
      .update("notes")
      .set({ authorId: bob })
      .where({ author: { name: "ann" } })
      .inBackground(),
  );
  await finish(t, job, named);
  expectReads(t, named, 4, 3);
});

test("a relation filter whose keys outgrow what a step reads goes on row by row, and no row goes twice", async () => {
  const t = notesApp();
  await fill(t, 20);
  const authors = (count: number) =>
    t.mutate(async (ctx) => {
      for (let i = 0; i < count; i++) await ctx.db.insert("authors", { name: "ann" });
    });
  await authors(990);
  const { job } = await t.sys((db) =>
    db
      .update("notes")
      .set({ org: "moved" })
      .where({ author: { name: "ann" } })
      .inBackground(),
  );
  await steps(t, job, 2);
  await authors(50);
  await finish(t, job, named);
});

describe("under a policy", () => {
  const org = { for: "all", using: { org: session("org") } };
  const policed = () => notesApp({ session: () => ({ org: "own", roles: [] }) });

  test("its index is walked: other rows are not read", async () => {
    const t = policed();
    await fill(t);
    await t.mutate((ctx) => t.orm.policies.sync(ctx, { notes: { org } }));
    const { job } = await t.as((db) => db.delete("notes").all().inBackground());
    await finish(t, job, named);
    expectReads(t, named, 2);
    expect(await t.rows("notes")).toHaveLength(others);
  });

  test("the policies of each step hold: loosened, more rows go; tightened, fewer; and no row twice", async () => {
    const t = policed();
    await fill(t, 20);
    await t.mutate((ctx) =>
      t.orm.policies.sync(ctx, { notes: { low: { for: "all", using: { title: { startsWith: "a" }, n: { lt: 5 } } } } }),
    );
    const { job } = await t.as((db) => db.update("notes").set({ pinned: true }).all().inBackground());
    await steps(t, job, 1);
    await t.mutate((ctx) => t.orm.policies.sync(ctx, { notes: { org } }));
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: "succeeded", error: null });
    expect(new Set(await t.writes())).toEqual(new Set([1]));
    expect((await t.rows("notes")).filter((row) => row.pinned)).toHaveLength(named);

    const again = await t.as((db) => db.update("notes").set({ pinned: false }).all().inBackground());
    await steps(t, again.job, 1);
    await t.mutate((ctx) => t.orm.policies.sync(ctx, { notes: { org: { for: "all", using: { org: "nobody's" } } } }));
    await t.drain();
    expect(await t.job(again.job)).toMatchObject({ status: "succeeded", rowsDone: 10 });
  });
});

describe("rows created after the start", () => {
  test.each([
    ["in creation order", { OR: [{ status: "a" }, { status: "b" }] }],
    ["along an index", { title: { startsWith: "a" } }],
  ])("are left alone, %s", async (_name, where) => {
    const t = notesApp();
    await fill(t, 20);
    const { job } = await t.sys((db) => db.delete("notes").where(where).inBackground());
    await steps(t, job, 1);
    vi.setSystemTime(Date.now() + 5_000);
    const [some] = await t.rows("notes").then((rows) => rows.filter(own));
    const { _id, _creationTime, ...fields } = some;
    for (const title of ["a0", "a9"])
      await t.mutate((ctx) => ctx.db.insert("notes", { ...fields, title, org: "late" }));
    await finish(t, job, named);
    expect((await t.rows("notes")).filter((row) => row.org !== "z").map((row) => row.org)).toEqual(["late", "late"]);
  });

  test("those of the same transaction, and of the future by their own account, are not", async () => {
    const t = notesApp();
    await fill(t, 3);
    const ahead = await t.mutate(async (ctx) => {
      const now = Date.now();
      vi.setSystemTime(now + 60_000);
      const { _id, _creationTime, ...fields } = (await ctx.db.query("notes").first())!;
      const id = await ctx.db.insert("notes", { ...fields, org: "own", status: "a" });
      vi.setSystemTime(now);
      return id;
    });
    const job = await t.sys(async (db, ctx) => {
      const { _id, _creationTime, ...fields } = (await ctx.db.get(ahead as never))! as Row;
      await ctx.db.insert("notes", fields as never);
      return (await db.delete("notes").where({ org: "own" }).inBackground()).job;
    });
    await finish(t, job, named + 2);
  });
});
