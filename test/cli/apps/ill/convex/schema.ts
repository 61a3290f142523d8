import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

/** A schema with everything that `doctor` finds. */
export default defineSchema({
  users: defineTable({
    email: v.string(),
    name: v.string(),
    bio: v.string(),
    age: v.number(),
    teamId: v.id("teams"),
    avatarId: v.optional(v.id("_storage")),
    mentorId: v.optional(v.id("users")),
  })
    .index("by_name", ["name"])
    .index("by_name_and_age", ["name", "age"]),
  teams: defineTable({ name: v.string() }).index("by_name", ["name"]),
  profiles: defineTable({ userId: v.id("users") }).index("by_user", ["userId"]),
  posts: defineTable({
    authorId: v.id("users"),
    editorId: v.optional(v.id("users")),
    reviewerId: v.optional(v.id("users")),
    status: v.string(),
    title: v.string(),
  })
    .index("by_editor", ["editorId"])
    .index("by_reviewer", ["reviewerId"]),
  tags: defineTable({ label: v.string() }),
  taggings: defineTable({ postId: v.id("posts"), tagId: v.id("tags") }),
  secrets: defineTable({ text: v.string() }),
});
