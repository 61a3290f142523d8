import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

/**
 * The store that every product is asked about. Index names that equal a field are those that convex-ents expects; every
 * product may use every index.
 */
export default defineSchema({
  teams: defineTable({ name: v.string() }),
  users: defineTable({ name: v.string(), teamId: v.id("teams") }).index("teamId", ["teamId"]),
  posts: defineTable({
    authorId: v.id("users"),
    title: v.string(),
    status: v.union(v.literal("draft"), v.literal("live"), v.literal("archived")),
    pinned: v.boolean(),
    likes: v.number(),
  })
    .index("authorId", ["authorId"])
    .index("by_author_and_likes", ["authorId", "likes"])
    .index("by_status_and_likes", ["status", "likes"])
    .index("by_pinned", ["pinned"]),
  comments: defineTable({ postId: v.id("posts"), text: v.string(), likes: v.number() })
    .index("postId", ["postId"])
    .index("by_post_and_likes", ["postId", "likes"]),
});
