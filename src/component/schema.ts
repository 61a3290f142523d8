import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { vJobStatus, vPolicyChange, vPolicyTable, vRetry } from "./validators.js";

export default defineSchema({
  /**
   * One document a protected table, all its policies within: what a host's query reads, in one index range. Each holds
   * a copy of the cursor key; a document of the table "" holds it while no table is protected.
   */
  policies: defineTable({ ...vPolicyTable.fields, cursorKey: v.optional(v.bytes()) }).index("by_table", ["table"]),

  /** One document: the counter that stamps `policies.version`, and the key that seals cursors. Read by mutations only. */
  settings: defineTable({ policyVersion: v.number(), cursorKey: v.optional(v.bytes()) }),

  /** The audit trail of the policies; only ever appended to. */
  policyHistory: defineTable(vPolicyChange).index("by_table", ["table"]),

  /** A job's public state and its driver's. Small whatever the job's size: the frontier is in `items`. */
  jobs: defineTable({
    kind: v.string(),
    status: vJobStatus,
    table: v.string(),
    handle: v.string(),
    session: v.union(v.string(), v.null()),
    actor: v.union(v.string(), v.null()),
    rowsDone: v.number(),
    /** How many items are unfinished. */
    frontier: v.number(),
    steps: v.number(),
    /** Failures in a row; a step that commits sets it to 0. */
    attempts: v.number(),
    error: v.union(v.string(), v.null()),
    startedAt: v.optional(v.number()),
    finishedAt: v.optional(v.number()),

    retry: vRetry,
    stepRows: v.number(),
    stepBytes: v.number(),
    /** The row budget in force: `stepRows`, less after a failure. */
    rowBudget: v.number(),
    /** How many items the next step loads. */
    itemCap: v.number(),
    /** Counts scheduled steps; a step or watchdog of another generation does nothing. */
    generation: v.number(),
    /** No unfinished item has a `seq` below this: steps start here, past the index entries of deleted items. */
    headSeq: v.number(),
    nextSeq: v.number(),
    /** When the first step is due, where that is too far off for one timer. */
    dueAt: v.optional(v.number()),
    step: v.optional(v.id("_scheduled_functions")),
    watchdog: v.optional(v.id("_scheduled_functions")),
  }).index("by_status_and_finishedAt", ["status", "finishedAt"]),

  /** The frontiers: one document an unfinished item, in the order of `seq`. */
  items: defineTable({
    jobId: v.id("jobs"),
    seq: v.number(),
    work: v.string(),
    /** How many documents of `held` belong to it. */
    holds: v.number(),
  }).index("by_job_and_seq", ["jobId", "seq"]),

  /** The natural keys that unfinished items keep taken. */
  held: defineTable({ key: v.string(), jobId: v.id("jobs"), itemId: v.id("items") })
    .index("by_key", ["key"])
    .index("by_item", ["itemId"]),
});
