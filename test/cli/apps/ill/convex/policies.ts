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
  // Narrow what is bounded already: no finding.
  profiles: {
    own: { for: "select", using: { userId: session("userId") } },
    notNull: { as: "restrictive", for: "select", using: { userId: { ne: "nobody" } } },
    edit: { for: "update", using: { user: { bio: { contains: "!" } } } },
  },
  teams: {
    all: { for: "select", to: ["admin"], using: {} },
    rename: { for: "update", to: ["guest"], using: { name: { contains: "?" } } },
  },
  users: {
    everyone: { for: "select", using: {} },
    sameTeam: { as: "restrictive", for: "all", using: { teamId: session("teamId") } },
  },
  secrets: {},
};
