import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

/** A host with one tree of rows, and a log that tells how often each row was handled. */
export default defineSchema({
  nodes: defineTable({ parent: v.union(v.string(), v.null()) }).index("by_parent", ["parent"]),
  handled: defineTable({ node: v.string() }).index("by_node", ["node"]),
});
