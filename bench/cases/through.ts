import type { Case } from "../case.js";
import type { Ctx } from "../data.js";
import { betterOf } from "../better.js";
import { sizes } from "../data.js";
import { entsOf } from "../ents.js";
import { ormOf } from "../orm.js";

/** The team whose users are asked for: found beforehand, by the same read for all. */
async function someTeam(ctx: Ctx) {
  const team = await ctx.db.query("teams").first();
  if (team === null) throw new Error("the store is empty");
  return team._id;
}

/** A filter on a related row: the other side's index answers it, and drives the read. */
export const through: Case = {
  question: "posts whose author belongs to one team",
  ordered: false,
  ways: {
    "convex-orm": async (ctx) => {
      const teamId = await someTeam(ctx);
      const posts = await ormOf(ctx).query.posts.findMany({ where: { author: { teamId } } });
      return posts.map((post) => post._id);
    },
    "by hand": async (ctx) => {
      const teamId = await someTeam(ctx);
      const users = await ctx.db
        .query("users")
        .withIndex("teamId", (q) => q.eq("teamId", teamId))
        .collect();
      const posts = await Promise.all(
        users.map((user) =>
          ctx.db
            .query("posts")
            .withIndex("authorId", (q) => q.eq("authorId", user._id))
            .collect(),
        ),
      );
      return posts.flat().map((post) => post._id);
    },
    "convex-ents": async (ctx) => {
      const teamId = await someTeam(ctx);
      const posts = await entsOf(ctx)("teams")
        .getX(teamId)
        .edge("users")
        .map(async (user) => await user.edge("posts"));
      return posts.flat().map((post) => post._id);
    },
    "better-convex": async (ctx) => {
      const teamId = await someTeam(ctx);
      const posts = await betterOf(ctx).query.posts.findMany({
        where: { author: { teamId } },
        allowFullScan: true,
        limit: sizes.posts,
      });
      return posts.map((post) => post.id);
    },
  },
};
