import { defineSchema, defineTable } from "convex/server";
import type {
  GenericActionCtx,
  GenericMutationCtx,
  GenericQueryCtx,
  DataModelFromSchemaDefinition,
} from "convex/server";
import { v } from "convex/values";
import type { GenericId } from "convex/values";
import { defineRelations, Orm, type ModelOf } from "../../src/client/index.js";
import type { ComponentApi } from "../../src/component/_generated/component.js";

/** A small blog with every kind of field and relation: what the accept and reject tests speak of. */
export const schema = defineSchema({
  teams: defineTable({ name: v.string() }).index("by_name", ["name"]),
  users: defineTable({
    name: v.string(),
    email: v.string(),
    age: v.optional(v.number()),
    role: v.union(v.literal("admin"), v.literal("member")),
    teamId: v.optional(v.id("teams")),
    managerId: v.optional(v.union(v.id("users"), v.null())),
    profile: v.optional(v.object({ city: v.string(), zip: v.optional(v.number()) })),
    tags: v.array(v.string()),
    settings: v.any(),
    scores: v.record(v.string(), v.number()),
    createdAt: v.number(),
    updatedAt: v.number(),
    deletedAt: v.optional(v.number()),
    avatarId: v.optional(v.id("_storage")),
  })
    .index("by_teamId", ["teamId"])
    .index("by_email", ["email"])
    .index("by_managerId", ["managerId"]),
  posts: defineTable({
    title: v.string(),
    body: v.string(),
    status: v.union(v.literal("draft"), v.literal("live")),
    authorId: v.id("users"),
    likes: v.number(),
    big: v.int64(),
    publishedAt: v.optional(v.number()),
    embedding: v.array(v.float64()),
    lang: v.string(),
  })
    .index("by_authorId", ["authorId", "publishedAt"])
    .searchIndex("search_body", { searchField: "body", filterFields: ["lang", "status"] })
    .vectorIndex("by_embedding", { vectorField: "embedding", dimensions: 4, filterFields: ["lang"] }),
  comments: defineTable({ postId: v.id("posts"), userId: v.id("users"), text: v.string(), approved: v.boolean() })
    .index("by_postId", ["postId"])
    .index("by_userId", ["userId"]),
  groups: defineTable({ label: v.string() }),
  memberships: defineTable({ userId: v.id("users"), groupId: v.id("groups"), since: v.number() })
    .index("by_userId", ["userId"])
    .index("by_groupId", ["groupId"]),
  profiles: defineTable({ userId: v.id("users"), bio: v.string() }).index("by_userId", ["userId"]),
  shapes: defineTable(
    v.union(
      v.object({ kind: v.literal("circle"), radius: v.number() }),
      v.object({ kind: v.literal("square"), side: v.number(), label: v.optional(v.string()) }),
    ),
  ),
});

export const relations = defineRelations(schema, (r) => ({
  users: {
    team: r.one.teams({ from: "teamId", onDelete: "set null" }),
    posts: r.many.posts({ to: "authorId" }),
    livePosts: r.many.posts({ to: "authorId", where: { status: "live", likes: { gte: 10 } } }),
    profileRow: r.one.profiles({ to: "userId" }),
    groups: r.many.groups({ through: { table: "memberships", from: "userId", to: "groupId" } }),
    manager: r.one.users({ from: "managerId", onDelete: "restrict" }),
    reports: r.many.users({ to: "managerId" }),
  },
  posts: {
    author: r.one.users({ from: "authorId", onDelete: "cascade" }),
    comments: r.many.comments({ to: "postId" }),
  },
  comments: {
    post: r.one.posts({ from: "postId", onDelete: "cascade" }),
    user: r.one.users({ from: "userId" }),
  },
  groups: { members: r.many.users({ through: { table: "memberships", from: "groupId", to: "userId" } }) },
}));

export interface Session {
  userId: GenericId<"users"> | null;
  teamIds: GenericId<"teams">[];
  age: number;
  roles: string[];
}

/** A helper of the app, typed by its own context. */
async function currentUserId(ctx: GenericQueryCtx<Data>): Promise<GenericId<"users"> | null> {
  const identity = await ctx.auth.getUserIdentity();
  const email = identity?.email ?? "";
  return (
    (
      await ctx.db
        .query("users")
        .withIndex("by_email", (q) => q.eq("email", email))
        .first()
    )?._id ?? null
  );
}

export declare const component: ComponentApi;
export const orm = new Orm(component, {
  schema,
  relations,
  tables: {
    users: {
      defaults: { role: "member", createdAt: () => Date.now() },
      onUpdate: { updatedAt: () => Date.now() },
      unique: { email: ["email"] },
      checks: { adult: { age: { gte: 18 } } },
      deletion: { soft: "deletedAt", purgeAfterMs: 2_592_000_000 },
      protected: true,
      files: { avatarId: "cascade" },
    },
  },
  session: async (ctx): Promise<Session> => {
    return { userId: await currentUserId(ctx), teamIds: [], age: 3, roles: [] };
  },
  limits: { maxRows: 10 },
  rls: true,
  module: "orm",
});

export type Data = DataModelFromSchemaDefinition<typeof schema>;
export type BlogModel = ModelOf<typeof orm>;
export declare const queryCtx: GenericQueryCtx<Data>;
export declare const mutationCtx: GenericMutationCtx<Data>;
export declare const actionCtx: GenericActionCtx<Data>;
