import { getFunctionAddress } from "convex/server";
import type { FunctionReference, GenericDataModel, GenericQueryCtx } from "convex/server";
import type { ComponentApi } from "../../component/_generated/component.js";
import { componentFailure, OrmError } from "../errors.js";
import type { CursorKey } from "../predicate/access.js";
import { isPlainObject } from "../predicate/values.js";
import type { SessionVariables } from "./clause.js";

/** The context of a query or mutation, as far as policies use it. */
export interface RunCtx {
  readonly runQuery: GenericQueryCtx<GenericDataModel>["runQuery"];
  readonly auth?: object;
  readonly meta?: object;
  readonly storage?: object;
  readonly db?: { normalizeId(table: string, id: string): string | null };
}

/** A policy as the component keeps it. */
export interface StoredPolicy {
  readonly name: string;
  readonly as: "permissive" | "restrictive";
  readonly for: "all" | "select" | "insert" | "update" | "delete";
  readonly to?: readonly string[];
  /** JSON text of the filter. */
  readonly using?: string;
  readonly withCheck?: string;
}
export interface StoredTable {
  readonly table: string;
  /** Never repeats, whatever happens to the table. */
  readonly version: number;
  readonly policies: readonly StoredPolicy[];
}
export interface Snapshot {
  readonly tables: ReadonlyMap<string, StoredTable>;
  readonly cursorKey: CursorKey;
}

/** The `session` of the options, as it is called. */
export type SessionFunction = (ctx: never) => unknown;

/** What one function run has learnt. */
interface Run {
  /** By component: an app may mount several. */
  readonly snapshots: Map<string | object, Promise<Snapshot>>;
  /** By `ctx.auth`, for a context whose identity was replaced has a session of its own, then by `session`. */
  readonly sessions: Map<object, Map<SessionFunction, Promise<SessionVariables>>>;
}

/**
 * Runs by `ctx.meta`: the platform makes that object anew for each query and mutation, nested ones too, and copies of
 * the context (`customCtx`, `{ ...ctx }`) share it. (`ctx.auth` would do on the platform, but convex-test shares it.)
 */
const runs = new WeakMap<object, Run>();

function runOf(ctx: RunCtx): Run {
  const key = ctx.meta ?? ctx.storage ?? ctx;
  let run = runs.get(key);
  if (run === undefined) runs.set(key, (run = { snapshots: new Map(), sessions: new Map() }));
  return run;
}

/** The policies and the cursor key: the one component call of a run. */
export function loadSnapshot(ctx: RunCtx, component: ComponentApi): Promise<Snapshot> {
  const { snapshots } = runOf(ctx);
  watchMutations(ctx, component);
  const key = pathOf(component.policies.register) ?? component;
  const known = snapshots.get(key);
  if (known !== undefined) return known;
  const asked = ctx.runQuery(component.policies.snapshot, {}).then(
    ({ tables, cursorKey }): Snapshot => ({ tables: new Map(tables.map((doc) => [doc.table, doc])), cursorKey }),
    (error: unknown) => {
      throw componentFailure(error);
    },
  );
  snapshots.set(key, asked);
  asked.catch(() => {
    if (snapshots.get(key) === asked) snapshots.delete(key);
  });
  return asked;
}

/** Makes the reads after this ask the component again: a policy may have changed in this run. */
export function forgetSnapshots(ctx: RunCtx): void {
  runOf(ctx).snapshots.clear();
}

const watching = new WeakSet<object>();

/**
 * A nested mutation may change policies: a call of the component's own functions, or of a host function that makes
 * one. No platform call tells for free, so `ctx.runMutation` is wrapped, in place, on each context that has asked for
 * the policies: what follows a nested mutation asks again. Contexts that are frozen are left alone.
 */
function watchMutations(ctx: RunCtx & { readonly runMutation?: unknown }, component: ComponentApi): void {
  const inner = ctx.runMutation;
  if (typeof inner !== "function" || watching.has(inner)) return;
  const outer = async (reference: FunctionReference<"mutation", "internal" | "public">, ...rest: unknown[]) => {
    const harmless = isJobCall(reference, component);
    if (!harmless) forgetSnapshots(ctx);
    try {
      return (await Reflect.apply(inner, ctx, [reference, ...rest])) as unknown;
    } finally {
      if (!harmless) forgetSnapshots(ctx);
    }
  };
  watching.add(outer);
  Reflect.set(ctx, "runMutation", outer);
}

/** Starting a job calls nothing of the host before the transaction ends, and changes no policy. */
function isJobCall(reference: FunctionReference<"mutation", "internal" | "public">, component: ComponentApi): boolean {
  const called = pathOf(reference);
  const policies = pathOf(component.policies.register);
  if (called === undefined || policies === undefined || !policies.endsWith("/policies/register")) return false;
  return called.startsWith(`${policies.slice(0, -"policies/register".length)}jobs/`);
}

function pathOf(reference: FunctionReference<"mutation", "internal" | "public">): string | undefined {
  return (getFunctionAddress(reference) as { readonly reference?: string }).reference;
}

/** Contexts handed to `session`: a protected table read through them would wait for itself. */
const evaluating = new WeakSet<object>();

/**
 * The session's variables, evaluated at most once a run and `auth`. What `session` throws is thrown to every asker.
 *
 * @throws OrmError `INVALID_POLICY` when `session` needs itself, or returns no object.
 */
export function loadSession(ctx: RunCtx, session: SessionFunction): Promise<SessionVariables> {
  if (evaluating.has(ctx)) {
    throw new OrmError(
      "INVALID_POLICY",
      "`session` reads a protected table through `orm.with`, which needs the session",
      {
        path: "session",
        hint: "Read it with `orm.system(ctx)` or `ctx.db` there.",
      },
    );
  }
  const { sessions } = runOf(ctx);
  const key = ctx.auth ?? ctx;
  let byFunction = sessions.get(key);
  if (byFunction === undefined) sessions.set(key, (byFunction = new Map()));
  let variables = byFunction.get(session);
  if (variables === undefined) byFunction.set(session, (variables = evaluate(ctx, session)));
  return variables;
}

async function evaluate(ctx: RunCtx, session: SessionFunction): Promise<SessionVariables> {
  const own = { ...ctx };
  evaluating.add(own);
  const variables = await session(own as never);
  if (!isPlainObject(variables)) {
    throw new OrmError("INVALID_POLICY", "`session` returned no object of variables", {
      path: "session",
      hint: "Return { userId: null, roles: [] } for nobody.",
    });
  }
  return variables;
}
