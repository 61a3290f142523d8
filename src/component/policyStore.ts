import { compareValues } from "convex/values";
import type { Doc } from "./_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "./_generated/server.js";
import { policyAsText } from "./policyText.js";
import type { Policy, PolicyChange } from "./validators.js";

/** The document of a protected table, or null. */
export const loadTable = (ctx: QueryCtx, table: string): Promise<Doc<"policies"> | null> =>
  ctx.db
    .query("policies")
    .withIndex("by_table", (q) => q.eq("table", table))
    .unique();

/** Where the cursor key is kept while no table is protected. */
const noTable = "";

/** Every document of `policies`, in the order of the names: one a protected table, so a few dozen in all. */
async function loadDocuments(ctx: QueryCtx): Promise<Doc<"policies">[]> {
  const documents: Doc<"policies">[] = [];
  for await (const document of ctx.db.query("policies").withIndex("by_table")) documents.push(document);
  return documents;
}

/** Every protected table, in the order of the names. */
export const loadTables = async (ctx: QueryCtx): Promise<Doc<"policies">[]> =>
  (await loadDocuments(ctx)).filter(({ table }) => table !== noTable);

/** What a host's query needs: the tables and the cursor key, read in one index range. */
export async function loadSnapshot(
  ctx: QueryCtx,
): Promise<{ tables: Doc<"policies">[]; cursorKey: ArrayBuffer | null }> {
  const documents = await loadDocuments(ctx);
  return { tables: documents.filter(({ table }) => table !== noTable), cursorKey: documents[0]?.cursorKey ?? null };
}

/** Copies the key to every document of `policies`, so that snapshots need no other. */
export async function placeCursorKey(ctx: MutationCtx, cursorKey: ArrayBuffer): Promise<void> {
  const documents = await loadDocuments(ctx);
  for (const { _id, cursorKey: own } of documents) {
    if (own === undefined || compareValues(own, cursorKey) !== 0) await ctx.db.patch("policies", _id, { cursorKey });
  }
  const keeper = documents.find(({ table }) => table === noTable);
  if (documents.length === 0) await ctx.db.insert("policies", { table: noTable, version: 0, policies: [], cursorKey });
  else if (keeper !== undefined && documents.length > 1) await ctx.db.delete("policies", keeper._id);
}

export const loadSettings = (ctx: QueryCtx): Promise<Doc<"settings"> | null> => ctx.db.query("settings").unique();

/** 32 fresh random bytes: the key that seals cursors. */
export const newCursorKey = (): ArrayBuffer => crypto.getRandomValues(new Uint8Array(32)).buffer;

/**
 * Replaces a table's policies and records who did it. `before` null means unprotected until now, `after` null means
 * unprotected from now on. Writes nothing when nothing changes.
 *
 * Every change reads and writes the one `settings` document, so two policy mutations at once run one after the other:
 * the later of two syncs wins as a whole.
 */
export async function writePolicies(
  ctx: MutationCtx,
  table: string,
  before: Doc<"policies"> | null,
  after: Policy[] | null,
  actor: string | undefined,
): Promise<PolicyChange[]> {
  const changes = compare(table, before?.policies ?? null, after, actor ?? null);
  if (changes.length === 0) return changes;
  const { version, cursorKey } = await nextVersion(ctx);
  if (after === null) {
    if (before !== null) await ctx.db.delete("policies", before._id);
  } else {
    const policies = [...after].sort((a, b) => (a.name < b.name ? -1 : 1));
    if (before === null) await ctx.db.insert("policies", { table, version, policies, cursorKey });
    else await ctx.db.patch("policies", before._id, { version, policies });
  }
  if ((before === null) !== (after === null)) await placeCursorKey(ctx, cursorKey);
  for (const change of changes) await ctx.db.insert("policyHistory", change);
  return changes;
}

/** The audit lines between two states of a table, policies in the order of their names. */
function compare(table: string, before: Policy[] | null, after: Policy[] | null, actor: string | null): PolicyChange[] {
  const at = Date.now();
  const texts = (policies: Policy[] | null) => new Map((policies ?? []).map((p) => [p.name, policyAsText(p)] as const));
  const [old, fresh] = [texts(before), texts(after)];
  const changes: PolicyChange[] = [];
  for (const name of [...new Set([...old.keys(), ...fresh.keys()])].sort()) {
    const [was, is] = [old.get(name) ?? null, fresh.get(name) ?? null];
    if (was === is) continue;
    const action = was === null ? "add" : is === null ? "remove" : "change";
    changes.push({ table, name, action, actor, at, before: was, after: is });
  }
  const line = { table, name: null, actor, at, before: null, after: null } as const;
  if (before === null && after !== null) changes.unshift({ ...line, action: "protect" });
  if (before !== null && after === null) changes.push({ ...line, action: "unprotect" });
  return changes;
}

/** Counts the policy version up, over all tables, and makes the cursor key on the first change. */
async function nextVersion(ctx: MutationCtx): Promise<{ version: number; cursorKey: ArrayBuffer }> {
  const settings = await loadSettings(ctx);
  const version = (settings?.policyVersion ?? 0) + 1;
  const cursorKey = settings?.cursorKey ?? newCursorKey();
  if (settings === null) await ctx.db.insert("settings", { policyVersion: version, cursorKey });
  else await ctx.db.patch("settings", settings._id, { policyVersion: version, cursorKey });
  return { version, cursorKey };
}
