import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

/** Twenty tables of a shop with a forum: what an app of some size has. */
export const schema = defineSchema({
  orgs: defineTable({ name: v.string(), slug: v.string(), plan: v.union(v.literal("free"), v.literal("pro")) })
    .index("by_slug", ["slug"])
    .index("by_plan", ["plan"]),
  users: defineTable({
    orgId: v.id("orgs"),
    name: v.string(),
    email: v.string(),
    age: v.optional(v.number()),
    role: v.union(v.literal("admin"), v.literal("member"), v.literal("guest")),
    managerId: v.optional(v.id("users")),
    address: v.object({ city: v.string(), zip: v.optional(v.string()) }),
    createdAt: v.number(),
  })
    .index("by_orgId", ["orgId"])
    .index("by_email", ["email"])
    .index("by_managerId", ["managerId"]),
  profiles: defineTable({ userId: v.id("users"), bio: v.string(), links: v.array(v.string()) }).index("by_userId", [
    "userId",
  ]),
  teams: defineTable({ orgId: v.id("orgs"), name: v.string(), leadId: v.optional(v.id("users")) })
    .index("by_orgId", ["orgId"])
    .index("by_leadId", ["leadId"]),
  memberships: defineTable({ userId: v.id("users"), teamId: v.id("teams"), since: v.number() })
    .index("by_userId", ["userId"])
    .index("by_teamId", ["teamId"]),
  categories: defineTable({ name: v.string(), parentId: v.optional(v.id("categories")) }).index("by_parentId", [
    "parentId",
  ]),
  products: defineTable({
    categoryId: v.id("categories"),
    sku: v.string(),
    title: v.string(),
    price: v.number(),
    stock: v.int64(),
    live: v.boolean(),
    meta: v.optional(v.record(v.string(), v.string())),
  })
    .index("by_categoryId", ["categoryId", "price"])
    .index("by_sku", ["sku"])
    .searchIndex("search_title", { searchField: "title", filterFields: ["live"] }),
  prices: defineTable({ productId: v.id("products"), currency: v.string(), amount: v.number() }).index("by_productId", [
    "productId",
    "currency",
  ]),
  tags: defineTable({ label: v.string() }).index("by_label", ["label"]),
  productTags: defineTable({ productId: v.id("products"), tagId: v.id("tags"), weight: v.number() })
    .index("by_productId", ["productId"])
    .index("by_tagId", ["tagId"]),
  carts: defineTable({ userId: v.id("users"), updatedAt: v.number() }).index("by_userId", ["userId"]),
  cartLines: defineTable({ cartId: v.id("carts"), productId: v.id("products"), quantity: v.number() })
    .index("by_cartId", ["cartId"])
    .index("by_productId", ["productId"]),
  orders: defineTable({
    userId: v.id("users"),
    orgId: v.id("orgs"),
    status: v.union(v.literal("open"), v.literal("paid"), v.literal("sent"), v.literal("void")),
    total: v.number(),
    placedAt: v.number(),
    note: v.optional(v.string()),
  })
    .index("by_userId", ["userId", "placedAt"])
    .index("by_orgId", ["orgId", "status"]),
  orderLines: defineTable({
    orderId: v.id("orders"),
    productId: v.id("products"),
    quantity: v.number(),
    unitPrice: v.number(),
  })
    .index("by_orderId", ["orderId"])
    .index("by_productId", ["productId"]),
  payments: defineTable({ orderId: v.id("orders"), method: v.string(), amount: v.number(), paidAt: v.number() }).index(
    "by_orderId",
    ["orderId"],
  ),
  reviews: defineTable({ productId: v.id("products"), userId: v.id("users"), stars: v.number(), text: v.string() })
    .index("by_productId", ["productId", "stars"])
    .index("by_userId", ["userId"]),
  forums: defineTable({ orgId: v.id("orgs"), title: v.string() }).index("by_orgId", ["orgId"]),
  threads: defineTable({
    forumId: v.id("forums"),
    authorId: v.id("users"),
    title: v.string(),
    pinned: v.boolean(),
    lastPostAt: v.number(),
  })
    .index("by_forumId", ["forumId", "lastPostAt"])
    .index("by_authorId", ["authorId"]),
  posts: defineTable({ threadId: v.id("threads"), authorId: v.id("users"), body: v.string(), likes: v.number() })
    .index("by_threadId", ["threadId"])
    .index("by_authorId", ["authorId", "likes"]),
  reactions: defineTable({ postId: v.id("posts"), userId: v.id("users"), emoji: v.string() })
    .index("by_postId", ["postId"])
    .index("by_userId", ["userId"]),
});
