/** Many rows of which a background statement names few, and an app that counts what is written of each. */
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { vi } from "vitest";
import { defineRelations } from "../../src/client/index.js";
import { makeApp, type AppOptions, type Spent } from "../support/app.js";

export const schema = defineSchema({
  authors: defineTable({ name: v.string() }).index("by_name", ["name"]),
  /** A row for each time that a job wrote a note, taken back with the write. */
  log: defineTable({ note: v.string() }),
  notes: defineTable({
    title: v.string(),
    status: v.string(),
    n: v.number(),
    pinned: v.boolean(),
    org: v.string(),
    authorId: v.id("authors"),
    touched: v.optional(v.number()),
    seenAt: v.optional(v.number()),
  })
    .index("by_title", ["title"])
    .index("by_status_n", ["status", "n"])
    .index("by_n", ["n"])
    .index("by_pinned", ["pinned"])
    .index("by_org", ["org"])
    .index("by_author", ["authorId"])
    .index("by_seen", ["seenAt"]),
});

export const relations = defineRelations(schema, (r) => ({
  authors: { notes: r.many.notes({ to: "authorId" }) },
  notes: { author: r.one.authors({ from: "authorId" }) },
}));

/** Rows that no statement of the tests names. */
export const others = 1_500;
/** Rows that they name, some or all of. */
export const named = 40;

let clock = 1_000;

interface NotesOptions extends Partial<AppOptions> {
  /** Called before each write of a job. */
  readonly beforeWrite?: () => void;
}

export function notesApp({ functions, beforeWrite, ...more }: NotesOptions = {}) {
  const wrap = (ctx: any): any => {
    const db = Object.create(ctx.db as object) as any;
    const logged =
      (method: "patch" | "delete", at: number) =>
      async (...args: any[]) => {
        beforeWrite?.();
        await ctx.db[method](...args);
        await ctx.db.insert("log", { note: args.at(at) });
      };
    Object.assign(db, { patch: logged("patch", -2), delete: logged("delete", -1) });
    return { ...ctx, db };
  };
  const tables = { notes: { onUpdate: { touched: () => clock++ }, unique: {} } };
  const t = makeApp({ schema, relations, tables, functions: { stepRows: 10, wrap, ...functions }, ...more });
  const steps: Spent[] = [];
  t.onStep((spent) => void steps.push(spent));
  return {
    ...t,
    /** How often jobs wrote each note that they wrote. */
    writes: async (): Promise<number[]> => {
      const times = new Map<string, number>();
      for (const { note } of await t.rows("log")) times.set(note, (times.get(note) ?? 0) + 1);
      return [...times.values()];
    },
    /** What each step so far cost. */
    steps,
    read: (): number => steps.reduce((sum, step) => sum + step.documentsRead, 0),
  };
}
export type NotesApp = ReturnType<typeof notesApp>;

/** Fills the tables: of the named rows every second is pinned, every fourth has the status "a", the rest "b". */
export async function fill(t: NotesApp, rest = others): Promise<void> {
  const author = (name: string): Promise<string> => t.mutate((ctx) => ctx.db.insert("authors", { name }));
  const [ann, bob] = [await author("ann"), await author("bob")];
  await t.mutate(async (ctx) => {
    const other = (i: number) => ({
      title: `z${i}`,
      status: "z",
      n: 1_000 + i,
      pinned: false,
      org: "z",
      authorId: bob,
      seenAt: 9_000 + i,
    });
    for (let i = 0; i < rest; i++) await ctx.db.insert("notes", other(i));
    for (let i = 0; i < named; i++) {
      await ctx.db.insert("notes", {
        title: `a${i % 7}`,
        status: i % 4 === 0 ? "a" : "b",
        n: i % 10,
        pinned: i % 2 === 0,
        org: "own",
        authorId: ann,
        seenAt: i,
      });
    }
  });
}

/** Runs scheduled functions until the job has made `count` steps more, or is at its end. */
export async function steps(t: NotesApp, job: string, count = 1_000): Promise<void> {
  const state = async () => (await t.job(job))!;
  const from = (await state()).steps;
  for (let turn = 0; turn < 2_000; turn++) {
    const now = await state();
    if (now.steps >= from + count || !["pending", "running"].includes(now.status)) return;
    vi.advanceTimersToNextTimer();
    await t.t.finishInProgressScheduledFunctions();
  }
  throw new Error("the job never ended");
}
