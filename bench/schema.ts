import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

/**
 * The store that every product is asked about. Index names that equal a field are those that convex-ents expects; every
 * product may use every index.
 */
export default defineSchema({
  users: defineTable({ name: v.string() }).index("by_name", ["name"]),
  posts: defineTable({
    authorId: v.id("users"),
    status: v.string(),
    lang: v.string(),
    title: v.string(),
    rank: v.number(),
    score: v.number(),
    likes: v.optional(v.union(v.number(), v.null())),
  })
    .index("authorId", ["authorId"])
    .index("by_author_and_rank", ["authorId", "rank"])
    .index("by_status_and_rank", ["status", "rank"])
    .index("by_lang_and_rank", ["lang", "rank"])
    .index("by_status_and_title", ["status", "title"])
    .index("by_score_and_title", ["score", "title"])
    .index("by_score", ["score"])
    .index("by_rank", ["rank"])
    .index("by_title", ["title"])
    .index("by_likes", ["likes"]),
  comments: defineTable({ postId: v.id("posts"), body: v.string(), likes: v.number() })
    .index("postId", ["postId"])
    .index("by_post_and_likes", ["postId", "likes"]),
  groups: defineTable({ title: v.string() }),
  memberships: defineTable({ userId: v.id("users"), groupId: v.id("groups") })
    .index("userId", ["userId"])
    .index("groupId", ["groupId"]),
  /** Under a policy: a session sees its own, one in a hundred. */
  notes: defineTable({ ownerId: v.id("users"), rank: v.number(), text: v.string() })
    .index("ownerId", ["ownerId"])
    .index("by_owner_and_rank", ["ownerId", "rank"])
    .index("by_rank", ["rank"]),
  /** All at the same time: the order key ties in every row of a kind. */
  events: defineTable({ kind: v.string(), at: v.number() }).index("by_kind_and_at", ["kind", "at"]),
});
