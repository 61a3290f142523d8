/** Articles in several languages, of several teams, with a text to search and a vector to be near to. */
import { convexTest } from "convex-test";
import { componentsGeneric, defineSchema, defineTable } from "convex/server";
import type { DataModelFromSchemaDefinition, GenericActionCtx, GenericMutationCtx } from "convex/server";
import { v } from "convex/values";
import type { GenericId } from "convex/values";
import { defineRelations, Orm } from "../../src/client/index.js";
import type { ComponentApi } from "../../src/component/_generated/component.js";
import { register } from "../../src/test.js";

export const schema = defineSchema({
  teams: defineTable({ name: v.string() }).index("by_name", ["name"]),
  articles: defineTable({
    title: v.string(),
    body: v.string(),
    lang: v.string(),
    team: v.string(),
    teamId: v.optional(v.id("teams")),
    likes: v.number(),
    embedding: v.array(v.float64()),
    deletedAt: v.optional(v.number()),
  })
    .index("by_team", ["teamId"])
    .searchIndex("search_body", { searchField: "body", filterFields: ["lang", "team"] })
    .vectorIndex("by_embedding", { vectorField: "embedding", dimensions: 3, filterFields: ["lang", "team"] }),
});

export const relations = defineRelations(schema, (r) => ({
  articles: { owner: r.one.teams({ from: "teamId" }) },
  teams: { articles: r.many.articles({ to: "teamId" }) },
}));

export interface Session {
  team: string | null;
  roles: string[];
}
export type Data = DataModelFromSchemaDefinition<typeof schema>;
export type Article = Data["articles"]["document"];

export const { orm: component } = componentsGeneric() as unknown as { orm: ComponentApi };
export const orm = new Orm(component, {
  schema,
  relations,
  tables: { articles: { deletion: { soft: "deletedAt" } } },
  session: async (ctx): Promise<Session> => ({ team: (await ctx.auth.getUserIdentity())?.subject ?? null, roles: [] }),
});

const functions = orm.functions();

export async function open() {
  const modules = {
    "./convex/_generated/api.ts": () => Promise.resolve({}),
    "./convex/orm.ts": () => Promise.resolve(functions),
  };
  const t = convexTest({ schema, modules, transactionLimits: true });
  register(t as never);
  return t;
}
export type Store = Awaited<ReturnType<typeof open>>;

export type Fields = Omit<Article, "_id" | "_creationTime">;

/** An article with what is left out filled in. */
export const article = (fields: Partial<Fields>): Fields => ({
  title: "untitled",
  body: "convex",
  lang: "en",
  team: "red",
  likes: 0,
  embedding: [1, 0, 0],
  ...fields,
});

export const fill = (t: Store, rows: readonly Fields[]): Promise<GenericId<"articles">[]> =>
  t.run(async (ctx: GenericMutationCtx<Data>) => {
    const ids: GenericId<"articles">[] = [];
    for (const row of rows) ids.push(await ctx.db.insert("articles", row));
    return ids;
  });

type QueryCtx = GenericMutationCtx<Data>;
type ActionCtx = GenericActionCtx<Data>;

/** Runs in a query, as a member of a team or as nobody, and tells what it read. */
export async function asking<T>(t: Store, run: (ctx: QueryCtx) => Promise<T>, team?: string) {
  const caller = team === undefined ? t : t.withIdentity({ subject: team });
  return await caller.query(async (ctx) => {
    const value = await run(ctx as unknown as QueryCtx);
    const { documentsRead, databaseQueries } = await ctx.meta.getTransactionMetrics();
    return { value, documents: documentsRead.used, queries: databaseQueries.used };
  });
}

export async function acting<T>(t: Store, run: (ctx: ActionCtx) => Promise<T>, team?: string): Promise<T> {
  const caller = team === undefined ? t : t.withIdentity({ subject: team });
  return (await caller.action((ctx) => run(ctx as unknown as ActionCtx))) as T;
}

/** The code of the error that was thrown. */
export async function codeOf(work: () => Promise<unknown>): Promise<string> {
  return (await dataOf(work)).code;
}

export async function dataOf(
  work: () => Promise<unknown>,
): Promise<{ code: string; message: string; hint?: string; path?: string }> {
  try {
    await work();
  } catch (error) {
    const { data } = error as { data?: unknown };
    if (typeof data === "object" && data !== null) return data as { code: string; message: string };
    throw error;
  }
  return { code: "no error", message: "" };
}
