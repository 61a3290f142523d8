import { getManyVia } from "convex-helpers/server/relationships";
import type { GenericId } from "convex/values";
import type { Case } from "../case.js";
import type { Ctx, Row, World } from "../data.js";
import { betterOf } from "../products/better.js";
import { entsOf } from "../products/ents.js";
import { ormOf, type Args } from "../products/orm.js";
import { ascending } from "../store/store.js";

type Post = Row<"posts">;
type Comment = Row<"comments">;
const byRank = ascending<Post>((post) => post.rank);
const latest = ascending<Comment>((comment) => -comment._creationTime);
const liked = ascending<Comment>((comment) => -comment.likes);

interface Named {
  readonly _id?: unknown;
  readonly id?: unknown;
}
const idOf = (row: Named | null | undefined): string => String(row?._id ?? row?.id ?? "nothing");
const joined = (rows: readonly (Named | null | undefined)[]): string => rows.map(idOf).join("|");

const commentsOf = (world: World, post: Post, order: (a: Comment, b: Comment) => number) =>
  world.comments
    .filter((comment) => comment.postId === post._id)
    .sort(order)
    .slice(0, 3);
const fifty = (world: World) => [...world.posts].sort(byRank).slice(0, 50);
const authorOf = (world: World, post: Post) => world.users.find((user) => user._id === post.authorId);
const long = (world: World) => world.posts[world.posts.length - 1] as Post;
const reader = (world: World) => (world.users[0] as Row<"users">)._id;
const through = (world: World, userId: GenericId<"users">) =>
  world.memberships.filter((membership) => membership.userId === userId).map((membership) => membership.groupId);

type Loaded = Record<string, unknown>;
const load = (post: Loaded): string => joined([post, post.author as Named, ...(post.comments as Named[])]);
const loadChildren = (post: Loaded): string => joined([post, ...(post.comments as Named[])]);
const loadGroups = (user: Loaded): string => joined([user, ...(user.groups as Named[])]);

/** The same words for both: `created` is the name of a row's time. */
const withBoth = (created: string): Args => ({
  orderBy: { rank: "asc" },
  limit: 50,
  with: { author: true, comments: { orderBy: { [created]: "desc" }, limit: 3 } },
});
const byLikes: Args = { orderBy: { likes: "desc" }, limit: 3 };
const noChildren = "loads no ordered or limited children; a map by hand";

const postsByRank = (ctx: Ctx) => ctx.db.query("posts").withIndex("by_rank").take(50);
const top = (ctx: Ctx, postId: GenericId<"posts">) =>
  ctx.db
    .query("comments")
    .withIndex("by_post_and_likes", (q) => q.eq("postId", postId))
    .order("desc")
    .take(3);
const entsTop = (ctx: Ctx, postId: GenericId<"posts">) =>
  entsOf(ctx)("comments", "by_post_and_likes", (q) => q.eq("postId", postId))
    .order("desc")
    .take(3);

