import { boolean, convexTable, createOrm, defineRelations, id, index, integer, text } from "better-convex/orm";
import type { Ctx } from "./data.js";

/** The same store, said as better-convex wants it: its own column builders. */
const teams = convexTable("teams", { name: text().notNull() });
const users = convexTable("users", { name: text().notNull(), teamId: id("teams").notNull() }, (t) => [
  index("teamId").on(t.teamId),
]);
const posts = convexTable(
  "posts",
  {
    authorId: id("users").notNull(),
    title: text().notNull(),
    status: text().notNull(),
    pinned: boolean().notNull(),
    likes: integer().notNull(),
  },
  (t) => [
    index("authorId").on(t.authorId),
    index("by_author_and_likes").on(t.authorId, t.likes),
    index("by_status_and_likes").on(t.status, t.likes),
    index("by_pinned").on(t.pinned),
  ],
);
const comments = convexTable(
  "comments",
  { postId: id("posts").notNull(), text: text().notNull(), likes: integer().notNull() },
  (t) => [index("postId").on(t.postId), index("by_post_and_likes").on(t.postId, t.likes)],
);

const tables = { teams, users, posts, comments };
const relations = defineRelations(tables, (r) => ({
  posts: {
    author: r.one.users({ from: r.posts.authorId, to: r.users.id }),
    comments: r.many.comments({ from: r.posts.id, to: r.comments.postId }),
  },
  comments: { post: r.one.posts({ from: r.comments.postId, to: r.posts.id }) },
}));
const orm = createOrm({ schema: relations });

/** better-convex's database for a context. */
export const betterOf = (ctx: Ctx) => orm.db(ctx as unknown as Parameters<typeof orm.db>[0]);
