import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  users: defineTable({ name: v.string() }),
  posts: defineTable({ authorId: v.id("users"), title: v.string() }).index("by_author", ["authorId"]),
});
