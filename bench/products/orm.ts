import { defineRelations, Orm, session } from "convex-orm";
import { componentsGeneric } from "convex/server";
import type { GenericId } from "convex/values";
import type { ComponentApi } from "convex-orm/_generated/component.js";
import type { Ctx, TableName, World } from "../data.js";
import schema from "../schema.js";
import type { PagedWay, Way } from "../case.js";

/** The same store: the schema as it is, and the relations beside it. */
const relations = defineRelations(schema, (r) => ({
  users: {
    posts: r.many.posts({ to: "authorId" }),
    groups: r.many.groups({ through: { table: "memberships", from: "userId", to: "groupId" } }),
  },
  posts: { author: r.one.users({ from: "authorId" }), comments: r.many.comments({ to: "postId" }) },
  comments: { post: r.one.posts({ from: "postId" }) },
}));

const { orm: component } = componentsGeneric() as unknown as { orm: ComponentApi };
const orm = new Orm(component, { schema, relations, rls: false });

interface Reader {
  userId: GenericId<"users"> | null;
}
const current: Reader = { userId: null };
/** The same under policies, for whoever reads. */
const guarded = new Orm(component, { schema, relations, session: (): Reader => current });

/** What the component holds after this is synced: notes are their owners'. */
export const policies = { notes: { own: { for: "all", using: { ownerId: session("userId") } } } } as const;

/** As the component answers for {@link policies}, which the in-memory database does in its place. */
export const snapshot = {
  documents: 1,
  snapshot: {
    tables: [
      {
        table: "notes",
        version: 1,
        policies: [
          { name: "own", as: "permissive", for: "all", using: JSON.stringify({ ownerId: { session: "userId" } }) },
        ],
      },
    ],
    cursorKey: null,
  },
};

export type Args = Readonly<Record<string, unknown>>;
export type ArgsOf = Args | ((world: World) => Args);
export const argsFor = (args: ArgsOf, world: World): Args => (typeof args === "function" ? args(world) : args);

type Found = Readonly<Record<string, unknown>> & { readonly _id: string };
/** The methods, for arguments that a case makes by name: their types are the tests' business. */
export interface Asked {
  findMany(args: Args): Promise<Found[]>;
  count(args: Args): Promise<number>;
  exists(args: Args): Promise<boolean>;
  paginate(args: Args): Promise<{ page: Found[]; isDone: boolean; continueCursor: string }>;
}
/** What a function makes of its context before it asks anything. */
export const openOrm = (ctx: Ctx) => orm.with(ctx);
/** convex-orm's readers of one table. */
export const ormOf = (ctx: Ctx, table: TableName): Asked => orm.with(ctx).query[table] as unknown as Asked;
/** The same as the user that reads. */
export const guardedOf = (ctx: Ctx, table: TableName, as: GenericId<"users">): Asked => {
  current.userId = as;
  return guarded.with(ctx).query[table] as unknown as Asked;
};
/** For a test store that mounts the component. */
export const syncPolicies = (ctx: Parameters<typeof guarded.policies.sync>[0]) => guarded.policies.sync(ctx, policies);

export const ormMany =
  (table: TableName, args: ArgsOf): Way =>
  async (ctx, world) =>
    (await ormOf(ctx, table).findMany(argsFor(args, world))).map((row) => row._id);

export const ormPages =
  (table: TableName, args: ArgsOf, numItems: number): PagedWay =>
  async (ctx, world, cursor) => {
    const paginationOpts = { numItems, cursor };
    const { page, isDone, continueCursor } = await ormOf(ctx, table).paginate({
      ...argsFor(args, world),
      paginationOpts,
    });
    return { keys: page.map((row) => row._id), isDone, cursor: continueCursor };
  };
