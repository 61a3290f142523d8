/**
 * Faults at every step of a background statement's walk, whichever way it goes: it ends in the tables of an
 * uninterrupted run, each row written once.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { mountMortal } from "../support/driver.js";
import { fill, named, notesApp, steps, type NotesApp } from "./notes.js";

beforeEach(() => {
  vi.useFakeTimers();
  // convex-test reports every scheduled function that throws.
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Start = (db: any) => PromiseLike<{ job: string }>;
const walks: Record<string, Start> = {
  "ranges merged in creation order": (db) =>
    db
      .update("notes")
      .set({ pinned: true })
      .where({ OR: [{ org: "own", status: "b" }, { pinned: true }] })
      .inBackground(),
  "ranges one after another": (db) =>
    db
      .delete("notes")
      .where({ OR: [{ title: { startsWith: "a" } }, { n: { lt: 5 } }] })
      .inBackground(),
  "a relation filter's keys": (db) =>
    db
      .update("notes")
      .set({ seenAt: 7 })
      .where({ author: { name: "ann" } })
      .inBackground(),
  "rows listed first": (db) =>
    db
      .update("notes")
      .set({ n: 900 })
      .where({ n: { lt: 950 } })
      .inBackground(),
};

/** Of the last so few that listing takes several steps too. */
const stepRows = (start: Start): number => (start === walks["rows listed first"] ? 2 : 10);

/** Every step of a short run; of a long one the first ones and every fourth. */
const places = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => i + 1).filter((k) => k <= 6 || k % 4 === 0);

interface Faults {
  /** Before the worker's kth call. */
  readonly before?: (call: number) => void;
  /** Before the kth write of a job. */
  readonly write?: (write: number) => void;
  /** The kth scheduled step, as a transaction. */
  readonly dies?: (step: number) => boolean;
}

async function begin(start: Start, { before, write, dies }: Faults = {}): Promise<{ t: NotesApp; job: string }> {
  let [calls, writes] = [0, 0];
  const t = notesApp({
    functions: { stepRows: stepRows(start), retry: { attempts: 2, initialBackoffMs: 100, base: 2 } },
    beforeStep: () => before?.(++calls),
    beforeWrite: () => write?.(++writes),
    unmounted: true,
  });
  mountMortal(t.t, (step) => dies?.(step) === true);
  await fill(t, 20);
  const { job } = await t.sys((db) => start(db) as Promise<{ job: string }>);
  return { t, job };
}

const tables = async (t: NotesApp): Promise<object[]> =>
  (await t.rows("notes")).map(({ title, status, n, pinned, seenAt }) => ({ title, status, n, pinned, seenAt }));

const counts = new Map<string, { steps: number; calls: number; rows: number; tables: object[] }>();
/** What the uninterrupted run makes of the tables, in how many steps. */
async function whole(name: string) {
  const known = counts.get(name);
  if (known !== undefined) return known;
  let calls = 0;
  const { t, job } = await begin(walks[name]!, { before: () => void calls++ });
  await steps(t, job);
  const state = (await t.job(job))!;
  expect(state).toMatchObject({ status: "succeeded", frontier: 0 });
  const rows = (await t.writes()).length;
  expect(await t.writes()).toEqual(Array(rows).fill(1));
  expect(state.rowsDone).toBe(rows);
  const made = { steps: state.steps, calls, rows, tables: await tables(t) };
  counts.set(name, made);
  return made;
}

async function expectWhole(name: string, { t, job }: { t: NotesApp; job: string }): Promise<void> {
  const { rows, tables: wanted } = await whole(name);
  expect(await t.job(job)).toMatchObject({
    status: "succeeded",
    rowsDone: rows,
    frontier: 0,
    attempts: 0,
    error: null,
  });
  expect(await t.writes()).toEqual(Array(rows).fill(1));
  expect(await tables(t)).toEqual(wanted);
}

describe.each(Object.keys(walks))("%s", (name) => {
  const start = walks[name]!;

  test("takes several steps, and every row once", async () => {
    const { steps: made, rows } = await whole(name);
    expect(made).toBeGreaterThan(3);
    expect(rows).toBeGreaterThanOrEqual(named / 2);
  });

  test("the worker throws at step k", async () => {
    const { calls } = await whole(name);
    for (const k of places(calls)) {
      const run = await begin(start, {
        before: (call) => {
          if (call === k) throw new Error("struck");
        },
      });
      await steps(run.t, run.job);
      await expectWhole(name, run);
    }
  }, 60_000);

  test("a step throws amid its writes, and all of it is taken back", async () => {
    const { rows } = await whole(name);
    for (let k = 3; k <= rows; k += 7) {
      const run = await begin(start, {
        write: (nth) => {
          if (nth === k) throw new Error("struck");
        },
      });
      await steps(run.t, run.job);
      await expectWhole(name, run);
    }
  }, 60_000);

  test("the step's transaction dies whole, and the watchdog restarts it", async () => {
    const { steps: made } = await whole(name);
    for (const k of places(made)) {
      const run = await begin(start, { dies: (step) => step === k });
      await steps(run.t, run.job);
      await expectWhole(name, run);
    }
  }, 60_000);

  test("cancelled after step k, or parked, and resumed", async () => {
    const { steps: made } = await whole(name);
    for (const k of [0, ...places(made - 1)]) {
      const cancelled = await begin(start);
      await steps(cancelled.t, cancelled.job, k);
      await cancelled.t.mutate((ctx) => cancelled.t.orm.jobs.cancel(ctx, cancelled.job));
      const { rowsDone } = (await cancelled.t.job(cancelled.job))!;
      await cancelled.t.drain();
      expect((await cancelled.t.writes()).length).toBe(rowsDone);
      await cancelled.t.mutate((ctx) => cancelled.t.orm.jobs.retry(ctx, cancelled.job));
      await steps(cancelled.t, cancelled.job);
      await expectWhole(name, cancelled);

      let broken = true;
      const parked = await begin(start, {
        before: (call) => {
          if (broken && call > k) throw new Error("struck");
        },
      });
      await steps(parked.t, parked.job);
      expect(await parked.t.job(parked.job)).toMatchObject({ status: "failed", error: "struck", steps: k });
      broken = false;
      await parked.t.mutate((ctx) => parked.t.orm.jobs.retry(ctx, parked.job));
      await steps(parked.t, parked.job);
      await expectWhole(name, parked);
    }
  }, 120_000);
});
