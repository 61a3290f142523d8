import { convexTest } from "convex-test";
import { componentsGeneric, defineSchema } from "convex/server";
import { describe, expect, it } from "vitest";
import type { ComponentApi } from "./_generated/component.js";
import { register } from "../test.js";

const modules = { "./_generated/api.js": async () => ({}) };
const components = componentsGeneric() as unknown as Record<"orm" | "other", ComponentApi<"orm">>;

describe("register", () => {
  it("mounts the component in a host, at its name or another, each with its own tables", async () => {
    const t = convexTest({ schema: defineSchema({}), modules, transactionLimits: true });
    register(t);
    register(t, "other");
    await t.mutation(async (ctx) => {
      await ctx.runMutation(components.orm.policies.protect, { table: "posts" });
    });
    const tablesOf = (name: "orm" | "other") =>
      t.query(async (ctx) => (await ctx.runQuery(components[name].policies.snapshot, {})).tables.map((p) => p.table));
    expect(await tablesOf("orm")).toEqual(["posts"]);
    expect(await tablesOf("other")).toEqual([]);
  });

  it("gives a host's function the snapshot for one document a protected table", async () => {
    const t = convexTest({ schema: defineSchema({}), modules, transactionLimits: true });
    register(t);
    const spec = { posts: { all: { for: "all" } }, users: {}, teams: {} };
    await t.mutation(components.orm.policies.sync, { spec });
    const used = await t.query(async (ctx) => {
      await ctx.runQuery(components.orm.policies.snapshot, {});
      return (await ctx.meta.getTransactionMetrics()).documentsRead.used;
    });
    expect(used).toBe(3);
  });
});
