import { wrapDatabaseReader } from "convex-helpers/server/rowLevelSecurity";
import type { GenericId } from "convex/values";
import type { Case, PagedCase } from "../case.js";
import type { Ctx, Model, Row, World } from "../data.js";
import { betterOf, betterPages } from "../products/better.js";
import { entsFor } from "../products/ents.js";
import { guardedOf } from "../products/orm.js";
import { ascending } from "../store/store.js";

type Note = Row<"notes">;
const byRank = ascending<Note>((note) => note.rank);
/** A session that sees 20 of the 2,000 notes. */
const me = (world: World): GenericId<"users"> => (world.users[3] as Row<"users">)._id;
const mine = (world: World) =>
  world.notes
    .filter((note) => note.ownerId === me(world))
    .sort(byRank)
    .map((note) => note._id);
const ids = (rows: readonly { readonly _id: string }[]): string[] => rows.map((row) => row._id);
const orderBy = { rank: "asc" };

const underRules = (ctx: Ctx, world: World) =>
  wrapDatabaseReader<Ctx, Model>(ctx, ctx.db, {
    notes: { read: (_ctx, note) => Promise.resolve(note.ownerId === me(world)) },
  });

/** The caller asks for notes, and the rule "your own" is said elsewhere. By hand there is no rule: the query has it. */
export const policyCases: Case[] = [
  {
    shape: "policy: 1 % of 2,000 rows visible, order by rank, limit 10",
    target: "<= 11",
    tables: ["notes"],
    judged: "ordered",
    truth: (world) => mine(world).slice(0, 10),
    ways: {
      "by hand": async (ctx, world) =>
        ids(
          await ctx.db
            .query("notes")
            .withIndex("by_owner_and_rank", (q) => q.eq("ownerId", me(world)))
            .take(10),
        ),
      "convex-orm": async (ctx, world) =>
        ids(await guardedOf(ctx, "notes", me(world)).findMany({ orderBy, limit: 10 })),
      "better-convex": async (ctx, world) =>
        (await betterOf(ctx, "notes", me(world)).findMany({ orderBy, limit: 10 })).map((note) => note.id),
      "convex-ents": async (ctx, world) => ids(await entsFor(ctx, me(world))("notes", "by_rank").take(10)),
      "convex-helpers": async (ctx, world) =>
        ids(await underRules(ctx, world).query("notes").withIndex("by_rank").take(10)),
    },
  },
];
const numItems = 5;
export const policyPages: PagedCase[] = [
  {
    shape: "policy: the same in pages of 5",
    numItems,
    target: "<= 6",
    laterTarget: "<= 6",
    tables: ["notes"],
    judged: "ordered",
    truth: mine,
    pages: {
      "by hand": async (ctx, world, cursor) => {
        const { page, isDone, continueCursor } = await ctx.db
          .query("notes")
          .withIndex("by_owner_and_rank", (q) => q.eq("ownerId", me(world)))
          .paginate({ numItems, cursor });
        return { keys: ids(page), isDone, cursor: continueCursor };
      },
      "convex-orm": async (ctx, world, cursor) => {
        const asked = guardedOf(ctx, "notes", me(world));
        const { page, isDone, continueCursor } = await asked.paginate({
          orderBy,
          paginationOpts: { numItems, cursor },
        });
        return { keys: ids(page), isDone, cursor: continueCursor };
      },
      "better-convex": betterPages("notes", { orderBy }, numItems, me),
      "convex-ents": async (ctx, world, cursor) => {
        const notes = entsFor(ctx, me(world))("notes", "by_rank");
        const { page, isDone, continueCursor } = await notes.paginate({ numItems, cursor });
        return { keys: ids(page), isDone, cursor: continueCursor };
      },
      "convex-helpers": async (ctx, world, cursor) => {
        const notes = underRules(ctx, world).query("notes").withIndex("by_rank");
        const { page, isDone, continueCursor } = await notes.paginate({ numItems, cursor });
        return { keys: ids(page), isDone, cursor: continueCursor };
      },
    },
  },
];
