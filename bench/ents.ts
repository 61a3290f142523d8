import { defineEnt, defineEntSchema, entsTableFactory, getEntDefinitions } from "convex-ents";
import { v } from "convex/values";
import type { Ctx } from "./data.js";

/** The same store, said as convex-ents wants it: edges in place of foreign keys. */
const schema = defineEntSchema({
  teams: defineEnt({ name: v.string() }).edges("users", { ref: true }),
  users: defineEnt({ name: v.string() }).edge("team").edges("posts", { ref: "authorId" }),
  posts: defineEnt({
    title: v.string(),
    status: v.union(v.literal("draft"), v.literal("live"), v.literal("archived")),
    pinned: v.boolean(),
    likes: v.number(),
  })
    .edge("author", { to: "users", field: "authorId" })
    .edges("comments", { ref: true })
    .index("by_author_and_likes", ["authorId", "likes"])
    .index("by_status_and_likes", ["status", "likes"])
    .index("by_pinned", ["pinned"]),
  comments: defineEnt({ text: v.string(), likes: v.number() })
    .edge("post")
    .index("by_post_and_likes", ["postId", "likes"]),
});

const definitions = getEntDefinitions(schema);

/** convex-ents' table function for a context. */
export const entsOf = (ctx: Ctx) =>
  entsTableFactory(ctx as unknown as Parameters<typeof entsTableFactory>[0], definitions);
