/**
 * The tables that the random programs run on: a plain Convex schema, fixed, and rich in shapes.
 *
 * Every kind of value is indexed somewhere: optional fields, nullable ones, both, unions of several types, int64,
 * booleans, bytes, arrays, a dotted path, ids. Compound indexes overlap in their leading fields on purpose, so that
 * a planner has choices to get wrong.
 */
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

const role = v.union(v.literal("admin"), v.literal("guest"), v.literal("member"));
const status = v.union(v.literal("archived"), v.literal("draft"), v.literal("live"));

export default defineSchema({
  teams: defineTable({
    name: v.string(),
    size: v.optional(v.number()),
  }).index("by_name", ["name"]),

  users: defineTable({
    name: v.string(),
    age: v.optional(v.number()),
    score: v.union(v.number(), v.null()),
    rank: v.optional(v.union(v.int64(), v.null())),
    active: v.optional(v.boolean()),
    role,
    mixed: v.optional(v.union(v.string(), v.number(), v.int64(), v.boolean(), v.null(), v.array(v.number()))),
    profile: v.optional(v.object({ city: v.optional(v.string()), zip: v.union(v.number(), v.null()) })),
    tags: v.optional(v.array(v.string())),
    teamId: v.optional(v.id("teams")),
    managerId: v.union(v.id("users"), v.null()),
  })
    .index("by_name", ["name"])
    .index("by_age_and_name", ["age", "name"])
    .index("by_active_and_age", ["active", "age"])
    .index("by_role_and_age_and_name", ["role", "age", "name"])
    .index("by_role_and_score", ["role", "score"])
    .index("by_rank_and_active_and_score", ["rank", "active", "score"])
    .index("by_mixed", ["mixed"])
    .index("by_active_and_mixed_and_age", ["active", "mixed", "age"])
    .index("by_city_and_age", ["profile.city", "age"])
    .index("by_tags", ["tags"])
    .index("by_team_and_role", ["teamId", "role"])
    .index("by_manager", ["managerId"]),

  posts: defineTable({
    authorId: v.optional(v.union(v.id("users"), v.null())),
    title: v.string(),
    status,
    likes: v.number(),
    views: v.optional(v.int64()),
    publishedAt: v.optional(v.union(v.number(), v.null())),
    pinned: v.optional(v.union(v.boolean(), v.null())),
    lang: v.optional(v.string()),
    grades: v.optional(v.array(v.number())),
    extra: v.optional(v.union(v.object({ a: v.number(), b: v.optional(v.string()) }), v.string(), v.null())),
  })
    .index("by_author_and_published", ["authorId", "publishedAt"])
    .index("by_author_and_status_and_likes", ["authorId", "status", "likes"])
    .index("by_status_and_likes", ["status", "likes"])
    .index("by_status_and_published_and_title", ["status", "publishedAt", "title"])
    .index("by_title", ["title"])
    .index("by_lang_and_title", ["lang", "title"])
    .index("by_pinned_and_views", ["pinned", "views"])
    .index("by_views", ["views"])
    .index("by_extra", ["extra"]),

  comments: defineTable({
    postId: v.id("posts"),
    userId: v.optional(v.id("users")),
    body: v.optional(v.union(v.string(), v.null())),
    approved: v.boolean(),
    likes: v.number(),
  })
    .index("by_post", ["postId"])
    .index("by_post_and_approved_and_likes", ["postId", "approved", "likes"])
    .index("by_user_and_likes", ["userId", "likes"])
    .index("by_likes", ["likes"]),

  // Soft-deleted: a row whose `deletedAt` is neither absent nor null is in no result.
  groups: defineTable({
    title: v.string(),
    level: v.optional(v.number()),
    deletedAt: v.optional(v.union(v.number(), v.null())),
  })
    .index("by_title", ["title"])
    .index("by_level_and_title", ["level", "title"]),

  memberships: defineTable({
    userId: v.union(v.id("users"), v.null()),
    groupId: v.optional(v.id("groups")),
    since: v.optional(v.number()),
  })
    .index("by_user_and_group", ["userId", "groupId"])
    .index("by_group_and_since", ["groupId", "since"]),

  // The other side of a one-to-one: at most one card a user.
  cards: defineTable({
    userId: v.optional(v.id("users")),
    bio: v.string(),
    key: v.optional(v.bytes()),
  })
    .index("by_user", ["userId"])
    .index("by_key", ["key"]),

  // A composite key: (region, code) is unique in `depots` where neither is null or absent.
  depots: defineTable({
    region: v.union(v.string(), v.null()),
    code: v.optional(v.number()),
    label: v.string(),
  }).index("by_region_and_code", ["region", "code"]),

  parcels: defineTable({
    region: v.optional(v.union(v.string(), v.null())),
    code: v.optional(v.union(v.number(), v.null())),
    weight: v.number(),
  })
    .index("by_region_and_code_and_weight", ["region", "code", "weight"])
    .index("by_weight", ["weight"]),
});
