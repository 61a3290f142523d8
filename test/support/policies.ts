/**
 * A small app to try policies in: posts that people own, in teams with members, and a table that the code protects.
 */
import { convexTest } from "convex-test";
import { componentsGeneric, defineSchema, defineTable } from "convex/server";
import type { GenericMutationCtx, DataModelFromSchemaDefinition } from "convex/server";
import { v } from "convex/values";
import type { GenericId, Value } from "convex/values";
import { register } from "../../src/test.js";
import { Policies } from "../../src/client/policies/index.js";
import type { PolicyOptions } from "../../src/client/policies/index.js";
import type { ComponentApi } from "../../src/component/_generated/component.js";
import { buildCatalog } from "../../src/client/schema/build.js";
import { defineRelations } from "../../src/client/schema/relations.js";
import type { OrmModel } from "../../src/client/types/index.js";

export const schema = defineSchema({
  users: defineTable({ name: v.string() }),
  teams: defineTable({ name: v.string() }),
  members: defineTable({ teamId: v.id("teams"), userId: v.id("users") })
    .index("by_team", ["teamId", "userId"])
    .index("by_user", ["userId"]),
  posts: defineTable({
    authorId: v.optional(v.id("users")),
    teamId: v.optional(v.id("teams")),
    status: v.string(),
    likes: v.number(),
    tags: v.optional(v.array(v.string())),
    deletedAt: v.optional(v.number()),
  })
    .index("by_author", ["authorId"])
    .index("by_team", ["teamId"])
    .index("by_status", ["status"]),
  secrets: defineTable({ text: v.string() }),
});

export const relations = defineRelations(schema, (r) => ({
  teams: {
    people: r.many.users({ through: { table: "members", from: "teamId", to: "userId" } }),
    posts: r.many.posts({ to: "teamId" }),
  },
  users: { posts: r.many.posts({ to: "authorId" }) },
  posts: { author: r.one.users({ from: "authorId" }), team: r.one.teams({ from: "teamId" }) },
}));

export const catalog = buildCatalog(schema, relations, {
  posts: { deletion: { soft: "deletedAt" } },
  secrets: { protected: true },
});
export const table = (name: string) => catalog.tables[name]!;

export interface Session {
  userId: GenericId<"users"> | null;
  teamIds?: (GenericId<"teams"> | null)[] | null;
  status?: string;
  roles?: string[];
}
export type Model = OrmModel<typeof schema, (typeof relations)["definitions"], unknown, Session>;
export type Ctx = GenericMutationCtx<DataModelFromSchemaDefinition<typeof schema>>;

export const components = componentsGeneric() as unknown as { orm: ComponentApi };

/** Policies whose relation filters and look-ups are never asked. */
export const noRows: PolicyOptions["rows"] = {
  find: () => Promise.reject(new Error("no row should be looked for")),
  probe: () => () => Promise.reject(new Error("no relation should be asked")),
};

export function makePolicies(options: Partial<PolicyOptions> = {}): Policies<Model> {
  return new Policies<Model>({
    component: components.orm,
    catalog,
    session: undefined,
    rls: true,
    rows: noRows,
    ...options,
  });
}

/** The app in convex-test, the component mounted; `modules` are host functions by file. */
export function start(modules: Record<string, object> = {}) {
  const files: Record<string, () => Promise<object>> = { "/convex/_generated/api.js": () => Promise.resolve({}) };
  for (const [name, exports] of Object.entries(modules)) files[`/convex/${name}.ts`] = () => Promise.resolve(exports);
  const t = convexTest({ schema, modules: files, transactionLimits: true });
  register(t as never);
  return t;
}

/** The data of the `OrmError` that a call throws. */
export async function refusal(call: () => unknown): Promise<Record<string, Value>> {
  try {
    await call();
  } catch (error) {
    const data = (error as { data?: unknown }).data;
    if (data === undefined) throw error;
    return (typeof data === "string" ? JSON.parse(data) : data) as Record<string, Value>;
  }
  throw new Error("nothing was thrown");
}
