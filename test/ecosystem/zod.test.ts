import { customCtx } from "convex-helpers/server/customFunctions";
import { zCustomMutation, zCustomQuery, zid } from "convex-helpers/server/zod4";
import { convexTest } from "convex-test";
import {
  componentsGeneric,
  defineSchema,
  defineTable,
  makeFunctionReference,
  mutationGeneric,
  queryGeneric,
} from "convex/server";
import type { DataModelFromSchemaDefinition, MutationBuilder, QueryBuilder } from "convex/server";
import { v } from "convex/values";
import type { GenericId } from "convex/values";
import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { defineRelations, Orm } from "../../src/client/index.js";
import type { ComponentApi } from "../../src/component/_generated/component.js";
import { register } from "../../src/test.js";

const schema = defineSchema({
  members: defineTable({ email: v.string(), name: v.string() }).index("by_email", ["email"]),
  notes: defineTable({ memberId: v.id("members"), text: v.string(), stars: v.number() }).index("by_member", [
    "memberId",
  ]),
});
type Data = DataModelFromSchemaDefinition<typeof schema>;
const query = queryGeneric as QueryBuilder<Data, "public">;
const mutation = mutationGeneric as MutationBuilder<Data, "public">;

const { orm: component } = componentsGeneric() as unknown as { orm: ComponentApi };
const orm = new Orm(component, {
  schema,
  relations: defineRelations(schema, (r) => ({
    members: { notes: r.many.notes({ to: "memberId" }) },
    notes: { member: r.one.members({ from: "memberId", onDelete: "cascade" }) },
  })),
  tables: { members: { unique: { email: ["email"] } } },
});

const zQuery = zCustomQuery(
  query,
  customCtx((ctx) => ({ orm: orm.with(ctx) })),
);
const zMutation = zCustomMutation(
  mutation,
  customCtx((ctx) => ({ orm: orm.with(ctx) })),
);

const join = zMutation({
  args: { email: z.email().toLowerCase(), name: z.string().trim().min(1) },
  handler: async (ctx, args) => {
    expectTypeOf(args).toEqualTypeOf<{ email: string; name: string }>();
    return await ctx.orm.insert("members").values(args);
  },
});
const write = zMutation({
  args: {
    memberId: zid<Data, "members">("members"),
    text: z.string().max(20),
    stars: z.int().min(1).max(5).default(3),
  },
  handler: async (ctx, args) => {
    expectTypeOf(args.memberId).toEqualTypeOf<GenericId<"members">>();
    return await ctx.orm.insert("notes").values(args);
  },
});
/** A filter that a client may name: spelt out by zod, so that neither limits nor other fields come with it. */
const starred = zQuery({
  args: { memberId: zid<Data, "members">("members"), atLeast: z.number().min(1).max(5) },
  returns: z.array(z.object({ text: z.string(), member: z.object({ name: z.string() }).nullable() })),
  handler: async (ctx, { memberId, atLeast }) =>
    await ctx.orm.query.notes.findMany({
      where: { memberId, stars: { gte: atLeast } },
      columns: { text: true },
      with: { member: { columns: { name: true } } },
    }),
});

const modules = {
  "./convex/_generated/api.ts": () => Promise.resolve({}),
  "./convex/orm.ts": () => Promise.resolve(orm.functions()),
  "./convex/app.ts": () => Promise.resolve({ join, write, starred }),
};
const call = {
  join: makeFunctionReference<"mutation">("app:join"),
  write: makeFunctionReference<"mutation">("app:write"),
  starred: makeFunctionReference<"query">("app:starred"),
};

function start() {
  const t = convexTest({ schema, modules, transactionLimits: true });
  register(t as never);
  return t;
}

test("what zod made of the arguments is what ctx.orm writes: normalized, trimmed, defaulted", async () => {
  const t = start();
  const id: string = await t.mutation(call.join, { email: "Ada@Example.com", name: "  Ada " });
  await t.mutation(call.write, { memberId: id, text: "three stars" });
  await t.mutation(call.write, { memberId: id, text: "five", stars: 5 });
  expect(await t.run((ctx) => ctx.db.query("members").collect())).toMatchObject([
    { email: "ada@example.com", name: "Ada" },
  ]);
  expect(await t.query(call.starred, { memberId: id, atLeast: 4 })).toEqual([
    { text: "five", member: { name: "Ada" } },
  ]);
  expect(await t.query(call.starred, { memberId: id, atLeast: 3 })).toHaveLength(2);
});

test("zod refuses first, then the id's validator, then the ORM's constraints; nothing is written", async () => {
  const t = start();
  const id: string = await t.mutation(call.join, { email: "ada@example.com", name: "Ada" });
  await expect(t.mutation(call.join, { email: "no address", name: "x" })).rejects.toThrow(/ZodError/);
  await expect(t.mutation(call.write, { memberId: id, text: "x".repeat(21) })).rejects.toThrow(/ZodError/);
  const note: string = await t.mutation(call.write, { memberId: id, text: "x" });
  await expect(t.mutation(call.write, { memberId: note, text: "an id of another table" })).rejects.toThrow(
    /Validator error/,
  );
  await expect(t.mutation(call.join, { email: "ADA@example.com", name: "again" })).rejects.toMatchObject({
    data: { code: "UNIQUE_VIOLATION", unique: "email" },
  });
  expect(await t.run(async (ctx) => (await ctx.db.query("members").collect()).length)).toBe(1);
  expect(await t.run(async (ctx) => (await ctx.db.query("notes").collect()).length)).toBe(1);
});
