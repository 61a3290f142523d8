import { convexTest } from "convex-test";
import { defineSchema, defineTable } from "convex/server";
import type { DataModelFromSchemaDefinition, GenericMutationCtx, GenericQueryCtx } from "convex/server";
import { v } from "convex/values";
import { componentsGeneric } from "convex/server";
import { Orm, defineRelations } from "convex-orm";
import type { OrmErrorCode } from "convex-orm";

const fields = {
  authorId: v.id("authors"),
  status: v.string(),
  lang: v.string(),
  title: v.string(),
  rank: v.number(),
  score: v.number(),
  pinned: v.boolean(),
  likes: v.optional(v.union(v.number(), v.null())),
};
const table = () => defineTable(fields);

/** `posts` with every index that the shapes want, `bare` with none: what the advisor starts from. */
export const schema = defineSchema({
  authors: defineTable({ name: v.string() }).index("by_name", ["name"]),
  posts: table()
    .index("by_author", ["authorId"])
    .index("by_status_and_rank", ["status", "rank"])
    .index("by_lang_and_rank", ["lang", "rank"])
    .index("by_status_and_title", ["status", "title"])
    .index("by_score_and_title", ["score", "title"])
    .index("by_score", ["score"])
    .index("by_rank", ["rank"])
    .index("by_title", ["title"])
    .index("by_lang", ["lang"])
    .index("by_likes", ["likes"]),
  bare: table(),
});

const relations = defineRelations(schema, (r) => ({
  posts: { author: r.one.authors({ from: "authorId" }) },
  authors: { posts: r.many.posts({ to: "authorId" }) },
}));

export const components = componentsGeneric() as unknown as { readonly orm: ConstructorParameters<typeof Orm>[0] };
export const orm = new Orm(components.orm, { schema, relations, rls: false });

type DataModel = DataModelFromSchemaDefinition<typeof schema>;
export type Ctx = GenericQueryCtx<DataModel>;

export const rowsInTable = 2_000;

export interface Measured<T> {
  readonly value: T;
  readonly documents: number;
  readonly queries: number;
}

/** 2,000 rows in each table: 20 statuses, 50 languages, distinct ranks in a scrambled order, 10 authors. */
export async function store(rowsInEach = rowsInTable) {
  const t = convexTest({ schema, modules: { "./_generated/api.ts": async () => ({}) }, transactionLimits: true });
  await t.run(async (ctx: GenericMutationCtx<DataModel>) => {
    const authors = [];
    for (let i = 0; i < 10; i++) authors.push(await ctx.db.insert("authors", { name: `author ${i}` }));
    for (let i = 0; i < rowsInEach; i++) {
      const row = {
        authorId: authors[i % 10]!,
        status: `s${i % 20}`,
        lang: `l${i % 50}`,
        title: `${"abcdefghij"[i % 10]}${i % 7}-${String(i).padStart(5, "0")}`,
        rank: (i * 7_919) % rowsInTable,
        score: Math.floor(i / 4),
        pinned: i % 100 === 0,
        ...(i % 40 === 0 ? {} : { likes: i % 40 === 1 ? null : i % 500 }),
      };
      await ctx.db.insert("posts", row);
      await ctx.db.insert("bare", row);
    }
  });
  const measure = <T>(work: (ctx: Ctx) => Promise<T>): Promise<Measured<T>> =>
    t.query(async (ctx) => {
      const value = await work(ctx as unknown as Ctx);
      const { documentsRead, databaseQueries } = await ctx.meta.getTransactionMetrics();
      return { value, documents: documentsRead.used, queries: databaseQueries.used };
    }) as Promise<Measured<T>>;
  return { t, measure };
}

export async function codeOf(work: Promise<unknown>): Promise<OrmErrorCode | "no error"> {
  try {
    await work;
    return "no error";
  } catch (error) {
    return (error as { data?: { code?: OrmErrorCode } }).data?.code ?? "no error";
  }
}
