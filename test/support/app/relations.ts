/** The relations of `../schema.ts`, as a host writes them. `../catalog.ts` tells the oracle the same by hand. */
import { defineRelations } from "convex-orm";
import schema from "../schema.js";

export const relations = defineRelations(schema, (r) => ({
  teams: { members: r.many.users({ to: "teamId" }) },
  users: {
    team: r.one.teams({ from: "teamId" }),
    manager: r.one.users({ from: "managerId" }),
    reports: r.many.users({ to: "managerId" }),
    posts: r.many.posts({ to: "authorId" }),
    comments: r.many.comments({ to: "userId" }),
    card: r.one.cards({ to: "userId" }),
    groups: r.many.groups({ through: { table: "memberships", from: "userId", to: "groupId" } }),
  },
  posts: { author: r.one.users({ from: "authorId" }), comments: r.many.comments({ to: "postId" }) },
  comments: { post: r.one.posts({ from: "postId" }), user: r.one.users({ from: "userId" }) },
  groups: { members: r.many.users({ through: { table: "memberships", from: "groupId", to: "userId" } }) },
  memberships: { user: r.one.users({ from: "userId" }), group: r.one.groups({ from: "groupId" }) },
  cards: { user: r.one.users({ from: "userId" }) },
  depots: { parcels: r.many.parcels({ from: ["region", "code"], to: ["region", "code"] }) },
  parcels: { depot: r.one.depots({ from: ["region", "code"], to: ["region", "code"] }) },
}));
