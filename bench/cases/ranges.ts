import type { Case, Way } from "../case.js";
import type { Row, World } from "../data.js";
import { entsOf } from "../products/ents.js";
import { asked, ranged } from "../ways.js";
import { ascending } from "../store/store.js";

type Post = Row<"posts">;
const byRank = ascending<Post>((post) => post.rank);
const ids = (posts: readonly Post[]): string[] => posts.map((post) => post._id);
const where = (world: World, test: (post: Post) => boolean): Post[] => world.posts.filter(test);
const tables = ["posts"] as const;

const statusRange = { status: "s3", rank: { gte: 1_000 } };
const swapped = { rank: { gte: 1_000 }, status: "s3" };
const statusRangeWays = ranged({
  table: "posts",
  index: "by_status_and_rank",
  range: (q) => q.eq("status", "s3").gte("rank", 1_000),
  take: 10,
});
const statusRangeTruth = (world: World) =>
  ids(
    where(world, (p) => p.status === "s3" && p.rank >= 1_000)
      .sort(byRank)
      .slice(0, 10),
  );

/** After an equality: a text that begins so. */
const prefixWays = ranged({
  table: "posts",
  index: "by_status_and_title",
  range: (q) => q.eq("status", "s0").gte("title", "a1").lt("title", "a2"),
});
const prefixTruth = (world: World) => ids(where(world, (p) => p.status === "s0" && p.title.startsWith("a1")));
const oneOf = ["a0-00000", "a1-00120", "zzz"];

const idOf = (world: World) => (world.posts[1_500] as Post)._id;

const found = (post: { readonly _id: string; readonly status: string } | null): string[] =>
  post !== null && post.status === "s20" ? [post._id] : [];

/** What one index range serves. */
export const ranges: Case[] = [
  {
    shape: "eq + range + order by the range field, limit 10",
    target: "10/1",
    tables,
    judged: "ordered",
    truth: statusRangeTruth,
    ways: { ...statusRangeWays, ...asked("posts", { where: statusRange, orderBy: { rank: "asc" }, limit: 10 }) },
  },
  {
    shape: "the same, keys written in the other order",
    target: "10/1",
    tables,
    judged: "ordered",
    truth: statusRangeTruth,
    ways: { ...statusRangeWays, ...asked("posts", { where: swapped, orderBy: { rank: "asc" }, limit: 10 }) },
  },
  {
    shape: "eq, order by the next index field, limit 10",
    target: "10/1",
    tables,
    judged: "ordered",
    truth: (world) =>
      ids(
        where(world, (p) => p.status === "s3")
          .sort(byRank)
          .reverse()
          .slice(0, 10),
      ),
    ways: {
      ...ranged({
        table: "posts",
        index: "by_status_and_rank",
        range: (q) => q.eq("status", "s3"),
        order: "desc",
        take: 10,
      }),
      ...asked("posts", { where: { status: "s3" }, orderBy: { rank: "desc" }, limit: 10 }),
    },
  },
  {
    shape: "order by two fields of an index, limit 10",
    target: "10/1",
    tables,
    judged: "ordered",
    truth: (world) => {
      const [byScore, byTitle] = [ascending<Post>((p) => p.score), ascending<Post>((p) => p.title)];
      return ids([...world.posts].sort((a, b) => byScore(a, b) || byTitle(a, b)).slice(0, 10));
    },
    ways: {
      ...ranged({ table: "posts", index: "by_score_and_title", take: 10 }),
      ...asked("posts", { orderBy: [{ score: "asc" }, { title: "asc" }], limit: 10 }),
    },
  },
  {
    shape: "IN after an equality",
    target: "rows + 3 / 3",
    tables,
    judged: "set",
    truth: (world) => ids(where(world, (p) => p.status === "s0" && oneOf.includes(p.title))),
    ways: {
      "by hand": async (ctx) => {
        const found = await Promise.all(
          oneOf.map((title) =>
            ctx.db
              .query("posts")
              .withIndex("by_status_and_title", (q) => q.eq("status", "s0").eq("title", title))
              .collect(),
          ),
        );
        return ids(found.flat());
      },
      "convex-helpers": "no IN; a merged stream by hand",
      "convex-ents": async (ctx) => {
        const found = entsOf(ctx)("posts", "by_status_and_title", (q) => q.eq("status", "s0")).filter((q) =>
          q.or(...oneOf.map((title) => q.eq(q.field("title"), title))),
        );
        return (await found).map((post) => post._id);
      },
      ...asked("posts", { where: { status: "s0", title: { in: oneOf } } }),
    },
  },
  ...[{ startsWith: "a1" }, { like: "a1%" }].map((title): Case => ({
    shape: `${"like" in title ? "like 'a1%'" : "startsWith"} after an equality`,
    target: "rows + 1 / 1",
    tables,
    judged: "set",
    truth: prefixTruth,
    ways: { ...prefixWays, ...asked("posts", { where: { status: "s0", title } }) },
  })),
  {
    shape: "_id with other filters",
    target: "1/1",
    tables,
    judged: "set",
    truth: (world) => [idOf(world)],
    ways: {
      "by hand": async (ctx, world) => found(await ctx.db.get(idOf(world))),
      "convex-helpers": "no look-up of its own",
      "convex-ents": async (ctx, world) => found(await entsOf(ctx)("posts").get(idOf(world))),
      ...asked(
        "posts",
        (world) => ({ where: { rank: { gte: 0 }, _id: idOf(world), status: "s20" } }),
        (world) => ({ where: { rank: { gte: 0 }, id: idOf(world), status: "s20" } }),
      ),
    },
  },
  {
    shape: "offset 500, limit 10",
    target: "510/1",
    tables,
    judged: "ordered",
    truth: (world) => ids([...world.posts].sort(byRank).slice(500, 510)),
    ways: {
      ...sliced(ranged({ table: "posts", index: "by_rank", take: 510 }), 500),
      ...asked("posts", { orderBy: { rank: "asc" }, offset: 500, limit: 10 }),
    },
  },
];

/** Those without an offset read and drop. */
function sliced(ways: ReturnType<typeof ranged>, from: number): ReturnType<typeof ranged> {
  const cut =
    (way: Way): Way =>
    async (ctx, world) =>
      (await way(ctx, world)).slice(from);
  return {
    "by hand": cut(ways["by hand"]),
    "convex-helpers": cut(ways["convex-helpers"]),
    "convex-ents": cut(ways["convex-ents"]),
  };
}
