import { customCtx, customMutation, customQuery } from "convex-helpers/server/customFunctions";
import { Triggers } from "convex-helpers/server/triggers";
import { convexTest } from "convex-test";
import {
  componentsGeneric,
  defineSchema,
  defineTable,
  makeFunctionReference,
  mutationGeneric,
  queryGeneric,
} from "convex/server";
import type { DataModelFromSchemaDefinition, GenericMutationCtx, MutationBuilder, QueryBuilder } from "convex/server";
import { v } from "convex/values";
import { expect, test, vi } from "vitest";
import { defineRelations, Orm } from "../../src/client/index.js";
import type { ComponentApi } from "../../src/component/_generated/component.js";
import { register } from "../../src/test.js";

const schema = defineSchema({
  authors: defineTable({ name: v.string() }),
  books: defineTable({ authorId: v.id("authors"), title: v.string() }).index("by_author", ["authorId"]),
  log: defineTable({ table: v.string(), operation: v.string() }),
});
type Data = DataModelFromSchemaDefinition<typeof schema>;
type Ctx = GenericMutationCtx<Data>;
const query = queryGeneric as QueryBuilder<Data, "public">;
const mutation = mutationGeneric as MutationBuilder<Data, "public">;

const triggers = new Triggers<Data>();
for (const table of ["authors", "books"] as const) {
  triggers.register(
    table,
    async (ctx, change) => void (await ctx.db.insert("log", { table, operation: change.operation })),
  );
}

const { orm: component } = componentsGeneric() as unknown as { orm: ComponentApi };
const orm = new Orm(component, {
  schema,
  relations: defineRelations(schema, (r) => ({
    authors: { books: r.many.books({ to: "authorId" }) },
    books: { author: r.one.authors({ from: "authorId", onDelete: "cascade" }) },
  })),
  limits: { inlineRows: 5 },
});
const functions = orm.functions({ wrap: (ctx) => triggers.wrapDB(ctx as unknown as Ctx) as never });

const readers = customQuery(
  query,
  customCtx((ctx) => ({ orm: orm.with(ctx) })),
);
const writers = customMutation(
  mutation,
  customCtx((ctx) => {
    const wrapped = triggers.wrapDB(ctx);
    return { ...wrapped, orm: orm.with(wrapped) };
  }),
);

const publish = writers({
  args: { name: v.string(), books: v.number() },
  handler: async (ctx, { name, books }) => {
    const authorId = await ctx.orm.insert("authors").values({ name });
    await ctx.orm.insert("books").values(Array.from({ length: books }, (_, i) => ({ authorId, title: `book ${i}` })));
    return authorId;
  },
});
const remove = writers({
  args: { id: v.id("authors") },
  handler: async (ctx, { id }) => await ctx.orm.delete("authors").where({ _id: id }),
});
const list = readers({
  args: {},
  handler: async (ctx) => await ctx.orm.query.authors.findMany({ limit: 10, with: { books: true } }),
});

const modules = {
  "./convex/_generated/api.ts": () => Promise.resolve({}),
  "./convex/orm.ts": () => Promise.resolve(functions),
  "./convex/app.ts": () => Promise.resolve({ publish, remove, list }),
};

test("customQuery and customMutation carry ctx.orm; triggers fire for its writes, a cascade's steps included", async () => {
  vi.useFakeTimers();
  try {
    const t = convexTest({ schema, modules, transactionLimits: true });
    register(t as never);
    const id: string = await t.mutation(makeFunctionReference<"mutation">("app:publish"), { name: "Ada", books: 12 });
    expect(await t.query(makeFunctionReference<"query">("app:list"), {})).toMatchObject([
      { name: "Ada", books: Array.from({ length: 12 }, () => ({ authorId: id })) },
    ]);
    const counts = async () => {
      const rows = await t.run((ctx) => ctx.db.query("log").collect());
      const of = (table: string, operation: string) =>
        rows.filter((row) => row.table === table && row.operation === operation).length;
      return {
        inserted: of("books", "insert") + of("authors", "insert"),
        authors: of("authors", "delete"),
        books: of("books", "delete"),
      };
    };
    expect(await counts()).toEqual({ inserted: 13, authors: 0, books: 0 });
    const { job } = (await t.mutation(makeFunctionReference<"mutation">("app:remove"), { id })) as {
      job: string | null;
    };
    expect(job).not.toBeNull();
    await t.finishAllScheduledFunctions(vi.runAllTimers, 1_000);
    expect(await counts()).toEqual({ inserted: 13, authors: 1, books: 12 });
    expect(await t.run((ctx) => ctx.db.query("books").collect())).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});
