import { v } from "convex/values";
import { mutation, query } from "./_generated/server.js";
import { orm } from "./orm.js";

export const write = mutation({
  args: { author: v.string(), title: v.string() },
  returns: v.id("users"),
  handler: async (ctx, { author, title }) => {
    const db = orm.with(ctx);
    const authorId = await db.insert("users").values({ name: author });
    await db.insert("posts").values({ authorId, title });
    return authorId;
  },
});

export const byAuthor = query({
  args: { authorId: v.id("users") },
  handler: async (ctx, { authorId }) => {
    const posts = await orm.with(ctx).query.posts.findMany({ where: { authorId }, with: { author: true } });
    return posts.map((post) => ({ title: post.title, author: post.author?.name ?? null }));
  },
});
