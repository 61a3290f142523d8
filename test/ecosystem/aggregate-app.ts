/** An app with four aggregates of `@convex-dev/aggregate`, on the real package. */
import { TableAggregate } from "@convex-dev/aggregate";
import type { ComponentApi as AggregateApi } from "@convex-dev/aggregate/_generated/component.js";
import aggregate from "@convex-dev/aggregate/test";
import { register as registerBatchWorker } from "@convex-dev/batch-worker/test";
import { convexTest } from "convex-test";
import { componentsGeneric, defineSchema, defineTable, mutationGeneric } from "convex/server";
import type { DataModelFromSchemaDefinition, GenericMutationCtx } from "convex/server";
import { v, type GenericId, type Value } from "convex/values";
import { expect, vi } from "vitest";
import { defineRelations, Orm } from "../../src/client/index.js";
import type { ComponentApi } from "../../src/component/_generated/component.js";
import { register } from "../../src/test.js";

export const schema = defineSchema({
  teams: defineTable({ name: v.string() }),
  users: defineTable({ name: v.string(), teamId: v.optional(v.id("teams")) }).index("by_team", ["teamId"]),
  posts: defineTable({
    slug: v.string(),
    authorId: v.id("users"),
    editorId: v.optional(v.id("users")),
    status: v.union(v.literal("draft"), v.literal("live")),
    likes: v.number(),
    deletedAt: v.optional(v.number()),
  })
    .index("by_slug", ["slug"])
    .index("by_author", ["authorId"])
    .index("by_editor", ["editorId"])
    .index("by_status_and_likes", ["status", "likes", "authorId"]),
  notes: defineTable({ postId: v.id("posts"), text: v.string() }).index("by_post", ["postId"]),
});
export type Data = DataModelFromSchemaDefinition<typeof schema>;
export type Ctx = GenericMutationCtx<Data>;
export type PostId = GenericId<"posts">;
export type UserId = GenericId<"users">;

const names = ["byAuthor", "byEditor", "byStatus", "byNote"] as const;
export const components = componentsGeneric() as unknown as Record<(typeof names)[number], AggregateApi> & {
  orm: ComponentApi;
};

export const byAuthor = new TableAggregate<{ Key: string; DataModel: Data; TableName: "posts" }>(components.byAuthor, {
  sortKey: (post) => post.authorId,
});
export const byEditor = new TableAggregate<{ Key: string | null; DataModel: Data; TableName: "posts" }>(
  components.byEditor,
  {
    sortKey: (post) => post.editorId ?? null,
  },
);
export const byStatus = new TableAggregate<{
  Key: [number, string];
  DataModel: Data;
  TableName: "posts";
  Namespace: string;
}>(components.byStatus, {
  namespace: (post) => post.status,
  sortKey: (post) => [post.likes, post.authorId],
  sumValue: (post) => post.likes,
});
export const byNote = new TableAggregate<{ Key: string; DataModel: Data; TableName: "notes" }>(components.byNote, {
  sortKey: (note) => note.postId,
});

export const relations = defineRelations(schema, (r) => ({
  teams: { users: r.many.users({ to: "teamId" }) },
  users: { team: r.one.teams({ from: "teamId", onDelete: "cascade" }), posts: r.many.posts({ to: "authorId" }) },
  posts: {
    author: r.one.users({ from: "authorId", onDelete: "cascade" }),
    editor: r.one.users({ from: "editorId", onDelete: "set null" }),
    notes: r.many.notes({ to: "postId" }),
  },
  notes: { post: r.one.posts({ from: "postId", onDelete: "cascade" }) },
}));
const rules = { unique: { slug: ["slug"] }, deletion: { soft: "deletedAt", purgeAfterMs: 1_000 } } as const;
const make = (inlineRows: number) =>
  new Orm(components.orm, {
    schema,
    relations,
    tables: { posts: { ...rules, count: [byAuthor, byEditor, byStatus] }, notes: { count: byNote } },
    session: (): { userId: string } => ({ userId: caller.userId }),
    limits: { inlineRows },
  });
/** Who asks. */
export const caller = { userId: "" };
export const orm = make(500);
export const few = make(2);
/** The same app without aggregates: it counts rows. */
export const plain = new Orm(components.orm, { schema, relations, tables: { posts: rules } });

