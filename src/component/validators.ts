import { v, type Infer } from "convex/values";

/**
 * A policy as the host hands it over. `for` and `as` are plain strings here and judged by `policyText.ts`, so that a
 * wrong one is an `INVALID_POLICY` that says what is allowed. `using` and `withCheck` are a filter object or its
 * `convexToJson` text; text is the safe form, since Convex drops `undefined` out of an object on the way.
 */
export const vPolicyInput = v.object({
  as: v.optional(v.string()),
  for: v.string(),
  to: v.optional(v.array(v.string())),
  using: v.optional(v.any()),
  withCheck: v.optional(v.any()),
});
export type PolicyInput = Infer<typeof vPolicyInput>;

export const vCommand = v.union(
  v.literal("all"),
  v.literal("select"),
  v.literal("insert"),
  v.literal("update"),
  v.literal("delete"),
);
export const vAs = v.union(v.literal("permissive"), v.literal("restrictive"));

/** A policy as stored: `using` and `withCheck` are canonical JSON text, since Convex refuses keys like `_id`. */
export const vPolicy = v.object({
  name: v.string(),
  as: vAs,
  for: vCommand,
  to: v.optional(v.array(v.string())),
  using: v.optional(v.string()),
  withCheck: v.optional(v.string()),
});
export type Policy = Infer<typeof vPolicy>;

/** A protected table: `version` is unique over all tables and all time. */
export const vPolicyTable = v.object({ table: v.string(), version: v.number(), policies: v.array(vPolicy) });
export type PolicyTable = Infer<typeof vPolicyTable>;

/** Table name -> policy name -> policy. */
export const vPolicySpec = v.record(v.string(), v.record(v.string(), vPolicyInput));

/** What a `sync` did: `added`, `changed` and `removed` hold `"table.policy"`, `unlisted` holds table names. */
export const vSyncResult = v.object({
  added: v.array(v.string()),
  changed: v.array(v.string()),
  removed: v.array(v.string()),
  unlisted: v.array(v.string()),
});
export type SyncResult = Infer<typeof vSyncResult>;

export const vPolicyAction = v.union(
  v.literal("add"),
  v.literal("change"),
  v.literal("remove"),
  v.literal("protect"),
  v.literal("unprotect"),
);

/** One line of the audit trail. `name` is null where the table itself was (un)protected; `at` is in milliseconds. */
export const vPolicyChange = v.object({
  table: v.string(),
  name: v.union(v.string(), v.null()),
  action: vPolicyAction,
  actor: v.union(v.string(), v.null()),
  at: v.number(),
  before: v.union(v.string(), v.null()),
  after: v.union(v.string(), v.null()),
});
export type PolicyChange = Infer<typeof vPolicyChange>;

export const vJobStatus = v.union(
  v.literal("pending"),
  v.literal("running"),
  v.literal("succeeded"),
  v.literal("failed"),
  v.literal("cancelled"),
);
export type JobStatus = Infer<typeof vJobStatus>;

/** A job as hosts see it. Times are in milliseconds; `frontier` counts open items, `attempts` failures in a row. */
export const vJob = v.object({
  _id: v.string(),
  kind: v.string(),
  status: vJobStatus,
  rowsDone: v.number(),
  frontier: v.number(),
  steps: v.number(),
  attempts: v.number(),
  error: v.union(v.string(), v.null()),
  createdAt: v.number(),
  startedAt: v.optional(v.number()),
  finishedAt: v.optional(v.number()),
});
export type Job = Infer<typeof vJob>;

/** After the nth failure in a row a job waits `initialBackoffMs * base ** (n - 1)`; after `attempts` it is parked. */
export const vRetry = v.object({ attempts: v.number(), initialBackoffMs: v.number(), base: v.number() });

/** A new item of a frontier. `work` is the worker's own text; `holds` are natural keys taken until it is done. */
export const vNewItem = v.object({ work: v.string(), holds: v.optional(v.array(v.string())) });
export type NewItem = Infer<typeof vNewItem>;

/** What the host's worker is called with. `attempt` counts from 1; `budget` bounds the rows and bytes it may handle. */
export const vWorkerArgs = v.object({
  job: v.object({ id: v.string(), kind: v.string(), table: v.string(), attempt: v.number() }),
  session: v.union(v.string(), v.null()),
  items: v.array(v.object({ id: v.string(), work: v.string() })),
  budget: v.object({ rows: v.number(), bytes: v.number() }),
});
export type WorkerArgs = Infer<typeof vWorkerArgs>;

/**
 * What the worker answers. An item left out stays as it is; one that is `done` goes with its holds; else `work` and
 * `holds`, where given, replace the item's. `rows` is how many rows the step changed.
 */
export const vWorkerResult = v.object({
  items: v.array(
    v.object({
      id: v.string(),
      done: v.boolean(),
      work: v.optional(v.string()),
      holds: v.optional(v.array(v.string())),
    }),
  ),
  added: v.array(vNewItem),
  rows: v.number(),
});
export type WorkerResult = Infer<typeof vWorkerResult>;
