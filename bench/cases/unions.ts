import { filter } from "convex-helpers/server/filter";
import { mergedStream, stream } from "convex-helpers/server/stream";
import type { Case } from "../case.js";
import type { Ctx, Row, World } from "../data.js";
import { entsOf } from "../products/ents.js";
import { mergeByRank } from "../products/hand.js";
import schema from "../schema.js";
import { ascending } from "../store/store.js";
import { asked, ranged } from "../ways.js";

type Post = Row<"posts">;
const ids = (posts: readonly { readonly _id: string }[]): string[] => posts.map((post) => post._id);
const where = (world: World, test: (post: Post) => boolean): Post[] => world.posts.filter(test);
const byRank = ascending<Post>((post) => post.rank);
const tables = ["posts"] as const;

const twenty = Array.from({ length: 20 }, (_, at) => `s${at}`);
const byStatus = (ctx: Ctx, status: string) =>
  ctx.db.query("posts").withIndex("by_status_and_rank", (q) => q.eq("status", status));

const across = { OR: [{ status: "s3" }, { lang: "l14" }] };
const acrossTruth = (world: World) => ids(where(world, (p) => p.status === "s3" || p.lang === "l14"));
const acrossBase: Pick<Case["ways"], "by hand" | "convex-helpers" | "convex-ents"> = {
  "by hand": async (ctx) => {
    const [first, second] = await Promise.all([
      byStatus(ctx, "s3").collect(),
      ctx.db
        .query("posts")
        .withIndex("by_lang_and_rank", (q) => q.eq("lang", "l14"))
        .collect(),
    ]);
    return [...new Set(ids([...first, ...second]))];
  },
  "convex-helpers": async (ctx) =>
    ids(await filter(ctx.db.query("posts"), (post) => post.status === "s3" || post.lang === "l14").collect()),
  "convex-ents": async (ctx) =>
    ids(await entsOf(ctx)("posts").filter((q) => q.or(q.eq(q.field("status"), "s3"), q.eq(q.field("lang"), "l14")))),
};

/** Ten rows on either side of a value: the lower side usually has them. */
async function around(ctx: Ctx, score: number): Promise<string[]> {
  const below = await ctx.db
    .query("posts")
    .withIndex("by_score", (q) => q.lt("score", score))
    .take(10);
  if (below.length === 10) return ids(below);
  const above = await ctx.db
    .query("posts")
    .withIndex("by_score", (q) => q.gt("score", score))
    .take(10 - below.length);
  return ids([...below, ...above]);
}
const notThree: Pick<Case["ways"], "by hand" | "convex-helpers" | "convex-ents"> = {
  "by hand": (ctx) => around(ctx, 1),
  "convex-helpers": async (ctx) =>
    ids(
      await stream(ctx.db, schema)
        .query("posts")
        .withIndex("by_score")
        .filterWith((post) => Promise.resolve(post.score !== 1))
        .take(10),
    ),
  "convex-ents": async (ctx) =>
    ids(
      await entsOf(ctx)("posts", "by_score")
        .filter((q) => q.neq(q.field("score"), 1))
        .take(10),
    ),
};
const notOneTruth = (world: World) => ids(where(world, (p) => p.score !== 1));

/** What takes several index ranges. */
export const unions: Case[] = [
  {
    shape: "IN of 20, ordered, limit 10",
    target: "<= 30/20",
    tables,
    judged: "ordered",
    truth: (world) =>
      ids(
        where(world, (p) => twenty.includes(p.status))
          .sort(byRank)
          .slice(0, 10),
      ),
    ways: {
      "by hand": async (ctx) =>
        ids(
          await mergeByRank(
            twenty.map((status) => byStatus(ctx, status)),
            10,
          ),
        ),
      "convex-helpers": async (ctx) => {
        const streams = twenty.map((status) =>
          stream(ctx.db, schema)
            .query("posts")
            .withIndex("by_status_and_rank", (q) => q.eq("status", status)),
        );
        return ids(await mergedStream(streams, ["rank"]).take(10));
      },
      "convex-ents": async (ctx) =>
        ids(
          await entsOf(ctx)("posts", "by_rank")
            .filter((q) => q.or(...twenty.map((status) => q.eq(q.field("status"), status))))
            .take(10),
        ),
      ...asked("posts", { where: { status: { in: twenty } }, orderBy: { rank: "asc" }, limit: 10 }),
    },
  },
  {
    shape: "OR across fields with different indexes",
    target: "rows + 2 / 2",
    tables,
    judged: "set",
    truth: acrossTruth,
    ways: { ...acrossBase, ...asked("posts", { where: across }) },
  },
  {
    shape: "the same OR inside an AND",
    target: "rows + 2 / 2",
    tables,
    judged: "set",
    truth: acrossTruth,
    ways: { ...acrossBase, ...asked("posts", { where: { AND: [across, { rank: { gte: 0 } }] } }) },
  },
  {
    shape: "ne, limit 10",
    target: "<= 12/2",
    tables,
    judged: 10,
    truth: notOneTruth,
    ways: { ...notThree, ...asked("posts", { where: { score: { ne: 1 } }, limit: 10 }) },
  },
  {
    shape: "notIn, limit 10",
    target: "<= 12/2",
    tables,
    judged: 10,
    truth: notOneTruth,
    ways: { ...notThree, ...asked("posts", { where: { score: { notIn: [1] } }, limit: 10 }) },
  },
  {
    shape: "isNotNull, limit 10",
    target: "<= 12/2",
    tables,
    judged: 10,
    truth: (world) => ids(where(world, (p) => typeof p.likes === "number")),
    ways: {
      ...ranged({ table: "posts", index: "by_likes", range: (q) => q.gt("likes", null), take: 10 }),
      ...asked("posts", { where: { likes: { isNotNull: true } }, limit: 10 }),
    },
  },
  {
    shape: "isNull, absent ones included",
    target: "rows + 2",
    tables,
    judged: "set",
    truth: (world) => ids(where(world, (p) => p.likes === undefined || p.likes === null)),
    ways: {
      ...ranged({ table: "posts", index: "by_likes", range: (q) => q.lte("likes", null) }),
      ...asked("posts", { where: { likes: { isNull: true } } }),
    },
  },
];
