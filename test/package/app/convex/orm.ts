import { defineRelations, Orm } from "convex-orm";
import { components } from "./_generated/api.js";
import schema from "./schema.js";

export const relations = defineRelations(schema, (r) => ({
  users: { posts: r.many.posts({ to: "authorId" }) },
  posts: { author: r.one.users({ from: "authorId", onDelete: "cascade" }) },
}));

export const orm = new Orm(components.orm, { schema, relations });

export const { worker, hydrate } = orm.functions();
