import type { App } from "./extract.js";

/**
 * What the pages of docs/ speak of: one app for all, with every table that some snippet names. A page that shows a file
 * of its own (`// convex/orm.ts`) has that one in its place.
 */
const fixture: App = {
  "convex/schema.ts": `
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({
  teams: defineTable({ name: v.string() }),
  users: defineTable({
    name: v.string(),
    email: v.string(),
    role: v.union(v.literal("admin"), v.literal("member")),
    teamId: v.optional(v.id("teams")),
    managerId: v.optional(v.id("users")),
  })
    .index("by_email", ["email"])
    .index("by_team", ["teamId"])
    .index("by_manager", ["managerId"]),
  profiles: defineTable({ userId: v.id("users"), bio: v.string() }).index("by_user", ["userId"]),
  groups: defineTable({ label: v.string() }),
  memberships: defineTable({ userId: v.id("users"), groupId: v.id("groups") })
    .index("by_user", ["userId"])
    .index("by_group", ["groupId"]),
  posts: defineTable({
    authorId: v.id("users"),
    title: v.string(),
    body: v.optional(v.string()),
    lang: v.optional(v.string()),
    status: v.union(v.literal("draft"), v.literal("live")),
    likes: v.number(),
    publishedAt: v.optional(v.number()),
    embedding: v.optional(v.array(v.float64())),
  })
    .index("by_author", ["authorId", "publishedAt"])
    .searchIndex("search_body", { searchField: "body", filterFields: ["lang", "status"] })
    .vectorIndex("by_embedding", { vectorField: "embedding", dimensions: 4, filterFields: ["lang"] }),
  comments: defineTable({
    postId: v.id("posts"),
    userId: v.id("users"),
    text: v.string(),
    approved: v.boolean(),
    flagged: v.boolean(),
    likes: v.number(),
  })
    .index("by_post", ["postId", "likes"])
    .index("by_user", ["userId"]),
  invoices: defineTable({ userId: v.id("users") }).index("by_user", ["userId"]),
  shelves: defineTable({ region: v.string(), code: v.string() }).index("by_key", ["region", "code"]),
  boxes: defineTable({ region: v.string(), code: v.string() }).index("by_shelf", ["region", "code"]),
  logs: defineTable({ at: v.number() }).index("by_at", ["at"]),
});
`,
  "convex/orm.ts": `
import { defineRelations, Orm } from "convex-orm";
import { components } from "./_generated/api";
import type { Id } from "./_generated/dataModel";
import schema from "./schema";
export interface Session {
  userId: Id<"users"> | null;
  roles: string[];
}
export const relations = defineRelations(schema, (r) => ({
  teams: { members: r.many.users({ to: "teamId" }) },
  users: {
    team: r.one.teams({ from: "teamId", onDelete: "set null" }),
    posts: r.many.posts({ to: "authorId" }),
    groups: r.many.groups({ through: { table: "memberships", from: "userId", to: "groupId" } }),
  },
  posts: {
    author: r.one.users({ from: "authorId", onDelete: "cascade" }),
    comments: r.many.comments({ to: "postId" }),
  },
  comments: { post: r.one.posts({ from: "postId", onDelete: "cascade" }), user: r.one.users({ from: "userId" }) },
}));
export const orm = new Orm(components.orm, {
  schema,
  relations,
  tables: {
    users: { unique: { email: ["email"] }, defaults: { role: "member" } },
    posts: { defaults: { status: "draft", likes: 0 } },
  },
  session: (): Session => ({ userId: null, roles: [] }),
});
export const { worker, hydrate } = orm.functions();
`,
  "convex/fixture.tsx": `
import type { FunctionReference } from "convex/server";
import { Triggers } from "convex-helpers/server/triggers";
import type { DataModel, Id } from "./_generated/dataModel";
import type { MutationCtx, QueryCtx } from "./_generated/server";
import { orm } from "./orm";
export declare function embed(text: string): Promise<number[]>;
export declare function currentUserId(ctx: QueryCtx | { db: unknown }): Promise<Id<"users"> | null>;
export const triggers = new Triggers<DataModel>();
type Row<Args, Result> = FunctionReference<"query", "public", Args & Record<string, unknown>, Result>;
export declare const api: {
  jobs: { progress: Row<{ id: string }, Awaited<ReturnType<typeof orm.jobs.get>>> };
  posts: { feed: FunctionReference<"query", "public", any, any> };
};
/** Names that stand for values of the reader's own. */
export interface Given {
  ctx: MutationCtx;
  me: Id<"users">;
  you: Id<"users">;
  userId: Id<"users">;
  authorId: Id<"users">;
  teamId: Id<"teams">;
  post: Id<"posts">;
  _id: any;
  text: string;
  name: string;
  email: string;
  paginationOpts: { numItems: number; cursor: string | null };
}
`,
};

