import { v } from "convex/values";
import { mutation, query } from "./_generated/server.js";
import { componentError } from "./errors.js";
import { loadSnapshot, loadTable, loadTables, writePolicies } from "./policyStore.js";
import { canonicalPolicy, policyPlace } from "./policyText.js";
import {
  vPolicyChange,
  vPolicyInput,
  vPolicySpec,
  vPolicyTable,
  vSyncResult,
  type PolicyTable,
  type SyncResult,
} from "./validators.js";

const HISTORY_LIMIT = 100;
const HISTORY_MAX = 1_000;

/**
 * All that a host needs to enforce policies and seal cursors, in one call, one index range, and one document a protected
 * table. `cursorKey` is null until the first policy mutation or `cursors.rotate`.
 */
export const snapshot = query({
  args: {},
  returns: v.object({ tables: v.array(vPolicyTable), cursorKey: v.union(v.bytes(), v.null()) }),
  handler: async (ctx) => {
    const { tables, cursorKey } = await loadSnapshot(ctx);
    return { tables: tables.map(withoutSystemFields), cursorKey };
  },
});

/** The protected tables with their policies, or the one named, in the order of their names. */
export const list = query({
  args: { table: v.optional(v.string()) },
  returns: v.array(vPolicyTable),
  handler: async (ctx, { table }) => {
    if (table !== undefined) {
      const found = await loadTable(ctx, table);
      return found === null ? [] : [withoutSystemFields(found)];
    }
    return (await loadTables(ctx)).map(withoutSystemFields);
  },
});

/** The audit trail, newest first. `limit` defaults to 100 and is at most 1,000. */
export const history = query({
  args: { table: v.optional(v.string()), limit: v.optional(v.number()) },
  returns: v.array(vPolicyChange),
  handler: async (ctx, { table, limit }) => {
    const changes = ctx.db.query("policyHistory");
    const ordered =
      table === undefined
        ? changes.order("desc")
        : changes.withIndex("by_table", (q) => q.eq("table", table)).order("desc");
    const found = await ordered.take(Math.min(limit ?? HISTORY_LIMIT, HISTORY_MAX));
    return found.map(({ _id, _creationTime, ...change }) => change);
  },
});

const vActor = v.optional(v.string());

/**
 * Adds a policy or replaces the one of this name, and protects its table. An equal one writes nothing.
 *
 * @throws INVALID_POLICY
 */
export const register = mutation({
  args: { table: v.string(), name: v.string(), policy: vPolicyInput, actor: vActor },
  returns: v.null(),
  handler: async (ctx, { table, name, policy, actor }) => {
    const fresh = canonicalPolicy(table, name, policy);
    const before = await loadTable(ctx, table);
    const others = (before?.policies ?? []).filter((p) => p.name !== name);
    await writePolicies(ctx, table, before, [...others, fresh], actor);
    return null;
  },
});

/**
 * Removes a policy. Its table stays protected, and without policies is closed.
 *
 * @throws NOT_FOUND when there is no such policy, as PostgreSQL's DROP POLICY does: a misspelt name is no success.
 */
export const drop = mutation({
  args: { table: v.string(), name: v.string(), actor: vActor },
  returns: v.null(),
  handler: async (ctx, { table, name, actor }) => {
    const before = await loadTable(ctx, table);
    if (before === null || !before.policies.some((p) => p.name === name)) {
      const message = `There is no policy ${policyPlace(table, name)}.`;
      throw componentError("NOT_FOUND", message, {
        table,
        policy: name,
        hint: "`policies.list` shows those there are.",
      });
    }
    const rest = before.policies.filter((p) => p.name !== name);
    await writePolicies(ctx, table, before, rest, actor);
    return null;
  },
});

/** Protects a table: without policies it denies everything. A protected one is left as it is. */
export const protect = mutation({
  args: { table: v.string(), actor: vActor },
  returns: v.null(),
  handler: async (ctx, { table, actor }) => {
    requireTableName(table);
    const before = await loadTable(ctx, table);
    await writePolicies(ctx, table, before, before?.policies ?? [], actor);
    return null;
  },
});

/** Removes a table's policies and its protection. An unprotected one is left as it is. */
export const unprotect = mutation({
  args: { table: v.string(), actor: vActor },
  returns: v.null(),
  handler: async (ctx, { table, actor }) => {
    await writePolicies(ctx, table, await loadTable(ctx, table), null, actor);
    return null;
  },
});

/**
 * Makes the policies of the tables named exactly those of `spec`, and writes the difference only. Tables not named
 * keep theirs and come back as `unlisted`; with `prune` they lose their policies and stay protected.
 *
 * @throws INVALID_POLICY before anything is written.
 */
export const sync = mutation({
  args: { spec: vPolicySpec, prune: v.optional(v.boolean()), actor: vActor },
  returns: vSyncResult,
  handler: async (ctx, { spec, prune, actor }): Promise<SyncResult> => {
    const wanted = Object.entries(spec).map(([table, policies]) => {
      requireTableName(table);
      return [table, Object.entries(policies).map(([name, policy]) => canonicalPolicy(table, name, policy))] as const;
    });
    const current = await loadTables(ctx);
    const byTable = new Map(current.map((doc) => [doc.table, doc]));
    const unlisted = current.map((doc) => doc.table).filter((table) => !Object.hasOwn(spec, table));
    const pruned = prune === true ? unlisted.map((table) => [table, []] as const) : [];

    const result: SyncResult = { added: [], changed: [], removed: [], unlisted };
    const listOf = { add: result.added, change: result.changed, remove: result.removed };
    for (const [table, policies] of [...wanted, ...pruned]) {
      const changes = await writePolicies(ctx, table, byTable.get(table) ?? null, [...policies], actor);
      for (const { action, name } of changes) {
        if (action !== "protect" && action !== "unprotect") listOf[action].push(policyPlace(table, name ?? ""));
      }
    }
    return result;
  },
});

function requireTableName(table: string): void {
  if (table !== "") return;
  throw componentError("INVALID_POLICY", "The table's name is empty.", {
    table,
    policy: "",
    hint: "Name a table of the schema.",
  });
}

const withoutSystemFields = ({ table, version, policies }: PolicyTable): PolicyTable => ({ table, version, policies });
