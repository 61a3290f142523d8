import { defineRelations, Orm } from "convex-orm";
import { components } from "./_generated/api";
import schema from "./schema";

export const relations = defineRelations(schema, (r) => ({
  users: {
    posts: r.many.posts({ to: "authorId" }),
    profile: r.one.profiles({ to: "userId" }),
    team: r.one.teams({ from: "teamId", onDelete: "set null" }),
  },
  posts: {
    author: r.one.users({ from: "authorId", onDelete: "cascade" }),
    editor: r.one.users({ from: "editorId" }),
    reviewer: r.one.users({ from: "reviewerId", onUpdate: "cascade" }),
    tags: r.many.tags({ through: { table: "taggings", from: "postId", to: "tagId" } }),
    status: r.one.users({ from: "authorId" }),
  },
  profiles: { user: r.one.users({ from: "userId", to: "email", onDelete: "cascade" }) },
}));

export const orm = new Orm(components.orm, {
  schema,
  relations,
  tables: {
    users: { unique: { email: ["email"] }, checks: { adult: { age: { atLeast: 18 } as never } } },
    posts: { protected: true, unique: { title: ["titel" as "title"] } },
    secrets: { protected: true },
    teams: { unique: { name: ["name"] }, softDelete: "deletedAt" } as never,
  },
  rls: false,
});
