import { session } from "convex-orm";

export const policies = {
  posts: {
    own: { for: "all", using: { authorId: session("userId") } },
    reviewed: { for: "select", to: ["member"], using: { reviewerId: session("userId") } },
    live: { for: "select", to: ["guest"], using: { status: "live" } },
    loud: { for: "select", using: { title: { contains: "!" } } },
    named: { as: "restrictive", for: "select", using: { title: { ne: "" } } },
    misspelt: { for: "select", using: { autorId: session("userId") } },
    insertUsing: { for: "insert", using: { status: "draft" } },
  },
  users: {
    everyone: { for: "select", using: {} },
    sameTeam: { as: "restrictive", for: "all", using: { teamId: session("teamId") } },
  },
  secrets: {},
};
