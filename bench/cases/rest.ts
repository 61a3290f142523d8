import { stream } from "convex-helpers/server/stream";
import type { Case } from "../case.js";
import type { Ctx, Row, World } from "../data.js";
import { betterOf } from "../products/better.js";
import { entsOf } from "../products/ents.js";
import { ormOf } from "../products/orm.js";
import schema from "../schema.js";
import { ascending } from "../store/store.js";
import { asked } from "../ways.js";

type Post = Row<"posts">;
const byRank = ascending<Post>((post) => post.rank);
const tables = ["posts"] as const;

/** Forty of the 4,000 titles. */
const part = "-039";
const matches = (post: { readonly title: string }): boolean => post.title.includes(part);

const where = { status: "s3", rank: { lt: 2_000 } };
const counted = (world: World): Post[] => world.posts.filter((post) => post.status === "s3" && post.rank < 2_000);
const rangeOf = (ctx: Ctx) =>
  ctx.db.query("posts").withIndex("by_status_and_rank", (q) => q.eq("status", "s3").lt("rank", 2_000));
const entsRange = (ctx: Ctx) =>
  entsOf(ctx)("posts", "by_status_and_rank", (q) => q.eq("status", "s3").lt("rank", 2_000));

/** What no index answers alone, and what gives no rows. */
export const rest: Case[] = [
  {
    shape: "a text inside a title, order by rank, limit 10",
    target: "stops at the tenth match",
    tables,
    judged: "ordered",
    truth: (world) =>
      world.posts
        .filter(matches)
        .sort(byRank)
        .slice(0, 10)
        .map((post) => post._id),
    ways: {
      "by hand": async (ctx) => {
        const found: string[] = [];
        for await (const post of ctx.db.query("posts").withIndex("by_rank")) {
          if (matches(post)) found.push(post._id);
          if (found.length === 10) break;
        }
        return found;
      },
      "convex-helpers": async (ctx) => {
        const posts = stream(ctx.db, schema).query("posts").withIndex("by_rank");
        return (await posts.filterWith((post) => Promise.resolve(matches(post))).take(10)).map((post) => post._id);
      },
      "convex-ents": "no text operator; a loop by hand",
      ...asked("posts", {
        where: { title: { contains: part }, rank: { gte: 0 } },
        orderBy: { rank: "asc" },
        limit: 10,
      }),
    },
  },
  {
    shape: "count on an index range",
    target: "rows / 1",
    tables,
    judged: "ordered",
    truth: (world) => [String(counted(world).length)],
    ways: {
      "by hand": async (ctx) => [String((await rangeOf(ctx).collect()).length)],
      "convex-orm": async (ctx) => [String(await ormOf(ctx, "posts").count({ where }))],
      "better-convex": async (ctx) => [String(await betterOf(ctx, "posts").count({ where }))],
      "convex-ents": async (ctx) => [String((await entsRange(ctx)).length)],
      "convex-helpers": "no count; an aggregate is another component",
    },
  },
  {
    shape: "exists on an index range",
    target: "1/1",
    tables,
    judged: "ordered",
    truth: (world) => [String(counted(world).length > 0)],
    ways: {
      "by hand": async (ctx) => [String((await rangeOf(ctx).first()) !== null)],
      "convex-orm": async (ctx) => [String(await ormOf(ctx, "posts").exists({ where }))],
      "better-convex": async (ctx) => [
        String((await betterOf(ctx, "posts").findMany({ where, limit: 1 })).length === 1),
      ],
      "convex-ents": async (ctx) => [String((await entsRange(ctx).first()) !== null)],
      "convex-helpers": async (ctx) => {
        const posts = stream(ctx.db, schema)
          .query("posts")
          .withIndex("by_status_and_rank", (q) => q.eq("status", "s3").lt("rank", 2_000));
        return [String((await posts.first()) !== null)];
      },
    },
  },
];