/** Loads, and filters on related rows. */
export const relations: Case[] = [
  {
    shape: "50 posts, their 10 authors, and the 3 latest comments of each",
    target: "210/61",
    tables: ["posts", "users", "comments"],
    judged: "ordered",
    truth: (world) =>
      fifty(world).map((post) => joined([post, authorOf(world, post), ...commentsOf(world, post, latest)])),
    ways: {
      "by hand": async (ctx) => {
        const posts = await postsByRank(ctx);
        const authorIds = [...new Set(posts.map((post) => post.authorId))];
        const [authors, comments] = await Promise.all([
          Promise.all(authorIds.map((id) => ctx.db.get(id))),
          Promise.all(
            posts.map((post) =>
              ctx.db
                .query("comments")
                .withIndex("postId", (q) => q.eq("postId", post._id))
                .order("desc")
                .take(3),
            ),
          ),
        ]);
        return posts.map((post, at) =>
          joined([post, authors[authorIds.indexOf(post.authorId)], ...(comments[at] ?? [])]),
        );
      },
      "convex-orm": async (ctx) => (await ormOf(ctx, "posts").findMany(withBoth("_creationTime"))).map(load),
      "better-convex": async (ctx) => (await betterOf(ctx, "posts").findMany(withBoth("createdAt"))).map(load),
      "convex-ents": async (ctx) =>
        await entsOf(ctx)("posts", "by_rank")
          .take(50)
          .map(async (post) =>
            joined([post, await post.edge("author"), ...(await post.edge("comments").order("desc").take(3))]),
          ),
      "convex-helpers": noChildren,
    },
  },
  {
    shape: "50 posts, each with its 3 comments of most likes",
    target: "200/51",
    tables: ["posts", "comments"],
    judged: "ordered",
    truth: (world) => fifty(world).map((post) => joined([post, ...commentsOf(world, post, liked)])),
    ways: {
      "by hand": async (ctx) => {
        const posts = await postsByRank(ctx);
        return await Promise.all(posts.map(async (post) => joined([post, ...(await top(ctx, post._id))])));
      },
      "convex-orm": async (ctx) =>
        (await ormOf(ctx, "posts").findMany({ orderBy: { rank: "asc" }, limit: 50, with: { comments: byLikes } })).map(
          loadChildren,
        ),
      "better-convex": async (ctx) =>
        (
          await betterOf(ctx, "posts").findMany({ orderBy: { rank: "asc" }, limit: 50, with: { comments: byLikes } })
        ).map(loadChildren),
      "convex-ents": async (ctx) =>
        await entsOf(ctx)("posts", "by_rank")
          .take(50)
          .map(async (post) => joined([post, ...(await entsTop(ctx, post._id))])),
      "convex-helpers": noChildren,
    },
  },
  {
    shape: "a post of 500 comments, with its 3 of most likes",
    target: "4/2",
    tables: ["posts", "comments"],
    judged: "ordered",
    truth: (world) => [joined([long(world), ...commentsOf(world, long(world), liked)])],
    ways: {
      "by hand": async (ctx, world) => {
        const { _id } = long(world);
        const [post, comments] = await Promise.all([ctx.db.get(_id), top(ctx, _id)]);
        return [joined([post, ...comments])];
      },
      "convex-orm": async (ctx, world) =>
        (await ormOf(ctx, "posts").findMany({ where: { _id: long(world)._id }, with: { comments: byLikes } })).map(
          loadChildren,
        ),
      "better-convex": async (ctx, world) => {
        const args = { where: { id: long(world)._id }, limit: 1, with: { comments: byLikes } };
        return (await betterOf(ctx, "posts").findMany(args)).map(loadChildren);
      },
      "convex-ents": async (ctx, world) => {
        const post = await entsOf(ctx)("posts").getX(long(world)._id);
        return [joined([post, ...(await entsTop(ctx, post._id))])];
      },
      "convex-helpers": noChildren,
    },
  },
  {
    shape: "a user with 3 of 30 groups, through memberships",
    target: "7/5",
    tables: ["users", "memberships", "groups"],
    judged: "ordered",
    truth: (world) => [[reader(world), ...through(world, reader(world)).slice(0, 3)].join("|")],
    ways: {
      "by hand": async (ctx, world) => {
        const [user, memberships] = await Promise.all([
          ctx.db.get(reader(world)),
          ctx.db
            .query("memberships")
            .withIndex("userId", (q) => q.eq("userId", reader(world)))
            .take(3),
        ]);
        return [joined([user, ...(await Promise.all(memberships.map(({ groupId }) => ctx.db.get(groupId))))])];
      },
      "convex-orm": async (ctx, world) =>
        (await ormOf(ctx, "users").findMany({ where: { _id: reader(world) }, with: { groups: { limit: 3 } } })).map(
          loadGroups,
        ),
      "better-convex": async (ctx, world) => {
        const args = { where: { id: reader(world) }, limit: 1, with: { groups: { limit: 3 } } };
        return (await betterOf(ctx, "users").findMany(args)).map(loadGroups);
      },
      "convex-ents": async (ctx, world) => {
        const user = await entsOf(ctx)("users").getX(reader(world));
        const groups = await user
          .edge("memberships")
          .take(3)
          .map((membership) => membership.edge("group"));
        return [joined([user, ...groups])];
      },
      // It loads all of them.
      "convex-helpers": async (ctx, world) => {
        const user = await ctx.db.get(reader(world));
        const groups = await getManyVia(ctx.db, "memberships", "groupId", "userId", reader(world));
        return [joined([user, ...groups.slice(0, 3)])];
      },
    },
  },
  {
    shape: "posts by their author's name, limit 10",
    target: "<= 12/2",
    tables: ["posts", "users"],
    judged: 10,
    truth: (world) => world.posts.filter((post) => authorOf(world, post)?.name === "user 4").map((post) => post._id),
    ways: {
      "by hand": async (ctx) => {
        const users = await ctx.db
          .query("users")
          .withIndex("by_name", (q) => q.eq("name", "user 4"))
          .collect();
        const found: string[] = [];
        for (const user of users) {
          const posts = await ctx.db
            .query("posts")
            .withIndex("authorId", (q) => q.eq("authorId", user._id))
            .take(10 - found.length);
          found.push(...posts.map((post) => post._id));
          if (found.length === 10) break;
        }
        return found;
      },
      "convex-orm": async (ctx) =>
        (await ormOf(ctx, "posts").findMany({ where: { author: { name: "user 4" } }, limit: 10 })).map(idOf),
      "better-convex": async (ctx) =>
        (
          await betterOf(ctx, "posts").findMany({
            where: { author: { name: "user 4" } },
            limit: 10,
            allowFullScan: true,
          })
        ).map(idOf),
      "convex-ents": async (ctx) => {
        const users = await entsOf(ctx)("users", "by_name", (q) => q.eq("name", "user 4")).map((user) =>
          user.edge("posts").take(10),
        );
        return users.flat().slice(0, 10).map(idOf);
      },
      "convex-helpers": "no filter on related rows; a loop by hand",
    },
  },
];