/** Inside the aggregate's component: builds a tree of sorted items at once, as its own inserts would over time. */
type Item = { k: Value; v: string; s: number };
const build = mutationGeneric({
  handler: async (ctx, { items, namespace }: { items: Item[]; namespace?: string }) => {
    const node = async (part: Item[], height: number): Promise<GenericId<"btreeNode">> => {
      const own: Item[] = [];
      const subtrees: GenericId<"btreeNode">[] = [];
      const children = height === 0 ? 0 : 9;
      for (let child = 0, from = 0; child < children; child++) {
        const to = child === children - 1 ? part.length : Math.floor(((child + 1) * part.length) / children);
        subtrees.push(await node(part.slice(from, to), height - 1));
        if (to < part.length) own.push(part[to]!);
        from = to + 1;
      }
      const sum = part.reduce((total, item) => total + item.s, 0);
      return await ctx.db.insert("btreeNode", {
        items: height === 0 ? part : own,
        subtrees,
        aggregate: { count: part.length, sum },
      });
    };
    const root = await node(items, 3);
    await ctx.db.patch(root, { aggregate: undefined });
    await ctx.db.insert("btree", { root, namespace, maxNodeSize: 16 });
  },
});

export function app(functions = orm.functions()) {
  const modules = {
    "./convex/_generated/api.ts": () => Promise.resolve({}),
    "./convex/orm.ts": () => Promise.resolve(functions),
  };
  const t = convexTest({ schema, modules, transactionLimits: true });
  register(t as never);
  const aggregateModules = { ...aggregate.modules, "./component/load.ts": () => Promise.resolve({ build }) };
  for (const name of names)
    (t as never as App & { registerComponent: (...args: unknown[]) => void }).registerComponent(
      name,
      aggregate.schema,
      aggregateModules,
    );
  for (const name of names) registerBatchWorker(t as never, `${name}/batchWorker`);
  return t;
}
export type App = ReturnType<typeof app>;
export const write = async <T>(t: App, run: (ctx: Ctx) => Promise<T>): Promise<T> =>
  await t.mutation(async (ctx) => await run(ctx as never));

/** What a read of the app reads. */
export async function reads<T>(t: App, run: (ctx: Ctx) => Promise<T>): Promise<{ answer: T; documents: number }> {
  return await write(t, async (ctx) => {
    const before = (await ctx.meta.getTransactionMetrics()).documentsRead.used;
    const answer = await run(ctx);
    return { answer, documents: (await ctx.meta.getTransactionMetrics()).documentsRead.used - before };
  });
}

export const finish = (t: App): Promise<void> => t.finishAllScheduledFunctions(() => void vi.runAllTimers(), 1_000);

/** Every aggregate holds exactly the visible rows, under the keys that they have now. */
export async function expectKept(t: App): Promise<void> {
  await write(t, async (ctx) => {
    const posts = (await ctx.db.query("posts").collect()).filter((post) => post.deletedAt === undefined);
    const notes = await ctx.db.query("notes").collect();
    const held = async (aggregate: unknown, namespace?: Value): Promise<string[]> => {
      const { iter } = {
        iter: (options: object) => (aggregate as typeof byAuthor).iter(ctx as never, options as never),
      };
      const items: string[] = [];
      for await (const { key, id } of iter(namespace === undefined ? {} : { namespace }))
        items.push(`${JSON.stringify(key)} ${id}`);
      return items.sort();
    };
    const wanted = <Row extends { _id: string }>(rows: readonly Row[], key: (row: Row) => unknown): string[] =>
      rows.map((row) => `${JSON.stringify(key(row))} ${row._id}`).sort();
    expect(await held(byAuthor)).toEqual(wanted(posts, (post) => post.authorId));
    expect(await held(byEditor)).toEqual(wanted(posts, (post) => post.editorId ?? null));
    for (const status of ["draft", "live"] as const) {
      const own = posts.filter((post) => post.status === status);
      expect(await held(byStatus, status)).toEqual(wanted(own, (post) => [post.likes, post.authorId]));
      const sum = await byStatus.sum(ctx as never, { namespace: status });
      expect(sum).toBeCloseTo(own.reduce((total, post) => total + post.likes, 0));
    }
    expect(await held(byNote)).toEqual(wanted(notes, (note) => note.postId));
  });
}

export const post = (authorId: UserId, slug: string, over: object = {}) =>
  ({ slug, authorId, status: "live", likes: 1, ...over }) as const;

export async function seed(t: App, posts: number): Promise<{ users: UserId[]; posts: PostId[] }> {
  const users = await write(
    t,
    async (ctx) =>
      await orm
        .system(ctx)
        .insert("users")
        .values(["Ada", "Bob", "Cy"].map((name) => ({ name }))),
  );
  const ids: PostId[] = [];
  for (let from = 0; from < posts; from += 40) {
    ids.push(
      ...(await write(t, async (ctx) => {
        const rows = Array.from({ length: Math.min(40, posts - from) }, (_, i) => {
          const n = from + i;
          return post(users[n % 3]!, `post ${n}`, {
            likes: n % 10,
            status: n % 2 === 0 ? "live" : "draft",
            ...(n % 5 === 0 ? { editorId: users[0]! } : {}),
          });
        });
        return await orm.system(ctx).insert("posts").values(rows);
      })),
    );
  }
  return { users, posts: ids };
}

export type Db = ReturnType<typeof orm.system<Ctx>>;
