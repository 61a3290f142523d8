/** A tree of five tables for the tests of jobs, and what a run of it leaves. */
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { defineRelations } from "../../src/client/index.js";
import { makeApp, type AppOptions } from "../support/app.js";

export const schema = defineSchema({
  roots: defineTable({ name: v.string() }).index("by_name", ["name"]),
  a: defineTable({ rootId: v.id("roots"), n: v.number(), pad: v.optional(v.string()) }).index("by_root", ["rootId"]),
  b: defineTable({ aId: v.id("a"), n: v.number() }).index("by_a", ["aId"]),
  c: defineTable({ bId: v.id("b") }).index("by_b", ["bId"]),
  d: defineTable({ cId: v.id("c") }).index("by_c", ["cId"]),
  loose: defineTable({ rootId: v.optional(v.id("roots")), n: v.number() })
    .index("by_root", ["rootId"])
    .index("by_n", ["n"]),
});

export const relations = defineRelations(schema, (r) => ({
  a: { root: r.one.roots({ from: "rootId", onDelete: "cascade" }) },
  b: { a: r.one.a({ from: "aId", onDelete: "cascade" }) },
  c: { b: r.one.b({ from: "bId", onDelete: "cascade" }) },
  d: { c: r.one.c({ from: "cId", onDelete: "cascade" }) },
  loose: { root: r.one.roots({ from: "rootId", onDelete: "set null" }) },
}));

export const treeApp = (more: Partial<AppOptions> = {}) => makeApp({ schema, relations, ...more });
export type TreeApp = ReturnType<typeof treeApp>;

const tables = ["a", "b", "c", "d"];
const fields = ["rootId", "aId", "bId", "cId"];
/** Rows that one mutation of the test inserts: below the platform's own bound. */
const portion = 4_000;

/** Grows a root with `fan[0]` rows below it, `fan[1]` below each of those, and so on; returns its id. */
export async function tree(t: TreeApp, fan: readonly number[], name = "r"): Promise<string> {
  const root: string = await t.mutate((ctx) => ctx.db.insert("roots", { name }));
  let level = [root];
  for (const [depth, count] of fan.entries()) {
    const wanted = level.flatMap((parent) => Array.from({ length: count }, (_, n) => ({ parent, n })));
    level = [];
    for (let at = 0; at < wanted.length; at += portion) {
      const ids: string[] = await t.mutate((ctx) =>
        Promise.all(
          wanted.slice(at, at + portion).map(({ parent, n }) => {
            const row = { [fields[depth]!]: parent, ...(depth < 2 ? { n } : {}) };
            return ctx.db.insert(tables[depth]!, row as never);
          }),
        ),
      );
      level.push(...ids);
    }
  }
  return root;
}

/** How many rows each table still holds. */
export async function left(t: TreeApp): Promise<Record<string, number>> {
  const counts = await Promise.all(
    ["roots", ...tables].map(async (name) => [name, (await t.rows(name)).length] as const),
  );
  return Object.fromEntries(counts);
}
