import { stream } from "convex-helpers/server/stream";
import type { Case } from "../case.js";
import { betterOf } from "../better.js";
import { entsOf } from "../ents.js";
import { ormOf } from "../orm.js";
import schema from "../schema.js";

/** A page that one compound index serves whole: the floor that nobody can beat. */
export const page: Case = {
  question: "the 20 live posts with the most likes",
  ordered: true,
  ways: {
    "convex-orm": async (ctx) => {
      const posts = await ormOf(ctx).query.posts.findMany({
        where: { status: "live" },
        orderBy: { likes: "desc" },
        limit: 20,
      });
      return posts.map((post) => post._id);
    },
    "by hand": async (ctx) => {
      const posts = await ctx.db
        .query("posts")
        .withIndex("by_status_and_likes", (q) => q.eq("status", "live"))
        .order("desc")
        .take(20);
      return posts.map((post) => post._id);
    },
    "convex-helpers": async (ctx) => {
      const posts = await stream(ctx.db, schema)
        .query("posts")
        .withIndex("by_status_and_likes", (q) => q.eq("status", "live"))
        .order("desc")
        .take(20);
      return posts.map((post) => post._id);
    },
    "convex-ents": async (ctx) => {
      const posts = await entsOf(ctx)("posts", "by_status_and_likes", (q) => q.eq("status", "live"))
        .order("desc")
        .take(20);
      return posts.map((post) => post._id);
    },
    // It sorts in memory what the equality finds.
    "better-convex": async (ctx) => {
      const posts = await betterOf(ctx).query.posts.findMany({
        where: { status: "live" },
        orderBy: { likes: "desc" },
        limit: 20,
      });
      return posts.map((post) => post.id);
    },
  },
};
