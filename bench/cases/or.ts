import { filter } from "convex-helpers/server/filter";
import type { Case } from "../case.js";
import { betterOf } from "../better.js";
import { entsOf } from "../ents.js";
import { ormOf } from "../orm.js";
import { sizes } from "../data.js";

/** Two branches, two indexes, rows in both: each row must come once. */
export const or: Case = {
  question: "posts that are pinned, or live with 3,960 likes and more",
  ordered: false,
  ways: {
    "convex-orm": async (ctx) => {
      const where = { OR: [{ pinned: true }, { status: "live" as const, likes: { gte: 3_960 } }] };
      const posts = await ormOf(ctx).query.posts.findMany({ where });
      return posts.map((post) => post._id);
    },
    "by hand": async (ctx) => {
      const [pinned, liked] = await Promise.all([
        ctx.db
          .query("posts")
          .withIndex("by_pinned", (q) => q.eq("pinned", true))
          .collect(),
        ctx.db
          .query("posts")
          .withIndex("by_status_and_likes", (q) => q.eq("status", "live").gte("likes", 3_960))
          .collect(),
      ]);
      return [...new Set([...pinned, ...liked].map((post) => post._id))];
    },
    // Streams merge only what is ordered alike, which these two ranges are not: a filter over the table.
    "convex-helpers": async (ctx) => {
      const posts = await filter(
        ctx.db.query("posts"),
        (post) => post.pinned || (post.status === "live" && post.likes >= 3_960),
      ).collect();
      return posts.map((post) => post._id);
    },
    // No union of ranges either: one native filter over the table.
    "convex-ents": async (ctx) => {
      const posts = await entsOf(ctx)("posts").filter((q) =>
        q.or(q.eq(q.field("pinned"), true), q.and(q.eq(q.field("status"), "live"), q.gte(q.field("likes"), 3_960))),
      );
      return posts.map((post) => post._id);
    },
    "better-convex": async (ctx) => {
      const where = { OR: [{ pinned: true }, { status: "live", likes: { gte: 3_960 } }] };
      const posts = await betterOf(ctx).query.posts.findMany({ where, limit: 1_000 });
      return posts.map((post) => post.id);
    },
  },
  scanned: { "convex-ents": sizes.posts, "better-convex": sizes.posts },
};
