import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

/** Every shape of table and relation that a diagram tells apart. */
export default defineSchema({
  users: defineTable({
    email: v.string(),
    role: v.union(v.literal("member"), v.literal("admin")),
    teamId: v.union(v.id("teams"), v.null()),
    managerId: v.optional(v.id("users")),
    address: v.object({ city: v.string(), zip: v.optional(v.string()) }),
    tags: v.array(v.string()),
    deletedAt: v.optional(v.number()),
  })
    .index("by_email", ["email"])
    .index("by_team", ["teamId"])
    .index("by_manager", ["managerId"]),
  profiles: defineTable({ userId: v.id("users"), bio: v.string(), embedding: v.array(v.float64()) })
    .index("by_user", ["userId"])
    .searchIndex("search_bio", { searchField: "bio", filterFields: ["userId"] })
    .vectorIndex("by_embedding", { vectorField: "embedding", dimensions: 3, filterFields: ["userId"] }),
  teams: defineTable({ name: v.string(), leaderId: v.optional(v.id("users")) }).index("by_leader", ["leaderId"]),
  groups: defineTable({ name: v.string() }),
  memberships: defineTable({ userId: v.id("users"), groupId: v.id("groups") })
    .index("by_user_and_group", ["userId", "groupId"])
    .index("by_group", ["groupId"]),
  shelves: defineTable({ region: v.string(), code: v.int64() }).index("by_key", ["region", "code"]),
  boxes: defineTable({ region: v.string(), code: v.int64(), weight: v.number() }).index("by_key", ["region", "code"]),
  aisles: defineTable({ region: v.string(), label: v.any() }).index("by_region", ["region"]),
  title: defineTable({ text: v.string() }),
  events: defineTable(
    v.union(
      v.object({ kind: v.literal("login"), userId: v.id("users") }),
      v.object({ kind: v.literal("note"), text: v.string() }),
    ),
  ).index("by_user", ["userId"]),
});
