import { mergedStream, stream } from "convex-helpers/server/stream";
import type { PagedCase } from "../case.js";
import type { Ctx, Row, World } from "../data.js";
import { betterPages } from "../products/better.js";
import { entsOf } from "../products/ents.js";
import { pageByRank } from "../products/hand.js";
import { ormPages } from "../products/orm.js";
import schema from "../schema.js";
import { ascending } from "../store/store.js";

type Post = Row<"posts">;
const byRank = ascending<Post>((post) => post.rank);
const numItems = 10;

const twenty = Array.from({ length: 20 }, (_, at) => `s${at}`);
const inTwenty = { where: { status: { in: twenty } }, orderBy: { rank: "asc" } };
const either = { where: { OR: [{ status: "s3" }, { lang: "l13" }] }, orderBy: { rank: "asc" } };
const kinds = { where: { kind: { in: ["a", "b"] } }, orderBy: { at: "asc" } };

const ranked = (world: World, test: (post: Post) => boolean) =>
  world.posts
    .filter(test)
    .sort(byRank)
    .map((post) => post._id);
const streamOf = (ctx: Ctx) => stream(ctx.db, schema).query("posts");
const after = (cursor: string | null) => (cursor === null ? -1 : Number(cursor));
interface Shown {
  readonly page: readonly { readonly _id: string }[];
  readonly isDone: boolean;
  readonly continueCursor: string;
}
const shown = ({ page, isDone, continueCursor }: Shown) => ({
  keys: page.map((row) => row._id),
  isDone,
  cursor: continueCursor,
});

/** Walked in pages, to their ends. */
export const pages: PagedCase[] = [
  {
    shape: "IN of 20, ordered, pages of 10",
    numItems,
    target: "<= 30/20",
    laterTarget: "<= 30/20",
    tables: ["posts"],
    judged: "ordered",
    truth: (world) => ranked(world, (post) => twenty.includes(post.status)),
    pages: {
      "by hand": async (ctx, _world, cursor) => {
        const rest = twenty.map((status) =>
          ctx.db
            .query("posts")
            .withIndex("by_status_and_rank", (q) => q.eq("status", status).gt("rank", after(cursor))),
        );
        return await pageByRank(rest, numItems);
      },
      "convex-orm": ormPages("posts", inTwenty, numItems),
      "better-convex": betterPages("posts", inTwenty, numItems),
      "convex-ents": async (ctx, _world, cursor) => {
        const posts = entsOf(ctx)("posts", "by_rank").filter((q) =>
          q.or(...twenty.map((status) => q.eq(q.field("status"), status))),
        );
        return shown(await posts.paginate({ numItems, cursor }));
      },
      "convex-helpers": async (ctx, _world, cursor) => {
        const streams = twenty.map((status) =>
          streamOf(ctx).withIndex("by_status_and_rank", (q) => q.eq("status", status)),
        );
        return shown(await mergedStream(streams, ["rank"]).paginate({ numItems, cursor }));
      },
    },
  },
  {
    shape: "OR of two that overlap, ordered, pages of 10",
    numItems,
    target: "<= 12/2, and 1 a row of both",
    laterTarget: "<= 12/2, and 1 a row of both",
    tables: ["posts"],
    judged: "ordered",
    truth: (world) => ranked(world, (post) => post.status === "s3" || post.lang === "l13"),
    pages: {
      "by hand": async (ctx, _world, cursor) => {
        const rest = [
          ctx.db.query("posts").withIndex("by_status_and_rank", (q) => q.eq("status", "s3").gt("rank", after(cursor))),
          ctx.db.query("posts").withIndex("by_lang_and_rank", (q) => q.eq("lang", "l13").gt("rank", after(cursor))),
        ];
        return await pageByRank(rest, numItems);
      },
      "convex-orm": ormPages("posts", either, numItems),
      "better-convex": betterPages("posts", either, numItems),
      "convex-ents": async (ctx, _world, cursor) => {
        const posts = entsOf(ctx)("posts", "by_rank").filter((q) =>
          q.or(q.eq(q.field("status"), "s3"), q.eq(q.field("lang"), "l13")),
        );
        return shown(await posts.paginate({ numItems, cursor }));
      },
      // Streams that overlap repeat rows: the second leaves out what the first has.
      "convex-helpers": async (ctx, _world, cursor) => {
        const first = streamOf(ctx).withIndex("by_status_and_rank", (q) => q.eq("status", "s3"));
        const second = streamOf(ctx)
          .withIndex("by_lang_and_rank", (q) => q.eq("lang", "l13"))
          .filterWith((post) => Promise.resolve(post.status !== "s3"));
        return shown(await mergedStream([first, second], ["rank"]).paginate({ numItems, cursor }));
      },
    },
  },
  {
    shape: "IN of 2, all 6,667 rows tie, pages of 1,000",
    numItems: 1_000,
    target: "<= 1,002/2",
    laterTarget: "<= 1,002/4",
    tables: ["events"],
    judged: "ordered",
    truth: (world) => world.events.filter((event) => event.kind !== "c").map((event) => event._id),
    pages: {
      "by hand": "a cursor of three fields and ranges of its own: what streams are for",
      "convex-orm": ormPages("events", kinds, 1_000),
      "better-convex": betterPages("events", kinds, 1_000),
      "convex-ents": "no index that leads with the order",
      "convex-helpers": async (ctx, _world, cursor) => {
        const streams = ["a", "b"].map((kind) =>
          stream(ctx.db, schema)
            .query("events")
            .withIndex("by_kind_and_at", (q) => q.eq("kind", kind)),
        );
        return shown(await mergedStream(streams, ["at"]).paginate({ numItems: 1_000, cursor }));
      },
    },
  },
];
