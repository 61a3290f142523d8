import { session } from "convex-orm";
import { v } from "convex/values";
import { internalMutation } from "./_generated/server.js";
import { orm } from "./orm.js";

/** A customer is mine when it is myself, when I support it, or when someone who reports to me does. */
const myself = { _id: session("customerId") };
const supportedByMe = { supportRepId: session("employeeId") };
const supportedByMyReports = { supportRepId: { in: session("reportIds") } };

/**
 * Who sees and changes what. A policy that grants is permissive: a row shows when any of them holds. The tables of the
 * catalogue (artists, albums, tracks, genres, media types, playlists) have no policy and are open to everyone. Exported for
 * `convex-orm doctor --policies`.
 */
export const spec = {
  employees: {
    colleagues: { for: "select", to: ["staff"], using: {} },
    ownRep: { for: "select", to: ["customer"], using: { customers: { _id: session("customerId") } } },
  },
  customers: {
    own: { for: "select", to: ["customer"], using: myself },
    supported: { for: "select", to: ["support"], using: supportedByMe },
    ofReports: { for: "select", to: ["manager"], using: supportedByMyReports },
    edit: { for: "update", to: ["support"], using: supportedByMe },
  },
  invoices: {
    own: { for: "select", to: ["customer"], using: { customerId: session("customerId") } },
    supported: { for: "select", to: ["support"], using: { customer: supportedByMe } },
    ofReports: { for: "select", to: ["manager"], using: { customer: supportedByMyReports } },
    buy: { for: "insert", to: ["customer"], withCheck: { customerId: session("customerId") } },
    sell: { for: "insert", to: ["support"], withCheck: { customer: supportedByMe } },
  },
  invoiceLines: {
    own: { for: "select", to: ["customer"], using: { invoice: { customerId: session("customerId") } } },
    supported: { for: "select", to: ["support"], using: { invoice: { customer: supportedByMe } } },
    ofReports: { for: "select", to: ["manager"], using: { invoice: { customer: supportedByMyReports } } },
    buy: { for: "insert", to: ["customer"], withCheck: { invoice: { customerId: session("customerId") } } },
    sell: { for: "insert", to: ["support"], withCheck: { invoice: { customer: supportedByMe } } },
  },
} as const;

/** Brings the stored policies in line with `spec`. Run it after each deploy: it writes nothing when nothing changed. */
export const sync = internalMutation({
  args: {},
  returns: v.object({
    added: v.array(v.string()),
    changed: v.array(v.string()),
    removed: v.array(v.string()),
    unlisted: v.array(v.string()),
  }),
  handler: async (ctx) => await orm.policies.sync(ctx, spec, { actor: "deploy" }),
});
