import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { defineRelations } from "../../src/client/index.js";

/** A small app with every kind of rule. */
export const schema = defineSchema({
  teams: defineTable({ name: v.string(), code: v.optional(v.string()) }).index("by_code", ["code"]),
  users: defineTable({
    email: v.optional(v.union(v.string(), v.null())),
    name: v.string(),
    age: v.optional(v.number()),
    role: v.string(),
    tags: v.array(v.string()),
    teamId: v.optional(v.id("teams")),
    managerId: v.optional(v.id("users")),
    region: v.optional(v.string()),
    number: v.optional(v.number()),
    avatarId: v.optional(v.id("_storage")),
    updatedAt: v.optional(v.number()),
    deletedAt: v.optional(v.number()),
  })
    .index("by_email", ["email"])
    .index("by_team", ["teamId"])
    .index("by_manager", ["managerId"])
    .index("by_region_and_number", ["region", "number"])
    .index("by_role", ["role"]),
  posts: defineTable({
    authorId: v.id("users"),
    title: v.string(),
    likes: v.number(),
    status: v.optional(v.union(v.literal("draft"), v.literal("live"))),
    profile: v.optional(v.object({ city: v.optional(v.string()) })),
    teamCode: v.optional(v.string()),
  })
    .index("by_author", ["authorId"])
    .index("by_status", ["status"])
    .index("by_team_code", ["teamCode"]),
  comments: defineTable({ postId: v.id("posts"), body: v.string() }).index("by_post", ["postId"]),
  invoices: defineTable({ userId: v.id("users"), total: v.number() }).index("by_user", ["userId"]),
});

export const relations = defineRelations(schema, (r) => ({
  users: {
    team: r.one.teams({ from: "teamId", onDelete: "set null" }),
    manager: r.one.users({ from: "managerId", onDelete: "restrict" }),
    posts: r.many.posts({ to: "authorId" }),
  },
  posts: {
    author: r.one.users({ from: "authorId", onDelete: "cascade" }),
    team: r.one.teams({ from: "teamCode", to: "code", onDelete: "cascade", onUpdate: "cascade" }),
    comments: r.many.comments({ to: "postId" }),
  },
  comments: { post: r.one.posts({ from: "postId", onDelete: "cascade" }) },
  invoices: { user: r.one.users({ from: "userId", onDelete: "no action" }) },
}));

let clock = 1;
export const tables = {
  teams: { unique: { code: ["code"] } },
  users: {
    defaults: { role: "member", tags: () => [] },
    onUpdate: { updatedAt: () => clock++ },
    unique: { email: ["email"], place: ["region", "number"] },
    checks: { adult: { age: { gte: 18 } } },
  },
  posts: { defaults: { likes: 0 } },
};
