import { defineRelations, Orm } from "convex-orm";
import { components } from "./_generated/api";
import { mutation } from "./_generated/server";
import schema from "./schema";

export const relations = defineRelations(schema, (r) => ({
  users: {
    // A circle: a team has a leader, who is in a team.
    team: r.one.teams({ from: "teamId", onDelete: "set null" }),
    manager: r.one.users({ from: "managerId", onDelete: "restrict" }),
    reports: r.many.users({ to: "managerId" }),
    profile: r.one.profiles({ to: "userId" }),
    groups: r.many.groups({ through: { table: "memberships", from: "userId", to: "groupId" } }),
    logins: r.many.events({ to: "userId", where: { kind: "login" } }),
  },
  profiles: { user: r.one.users({ from: "userId", onDelete: "cascade" }) },
  teams: {
    leader: r.one.users({ from: "leaderId", onDelete: "set null", enforce: false }),
    members: r.many.users({ to: "teamId" }),
  },
  groups: { users: r.many.users({ through: { table: "memberships", from: "groupId", to: "userId" } }) },
  memberships: { user: r.one.users({ from: "userId", onDelete: "cascade" }) },
  // A composite key with actions, and keys that are unique on neither side.
  boxes: {
    shelf: r.one.shelves({
      from: ["region", "code"],
      to: ["region", "code"],
      onDelete: "no action",
      onUpdate: "cascade",
    }),
    aisles: r.many.aisles({ from: "region", to: "region" }),
  },
  shelves: { boxes: r.many.boxes({ from: ["code", "region"], to: ["code", "region"] }) },
  events: { user: r.one.users({ from: "userId" }) },
}));

export const orm = new Orm(components.orm, {
  schema,
  relations,
  tables: {
    users: { unique: { email: ["email"] }, deletion: { soft: "deletedAt" }, protected: true },
    profiles: { unique: { user: ["userId"] } },
    shelves: { unique: { key: ["region", "code"] } },
  },
});
export const { worker, hydrate } = orm.functions();

// A module may do more than declare; what it prints is not the command's.
console.log("loaded");
export const touch = mutation({ args: {}, handler: async () => null });