/** Where the names come from that snippets use without saying so. */
const imports: Readonly<Record<string, string>> = {
  v: "convex/values",
  defineSchema: "convex/server",
  defineTable: "convex/server",
  paginationOptsValidator: "convex/server",
  query: "./_generated/server",
  mutation: "./_generated/server",
  action: "./_generated/server",
  internalMutation: "./_generated/server",
  components: "./_generated/api",
  schema: "./schema",
  relations: "./orm",
  orm: "./orm",
  Orm: "convex-orm",
  defineRelations: "convex-orm",
  session: "convex-orm",
  mergedStream: "convex-helpers/server/stream",
  useQuery: "convex/react",
  usePaginatedQuery: "convex/react",
  embed: "./fixture",
  currentUserId: "./fixture",
  triggers: "./fixture",
  api: "./fixture",
};

/** The imports that a snippet leaves out: of names that it uses, and neither imports nor defines. */
function missingImports(code: string): string {
  const lines = Object.entries(imports).flatMap(([name, from]) => {
    const used = new RegExp(`(?<![.\\w"])${name}\\b(?!["':])`).test(code);
    const own = new RegExp(`^import [^;"]*\\b${name}\\b|(const|function) (\\{[^}]*)?\\b${name}\\b`, "m").test(code);
    if (!used || own) return [];
    return [name === "schema" ? `import schema from "${from}";` : `import { ${name} } from "${from}";`];
  });
  return lines.join(" ");
}

/** Statements as they stand in a mutation; a property as it stands in `defineRelations` or in the options. */
function wrapped(code: string): string {
  const lines = code.split("\n");
  const own = lines.filter((line) => line.startsWith("import ")).join(" ");
  const body = lines.filter((line) => !line.startsWith("import ")).join("\n");
  if (/^session:/.test(body.trim()))
    return `import type { Session } from "./orm"; new Orm(components.orm, { schema, relations, ${body} });`;
  if (/^\w+: /.test(body.trim())) return `defineRelations(schema, (r) => ({ ${body} }));`;
  const given = "ctx, me, you, userId, authorId, teamId, post, _id, text, name, email, paginationOpts";
  return `${own} import type { Given } from "./fixture"; export async function snippet({ ${given} }: Given) { const db = orm.with(ctx); {\n${body}\n} }`;
}

const isModule = (code: string) => /^export /m.test(code) || /^function /m.test(code);

const fence = /^ *```(tsx?)\n([\s\S]*?)^ *```$/gm;
const fileName = /^\/\/ (convex\/[\w.]+\.ts)\n/;

/**
 * The apps that the TypeScript of Markdown pages makes: a file a block, or the file that the block names in its first
 * line. All pages share one app, but for the files of a page that has a `convex/orm.ts` of its own. A block that says
 * more than `ts` or `tsx` on its fence is left out.
 */
export function appsOfPages(pages: Readonly<Record<string, string>>): Record<string, App> {
  const shared: Record<string, string> = { ...fixture };
  const apps: Record<string, App> = { pages: shared };
  for (const [page, markdown] of Object.entries(pages)) {
    const blocks = [...markdown.matchAll(fence)].map(([, language, code]) => ({ language: language!, code: code! }));
    const alone = blocks.some(({ code }) => code.startsWith("// convex/orm.ts\n"));
    // Only the shared app's rules have a default for it.
    const schema = fixture["convex/schema.ts"]!.replaceAll("likes: v.number()", "likes: v.optional(v.number())");
    const own: Record<string, string> = { "convex/schema.ts": schema };
    if (alone) apps[`pages of ${page}`] = own;
    blocks.forEach(({ language, code }, at) => {
      const named = fileName.exec(code)?.[1];
      const file = named ?? `convex/${page.replace(".md", "")}_${at + 1}.${language}`;
      const app = alone && named !== undefined ? own : shared;
      if (app === shared && file in shared) throw new Error(`${page}: another page shows a ${file}`);
      const text = named !== undefined || isModule(code) ? code : wrapped(code);
      app[file] = `${missingImports(text)}\n${text}`;
    });
  }
  return apps;
}
