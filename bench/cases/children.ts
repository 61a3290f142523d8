import type { Case } from "../case.js";
import { betterOf } from "../better.js";
import { entsOf } from "../ents.js";
import { ormOf } from "../orm.js";

/** Ordered and limited children of a page of parents. */
export const children: Case = {
  question: "20 live posts with the most likes, each with its author and its 3 best comments",
  ordered: true,
  ways: {
    "convex-orm": async (ctx) => {
      const posts = await ormOf(ctx).query.posts.findMany({
        where: { status: "live" },
        orderBy: { likes: "desc" },
        limit: 20,
        with: { author: true, comments: { orderBy: { likes: "desc" }, limit: 3 } },
      });
      return posts.map(({ title, author, comments }) =>
        [title, author?.name, ...comments.map(({ text }) => text)].join("|"),
      );
    },
    "by hand": async (ctx) => {
      const posts = await ctx.db
        .query("posts")
        .withIndex("by_status_and_likes", (q) => q.eq("status", "live"))
        .order("desc")
        .take(20);
      const authorIds = [...new Set(posts.map((post) => post.authorId))];
      const authors = new Map(await Promise.all(authorIds.map(async (id) => [id, await ctx.db.get(id)] as const)));
      const comments = await Promise.all(
        posts.map((post) =>
          ctx.db
            .query("comments")
            .withIndex("by_post_and_likes", (q) => q.eq("postId", post._id))
            .order("desc")
            .take(3),
        ),
      );
      return posts.map((post, at) =>
        [post.title, authors.get(post.authorId)?.name, ...(comments[at] ?? []).map((comment) => comment.text)].join(
          "|",
        ),
      );
    },
    "convex-ents": async (ctx) => {
      const posts = await entsOf(ctx)("posts", "by_status_and_likes", (q) => q.eq("status", "live"))
        .order("desc")
        .take(20)
        .map(async (post) => ({
          title: post.title,
          author: (await post.edge("author")).name,
          comments: await entsOf(ctx)("comments", "by_post_and_likes", (q) => q.eq("postId", post._id))
            .order("desc")
            .take(3),
        }));
      return posts.map(({ title, author, comments }) => [title, author, ...comments.map(({ text }) => text)].join("|"));
    },
    "better-convex": async (ctx) => {
      const posts = await betterOf(ctx).query.posts.findMany({
        where: { status: "live" },
        orderBy: { likes: "desc" },
        limit: 20,
        with: { author: true, comments: { orderBy: { likes: "desc" }, limit: 3 } },
      });
      return posts.map(({ title, author, comments }) =>
        [title, author?.name, ...comments.map(({ text }) => text)].join("|"),
      );
    },
  },
};
