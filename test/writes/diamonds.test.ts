/**
 * Rows that a statement reaches by two ways: what it deletes is deleted as it stood, whichever way comes first, and
 * restricts nothing.
 */
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { defineRelations } from "../../src/client/index.js";
import { codeOf, makeApp, type AppOptions } from "../support/app.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const schema = defineSchema({
  tops: defineTable({ k: v.number() }).index("by_k", ["k"]),
  rows: defineTable({
    k: v.optional(v.number()),
    topId: v.optional(v.id("tops")),
    parent: v.optional(v.number()),
    guard: v.optional(v.number()),
  })
    .index("by_k", ["k"])
    .index("by_top", ["topId"])
    .index("by_parent", ["parent"])
    .index("by_guard", ["guard"]),
});

/** `rows.k` is a reference and a key: emptied when its top goes, and referenced by `parent` and `guard`. */
const relations = defineRelations(schema, (r) => ({
  rows: {
    key: r.one.tops({ from: "k", to: "k", onDelete: "set null" }),
    top: r.one.tops({ from: "topId", onDelete: "cascade" }),
    up: r.one.rows({ from: "parent", to: "k", onDelete: "cascade", onUpdate: "set null" }),
    held: r.one.rows({ from: "guard", to: "k", onDelete: "cascade", onUpdate: "restrict" }),
  },
}));

const app = (more: Partial<AppOptions> = {}) =>
  makeApp({ schema, relations, tables: { tops: { unique: { k: ["k"] } }, rows: { unique: { k: ["k"] } } }, ...more });

/** Tops 0, 1 and 2; the row 0 hangs by its key from top 0, and by its id from top 1; `guards` reference the row 0. */
async function grow(t: ReturnType<typeof app>, guards: (tops: string[]) => Record<string, unknown>[]): Promise<void> {
  await t.sys(async (db) => {
    const tops: string[] = await db.insert("tops").values([{ k: 0 }, { k: 1 }, { k: 2 }]);
    await db.insert("rows").values({ k: 0, topId: tops[1] });
    await db.insert("rows").values(guards(tops));
  });
}
const both = { k: { in: [0, 1] } };
const modes = [
  ["inline", {}, false],
  ["handed over", { limits: { inlineRows: 0 }, functions: { stepRows: 1 } }, false],
  ["in the background", { functions: { stepRows: 1, retry: { attempts: 2 } } }, true],
] as const;

describe.each(modes)("%s", (_name, options, inBackground) => {
  async function remove(t: ReturnType<typeof app>, where: Record<string, unknown>): Promise<void> {
    const { job } = await t.sys((db) =>
      inBackground ? db.delete("tops").where(where).inBackground() : db.delete("tops").where(where),
    );
    if (job === null) return;
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: "succeeded", error: null });
  }

  test("a row that goes takes the rows along that reference its key, though another way would empty that key", async () => {
    const t = app(options);
    await grow(t, () => [{ guard: 0 }]);
    await remove(t, both);
    expect(await t.rows("rows")).toEqual([]);
  });

  test("the same where the restricting row is reached by a third way too", async () => {
    const t = app(options);
    await grow(t, ([first]) => [
      { k: 1, parent: 0, guard: 0 },
      { parent: 1, guard: 0 },
      { topId: first, parent: 0, guard: 0 },
    ]);
    await remove(t, both);
    expect(await t.rows("rows")).toEqual([]);
  });

  test("a row that stays refuses, and nothing is written", async () => {
    const t = app(options);
    await grow(t, () => [{ guard: 0 }]);
    await t.sys(async (db) => {
      const statement = () => db.delete("tops").where({ k: 0 });
      expect(await codeOf(() => (inBackground ? statement().inBackground() : statement()))).toBe("RESTRICT_VIOLATION");
    });
    expect([(await t.rows("tops")).length, (await t.rows("rows")).length]).toEqual([3, 2]);
  });

  test("without a row that refuses, an emptied key lets go of its rows", async () => {
    const t = app(options);
    await grow(t, () => [{ parent: 0 }]);
    await remove(t, { k: 0 });
    expect((await t.rows("rows")).map(({ k, parent }) => ({ k, parent }))).toEqual([{}, {}]);
  });
});
