import {
  convexTable,
  createOrm,
  defineRelations,
  defineSchema,
  eq,
  id,
  index,
  integer,
  rlsPolicy,
  text,
} from "better-convex/orm";
import type { GenericId } from "convex/values";
import type { Ctx, TableName } from "../data.js";
import type { PagedWay, Way } from "../case.js";
import { argsFor, type Args, type ArgsOf } from "./orm.js";

/** The same store, said as better-convex wants it: its own column builders. */
const users = convexTable("users", { name: text().notNull() }, (t) => [index("by_name").on(t.name)]);
const posts = convexTable(
  "posts",
  {
    authorId: id("users").notNull(),
    status: text().notNull(),
    lang: text().notNull(),
    title: text().notNull(),
    rank: integer().notNull(),
    score: integer().notNull(),
    likes: integer(),
  },
  (t) => [
    index("authorId").on(t.authorId),
    index("by_author_and_rank").on(t.authorId, t.rank),
    index("by_status_and_rank").on(t.status, t.rank),
    index("by_lang_and_rank").on(t.lang, t.rank),
    index("by_status_and_title").on(t.status, t.title),
    index("by_score_and_title").on(t.score, t.title),
    index("by_score").on(t.score),
    index("by_rank").on(t.rank),
    index("by_title").on(t.title),
    index("by_likes").on(t.likes),
  ],
);
const comments = convexTable(
  "comments",
  { postId: id("posts").notNull(), body: text().notNull(), likes: integer().notNull() },
  (t) => [index("postId").on(t.postId), index("by_post_and_likes").on(t.postId, t.likes)],
);
const groups = convexTable("groups", { title: text().notNull() });
const memberships = convexTable(
  "memberships",
  { userId: id("users").notNull(), groupId: id("groups").notNull() },
  (t) => [index("userId").on(t.userId), index("groupId").on(t.groupId)],
);
const notes = convexTable(
  "notes",
  { ownerId: id("users").notNull(), rank: integer().notNull(), text: text().notNull() },
  (t) => [
    index("ownerId").on(t.ownerId),
    index("by_owner_and_rank").on(t.ownerId, t.rank),
    index("by_rank").on(t.rank),
    rlsPolicy("own", {
      for: "all",
      using: (ctx: { userId: string }) => eq(t.ownerId, ctx.userId as GenericId<"users">),
    }),
  ],
);
const events = convexTable("events", { kind: text().notNull(), at: integer().notNull() }, (t) => [
  index("by_kind_and_at").on(t.kind, t.at),
]);

const tables = { users, posts, comments, groups, memberships, notes, events };
// Its pages over several ranges look for this.
defineSchema(tables);
const relations = defineRelations(tables, (r) => ({
  users: {
    posts: r.many.posts({ from: r.users.id, to: r.posts.authorId }),
    groups: r.many.groups({
      from: r.users.id.through(r.memberships.userId),
      to: r.groups.id.through(r.memberships.groupId),
    }),
  },
  posts: {
    author: r.one.users({ from: r.posts.authorId, to: r.users.id }),
    comments: r.many.comments({ from: r.posts.id, to: r.comments.postId }),
  },
  comments: { post: r.one.posts({ from: r.comments.postId, to: r.posts.id }) },
}));
const orm = createOrm({ schema: relations });

type Found = Readonly<Record<string, unknown>> & { readonly id: string };
interface Paged {
  readonly page: Found[];
  readonly isDone: boolean;
  readonly continueCursor: string | null;
}
/** The methods, for arguments that a case makes by name. */
interface Asked {
  findMany(args: Args): Promise<Found[]>;
  count(args: Args): Promise<number>;
}

type BetterCtx = Parameters<typeof orm.db>[0];
/** What a function makes of its context before it asks anything. */
export const openBetter = (ctx: Ctx) => orm.db(ctx as unknown as BetterCtx);

/** better-convex's readers of one table; `as` is whom its policies see. */
export const betterOf = (ctx: Ctx, table: TableName, as?: GenericId<"users">): Asked => {
  const db = orm.db(ctx as unknown as BetterCtx, as && { rls: { ctx: { userId: as } } });
  return (db.query as unknown as Record<string, Asked>)[table] as Asked;
};

/** It refuses a read of many rows without a limit: one that is larger than any answer. */
const all = { limit: 10_000 };

export const betterMany =
  (table: TableName, args: ArgsOf): Way =>
  async (ctx, world) =>
    (await betterOf(ctx, table).findMany({ ...all, ...argsFor(args, world) })).map((row) => row.id);

export const betterPages =
  (table: TableName, args: ArgsOf, limit: number, as?: (world: Parameters<Way>[1]) => GenericId<"users">): PagedWay =>
  async (ctx, world, cursor) => {
    const asked = betterOf(ctx, table, as?.(world));
    const { page, isDone, continueCursor } = (await asked.findMany({
      ...argsFor(args, world),
      limit,
      cursor,
      // Asked for by its strict mode wherever it cannot page by one index range.
      maxScan: 4_000,
    })) as unknown as Paged;
    return { keys: page.map((row) => row.id), isDone, cursor: continueCursor };
  };
