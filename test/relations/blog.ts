/** A blog, with every kind of relation, in the in-process Convex with the platform's budgets enforced. */
import { convexTest } from "convex-test";
import { componentsGeneric, defineSchema, defineTable } from "convex/server";
import type { DataModelFromSchemaDefinition, GenericMutationCtx, GenericQueryCtx } from "convex/server";
import { v } from "convex/values";
import { defineRelations, Orm } from "convex-orm";
import { register } from "convex-orm/test";

export const schema = defineSchema({
  users: defineTable({
    name: v.string(),
    bio: v.optional(v.string()),
    managerId: v.optional(v.union(v.id("users"), v.null())),
  })
    .index("by_name", ["name"])
    .index("by_manager", ["managerId"]),
  profiles: defineTable({ userId: v.optional(v.id("users")), city: v.string() }).index("by_user", ["userId"]),
  posts: defineTable({
    authorId: v.optional(v.union(v.id("users"), v.null())),
    editorId: v.optional(v.id("users")),
    title: v.string(),
    status: v.string(),
    rank: v.number(),
  })
    .index("by_author_and_rank", ["authorId", "rank"])
    .index("by_editor", ["editorId"])
    .index("by_status_and_rank", ["status", "rank"])
    .index("by_rank", ["rank"]),
  comments: defineTable({
    postId: v.id("posts"),
    userId: v.optional(v.id("users")),
    body: v.string(),
    likes: v.number(),
    approved: v.boolean(),
  })
    .index("by_post", ["postId"])
    .index("by_post_and_likes", ["postId", "likes"])
    .index("by_user", ["userId"])
    .index("by_approved", ["approved"]),
  groups: defineTable({ title: v.string(), open: v.boolean(), deletedAt: v.optional(v.number()) }).index("by_title", [
    "title",
  ]),
  memberships: defineTable({
    userId: v.union(v.id("users"), v.null()),
    groupId: v.optional(v.id("groups")),
    role: v.string(),
  })
    .index("by_user", ["userId"])
    .index("by_group", ["groupId"]),
  // Reached by the composite natural key (region, code); `label` is not unique.
  shelves: defineTable({ region: v.string(), code: v.optional(v.union(v.number(), v.null())), label: v.string() })
    .index("by_region_and_code", ["region", "code"])
    .index("by_label", ["label"]),
  boxes: defineTable({
    region: v.optional(v.string()),
    code: v.optional(v.union(v.number(), v.null())),
    label: v.string(),
    weight: v.number(),
  })
    .index("by_region_and_code_and_weight", ["region", "code", "weight"])
    .index("by_label", ["label"]),
});

export const relations = defineRelations(schema, (r) => ({
  users: {
    posts: r.many.posts({ to: "authorId" }),
    livePosts: r.many.posts({ to: "authorId", where: { status: "live" } }),
    edited: r.many.posts({ to: "editorId" }),
    comments: r.many.comments({ to: "userId" }),
    profile: r.one.profiles({ to: "userId" }),
    manager: r.one.users({ from: "managerId" }),
    reports: r.many.users({ to: "managerId" }),
    groups: r.many.groups({ through: { table: "memberships", from: "userId", to: "groupId" } }),
  },
  profiles: { user: r.one.users({ from: "userId" }) },
  posts: {
    author: r.one.users({ from: "authorId" }),
    editor: r.one.users({ from: "editorId" }),
    comments: r.many.comments({ to: "postId" }),
  },
  comments: { post: r.one.posts({ from: "postId" }), user: r.one.users({ from: "userId" }) },
  groups: { members: r.many.users({ through: { table: "memberships", from: "groupId", to: "userId" } }) },
  shelves: {
    boxes: r.many.boxes({ from: ["region", "code"], to: ["region", "code"] }),
    namesake: r.one.boxes({ from: "label", to: "label" }),
  },
  boxes: { shelf: r.one.shelves({ from: ["region", "code"], to: ["region", "code"] }) },
}));

export const components = componentsGeneric() as unknown as { readonly orm: ConstructorParameters<typeof Orm>[0] };
const tables = {
  profiles: { unique: { user: ["userId"] } },
  shelves: { unique: { place: ["region", "code"] } },
  groups: { deletion: { soft: "deletedAt" } },
} as const;
/** No policies are looked up: what a read costs is the read. */
export const orm = new Orm(components.orm, { schema, relations, tables, rls: false });
/** The same under policies, for a session of this user. */
export const guardedFor = (userId: string | null) =>
  new Orm(components.orm, { schema, relations, tables, session: async () => ({ userId }) });

type DataModel = DataModelFromSchemaDefinition<typeof schema>;
export type Ctx = GenericQueryCtx<DataModel>;
export type WriteCtx = GenericMutationCtx<DataModel>;

export interface Measured<T> {
  readonly value: T;
  readonly documents: number;
  readonly queries: number;
}

/** A fresh blog with the rows that `fill` writes. */
export async function blog<T>(fill: (db: WriteCtx["db"]) => Promise<T>) {
  const t = convexTest({ schema, modules: { "./_generated/api.ts": async () => ({}) }, transactionLimits: true });
  register(t as never);
  const ids = (await t.run((ctx) => fill((ctx as unknown as WriteCtx).db) as Promise<never>)) as T;
  const measure = <R>(work: (db: ReturnType<typeof reader>, ctx: Ctx) => Promise<R>): Promise<Measured<R>> =>
    t.query(async (given) => {
      const ctx = given as unknown as Ctx;
      const value = await work(reader(ctx), ctx);
      const { documentsRead, databaseQueries } = await ctx.meta.getTransactionMetrics();
      return { value, documents: documentsRead.used, queries: databaseQueries.used };
    }) as Promise<Measured<R>>;
  const read = async <R>(work: (db: ReturnType<typeof reader>, ctx: Ctx) => Promise<R>): Promise<R> =>
    (await measure(work)).value;
  return { t, ids, measure, read };
}
const reader = (ctx: Ctx) => orm.with(ctx).query;

export interface Thrown {
  readonly code: string;
  readonly path?: string;
  readonly limit?: string;
  readonly allowed?: number;
  readonly figure?: number;
  readonly hint?: string;
  readonly suggestions?: readonly string[];
}
/** What a read throws. */
export async function thrown(work: Promise<unknown>): Promise<Thrown> {
  try {
    await work;
  } catch (error) {
    const { data } = error as { data?: Thrown };
    if (data !== undefined) return data;
    throw error;
  }
  return { code: "no error" };
}
