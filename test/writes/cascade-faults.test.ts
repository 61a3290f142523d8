/**
 * A fault at every step of a cascade's job, in all four ways, and a cancel between any two steps: the tables end as an
 * uninterrupted run leaves them, and every row is written once.
 */
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { defineRelations } from "../../src/client/index.js";
import { makeApp } from "../support/app.js";
import { mountMortal, runSteps } from "../support/driver.js";

beforeEach(() => {
  vi.useFakeTimers();
  // convex-test reports every scheduled function that throws.
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const schema = defineSchema({
  teams: defineTable({ name: v.string() }),
  users: defineTable({ teamId: v.id("teams"), handle: v.string() })
    .index("by_team", ["teamId"])
    .index("by_handle", ["handle"]),
  posts: defineTable({ by: v.string(), n: v.number() }).index("by_by", ["by"]),
  likes: defineTable({ postId: v.id("posts"), userId: v.optional(v.id("users")) })
    .index("by_post", ["postId"])
    .index("by_user", ["userId"]),
  notes: defineTable({ userId: v.optional(v.id("users")), role: v.union(v.string(), v.null()) })
    .index("by_user", ["userId"])
    .index("by_role", ["role"]),
  log: defineTable({ id: v.string() }),
});

const relations = defineRelations(schema, (r) => ({
  users: { team: r.one.teams({ from: "teamId", onDelete: "cascade" }) },
  posts: { author: r.one.users({ from: "by", to: "handle", onDelete: "cascade", onUpdate: "cascade" }) },
  likes: {
    post: r.one.posts({ from: "postId", onDelete: "cascade" }),
    user: r.one.users({ from: "userId", onDelete: "set null" }),
  },
  notes: {
    user: r.one.users({ from: "userId", onDelete: "set null" }),
    holder: r.one.users({ from: "role", to: "handle", onDelete: "set default" }),
  },
}));

interface Faults {
  /** Before the worker's kth call, or after its work in the same transaction. */
  readonly before?: (call: number) => void;
  readonly after?: (call: number) => void;
  /** The kth scheduled step, as a transaction. */
  readonly dies?: (step: number) => boolean;
}

/** A team of 4 users, with 12 posts, 24 likes and 8 notes, no row reached two ways; and another whose user stays. */
async function begin({ before, after, dies = () => false }: Faults = {}) {
  const wrap = (ctx: any): any => {
    const log = async (id: string) => void (await ctx.db.insert("log", { id }));
    const db = Object.create(ctx.db as object);
    db.delete = async (...args: any[]) => (await ctx.db.delete(...args), await log(args.at(-1)));
    db.patch = async (...args: any[]) => (await ctx.db.patch(...args), await log(args.at(-2)));
    return { ...ctx, db };
  };
  let calls = 0;
  const t = makeApp({
    schema,
    relations,
    tables: { users: { unique: { handle: ["handle"] } }, notes: { defaults: { role: "stays" } } },
    limits: { inlineRows: 2 },
    functions: { stepRows: 6, retry: { attempts: 2, initialBackoffMs: 100, base: 2 }, wrap },
    beforeStep: () => before?.(++calls),
    unmounted: true,
  });
  let done = 0;
  t.onStep(() => after?.(++done));
  mountMortal(t.t, dies);
  const team = await t.sys(async (db) => {
    const [goes, stays] = await db.insert("teams").values([{ name: "goes" }, { name: "stays" }]);
    const stayer = await db.insert("users").values({ teamId: stays, handle: "stays" });
    await db.insert("posts").values({ by: "stays", n: 0 });
    for (let i = 0; i < 4; i++) {
      const userId = await db.insert("users").values({ teamId: goes, handle: `u${i}` });
      const posts: string[] = await db.insert("posts").values([0, 1, 2].map((n) => ({ by: `u${i}`, n })));
      await db.insert("likes").values(posts.flatMap((postId) => [{ postId, userId: stayer }, { postId }]));
      await db.insert("notes").values([
        { userId, role: null },
        { userId: stayer, role: `u${i}` },
      ]);
    }
    await db.insert("likes").values({ postId: (await db.query["posts"]!.findMany({ where: { by: "stays" } }))[0]._id });
    return goes;
  });
  const { job } = await t.sys((db) => db.delete("teams").where({ _id: team }));
  return { t, job: job as string, calls: () => calls };
}
type Run = Awaited<ReturnType<typeof begin>>;

/** All tables without what differs from run to run. */
async function tables({ t }: Run) {
  const [teams, users, posts, likes, notes] = await Promise.all(
    ["teams", "users", "posts", "likes", "notes"].map((name) => t.rows(name)),
  );
  const bare = notes!.map(({ userId, role }) => ({ hasUser: userId !== undefined, role }));
  return {
    teams: teams!.length,
    users: users!.map((user) => user.handle),
    posts: posts!.length,
    likes: likes!.length,
    notes: bare,
  };
}

let known: { steps: number; rowsDone: number; tables: object } | null = null;
/** What an uninterrupted run makes of the tables, in how many steps. */
async function whole() {
  if (known !== null) return known;
  const run = await begin();
  const seen: number[] = [];
  for (let last = -1; last !== seen.length;) {
    last = seen.length;
    const { rowsDone, status } = (await run.t.job(run.job))!;
    seen.push(rowsDone);
    if (status === "succeeded") break;
    await runSteps(run.t, run.job, 1);
  }
  expect(seen).toEqual([...seen].sort((x, y) => x - y));
  const { steps, rowsDone, status } = (await run.t.job(run.job))!;
  expect(status).toBe("succeeded");
  return (known = { steps, rowsDone, tables: await tables(run) });
}

async function expectWhole(run: Run): Promise<void> {
  const { rowsDone, tables: wanted } = await whole();
  expect(await run.t.job(run.job)).toMatchObject({
    status: "succeeded",
    rowsDone,
    frontier: 0,
    attempts: 0,
    error: null,
  });
  expect(await tables(run)).toEqual(wanted);
}

/** The job has written each row that it wrote once. */
async function expectOnce({ t }: Run): Promise<void> {
  const ids = (await t.rows("log")).map(({ id }) => id);
  expect(ids).toHaveLength(new Set(ids).size);
}

const strike = (at: number) => (call: number) => {
  if (call === at) throw new Error("struck");
};

test("uninterrupted: many steps, progress monotone, and what references nothing that goes stays", async () => {
  const { steps, rowsDone, tables: made } = await whole();
  expect(steps).toBeGreaterThan(7);
  expect(rowsDone).toBe(1 + 4 + 12 + 24 + 8);
  expect(made).toMatchObject({ teams: 1, users: ["stays"], posts: 1, likes: 1 });
  const note = { let: { hasUser: false, role: null }, turned: { hasUser: true, role: "stays" } };
  expect((made as { notes: object[] }).notes).toEqual(Array.from({ length: 4 }, () => [note.let, note.turned]).flat());
});

describe("a fault at every step in turn", () => {
  const ways: Record<string, (k: number) => Promise<Run>> = {
    "the worker throws before its work": async (k) => await begin({ before: strike(k) }),
    "the step throws after the work": async (k) => await begin({ after: strike(k) }),
    "the step's transaction dies whole, and only the watchdog is left": async (k) =>
      await begin({ dies: (step) => step === k }),
    "the handle is gone for a while": async (k) => {
      const run = await begin();
      await runSteps(run.t, run.job, k - 1);
      run.t.withdrawWorker(true);
      await runSteps(run.t, run.job, Infinity, true);
      expect(await run.t.job(run.job)).toMatchObject({ attempts: 1, steps: k - 1 });
      run.t.withdrawWorker(false);
      return run;
    },
  };
  test.each(Object.entries(ways))(
    "%s",
    async (_name, start) => {
      const { steps } = await whole();
      for (let k = 1; k <= steps; k++) {
        const run = await start(k);
        await runSteps(run.t, run.job);
        await expectWhole(run);
        await expectOnce(run);
      }
    },
    120_000,
  );
});

test("a worker that always fails from step k on parks the job with its error, and retry finishes it", async () => {
  const { steps } = await whole();
  for (let k = 1; k <= steps; k++) {
    let isBroken = true;
    const run = await begin({ before: (call) => void (isBroken && strike(Math.max(k, call))(call)) });
    await runSteps(run.t, run.job);
    expect(await run.t.job(run.job)).toMatchObject({ status: "failed", error: "struck", attempts: 2, steps: k - 1 });
    isBroken = false;
    await run.t.mutate((ctx) => run.t.orm.jobs.retry(ctx, run.job));
    await runSteps(run.t, run.job);
    await expectWhole(run);
  }
}, 120_000);

test("cancelled between any two steps: rows are whole, what remains is said, and retry goes on", async () => {
  const { steps } = await whole();
  for (let k = 0; k < steps; k++) {
    const run = await begin();
    await runSteps(run.t, run.job, k);
    await run.t.mutate((ctx) => run.t.orm.jobs.cancel(ctx, run.job));
    const state = (await run.t.job(run.job))!;
    expect(state).toMatchObject({ status: "cancelled", steps: k });
    expect(state.frontier).toBeGreaterThan(0);
    const stopped = await tables(run);
    await run.t.drain();
    expect(await tables(run)).toEqual(stopped);
    await run.t.mutate((ctx) => run.t.orm.jobs.retry(ctx, run.job));
    await runSteps(run.t, run.job);
    await expectWhole(run);
  }
}, 120_000);
