import { defineRelations, Orm } from "convex-orm";
import { componentsGeneric } from "convex/server";
import type { ComponentApi } from "convex-orm/_generated/component.js";
import type { Ctx } from "./data.js";
import schema from "./schema.js";

/** The same store: the schema as it is, and the relations beside it. */
const relations = defineRelations(schema, (r) => ({
  users: { posts: r.many.posts({ to: "authorId" }) },
  posts: { author: r.one.users({ from: "authorId" }), comments: r.many.comments({ to: "postId" }) },
  comments: { post: r.one.posts({ from: "postId" }) },
}));

const { orm: component } = componentsGeneric() as unknown as { orm: ComponentApi<"orm"> };
const orm = new Orm(component, { schema, relations, rls: false });

/** convex-orm's database for a context. */
export const ormOf = (ctx: Ctx) => orm.with(ctx);
