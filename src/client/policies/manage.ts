import type { GenericDataModel, GenericMutationCtx, GenericQueryCtx } from "convex/server";
import type { ComponentApi } from "../../component/_generated/component.js";
import { OrmError } from "../errors.js";
import { isPlainObject } from "../predicate/values.js";
import { describe } from "../predicate/parse.js";
import type { Catalog } from "../schema/catalog.js";
import type { AnyModel, Policy, PolicySpec, TableName } from "../types/index.js";
import { whereOf } from "./clause.js";
import { encodePolicy, tableOf, type EncodedPolicy } from "./encode.js";
import { forgetSnapshots, type StoredPolicy } from "./run.js";

/** What changing policies asks of a context: that of a mutation, or of an action. */
export type PolicyMutationCtx = Pick<GenericMutationCtx<GenericDataModel>, "runMutation" | "runQuery">;
/** What listing them asks. */
export type PolicyQueryCtx = Pick<GenericQueryCtx<GenericDataModel>, "runQuery">;

/** Options of every policy mutation. */
export interface PolicyChangeOptions {
  /** Who makes the change, for the audit trail. */
  readonly actor?: string;
}

/** The difference that a `sync` made, as `"table.policy"`. */
export interface PolicySyncResult {
  readonly added: string[];
  readonly changed: string[];
  readonly removed: string[];
  /** Protected tables that the spec does not name. */
  readonly unlisted: string[];
}

/** A policy, its filters as they were written. */
export interface ListedPolicy {
  readonly table: string;
  readonly name: string;
  readonly as: "permissive" | "restrictive";
  readonly for: "all" | "select" | "insert" | "update" | "delete";
  /** Absent: everyone. */
  readonly to?: readonly string[];
  readonly using?: Readonly<Record<string, unknown>>;
  readonly withCheck?: Readonly<Record<string, unknown>>;
}

/** A table that is closed but for what its policies allow. */
export interface ProtectedTable {
  readonly table: string;
  /** `code`: by `protected: true` of the options; `policies`: by `sync`, `register` or `protect`. */
  readonly by: "code" | "policies";
  readonly policies: readonly string[];
}

/** One line of the audit trail. */
export interface PolicyHistoryEntry {
  readonly table: string;
  /** Null where the table itself was protected or unprotected. */
  readonly name: string | null;
  readonly action: "add" | "change" | "remove" | "protect" | "unprotect";
  readonly actor: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly before: Omit<ListedPolicy, "table"> | null;
  readonly after: Omit<ListedPolicy, "table"> | null;
}

/** `orm.policies`: changes and shows the policies that the component keeps. */
export class PolicyStore<M extends AnyModel> {
  constructor(
    protected readonly component: ComponentApi,
    protected readonly catalog: Catalog,
  ) {}

  /**
   * Makes the policies of the tables that `spec` names exactly those, in one transaction; nothing is written when
   * nothing changes. `{ prune: true }` removes the policies of the other protected tables, which stay protected.
   *
   * @throws OrmError `INVALID_POLICY`, before anything is written, with the place in `spec`.
   */
  async sync(
    ctx: PolicyMutationCtx,
    spec: PolicySpec<M>,
    options: PolicyChangeOptions & { readonly prune?: boolean } = {},
  ): Promise<PolicySyncResult> {
    const encoded: Record<string, Record<string, EncodedPolicy>> = {};
    for (const [table, policies] of Object.entries(record(spec, "policies"))) {
      const path = `policies -> ${table}`;
      tableOf(this.catalog, table, path);
      encoded[table] = {};
      for (const [name, policy] of Object.entries(record(policies, path))) {
        encoded[table][name] = encodePolicy(this.catalog, table, name, policy);
      }
    }
    const { prune } = options;
    const args = { spec: encoded, ...(prune !== undefined && { prune }), ...actorOf(options) };
    return await this.#change(ctx, () => ctx.runMutation(this.component.policies.sync, args));
  }

  /** Adds a policy, or replaces the one of this name; protects the table. @throws OrmError `INVALID_POLICY` */
  async register<T extends TableName<M>>(
    ctx: PolicyMutationCtx,
    table: T,
    name: string,
    policy: Policy<M, T>,
    options: PolicyChangeOptions = {},
  ): Promise<void> {
    const args = { table, name, policy: encodePolicy(this.catalog, table, name, policy), ...actorOf(options) };
    await this.#change(ctx, () => ctx.runMutation(this.component.policies.register, args));
  }

  /** Removes a policy; its table stays protected. @throws OrmError `NOT_FOUND` when there is no such policy. */
  async drop(
    ctx: PolicyMutationCtx,
    table: TableName<M>,
    name: string,
    options: PolicyChangeOptions = {},
  ): Promise<void> {
    const args = { table, name, ...actorOf(options) };
    await this.#change(ctx, () => ctx.runMutation(this.component.policies.drop, args));
  }

  /** Protects a table: without policies it denies everything. @throws OrmError `INVALID_POLICY` for no table. */
  async protect(ctx: PolicyMutationCtx, table: TableName<M>, options: PolicyChangeOptions = {}): Promise<void> {
    tableOf(this.catalog, table, `policies -> ${table}`);
    await this.#change(ctx, () => ctx.runMutation(this.component.policies.protect, { table, ...actorOf(options) }));
  }

  /**
   * Removes a table's policies and the protection that they gave it. A table that the code protects
   * (`protected: true`) stays so, and without policies denies everything.
   */
  async unprotect(ctx: PolicyMutationCtx, table: TableName<M>, options: PolicyChangeOptions = {}): Promise<void> {
    await this.#change(ctx, () => ctx.runMutation(this.component.policies.unprotect, { table, ...actorOf(options) }));
  }

  /** The policies, of one table or all, in the order of tables and names. */
  async list(ctx: PolicyQueryCtx, table?: TableName<M>): Promise<ListedPolicy[]> {
    const tables = await ctx.runQuery(this.component.policies.list, table === undefined ? {} : { table });
    return tables.flatMap((doc) => doc.policies.map((policy) => ({ table: doc.table, ...readable(policy) })));
  }

  /** The protected tables with the names of their policies, those without any included. */
  async tables(ctx: PolicyQueryCtx): Promise<ProtectedTable[]> {
    const stored = await ctx.runQuery(this.component.policies.list, {});
    const byCode = (name: string): boolean =>
      Object.hasOwn(this.catalog.tables, name) && this.catalog.tables[name]!.rules.protected;
    const found = stored.map(({ table, policies }): ProtectedTable => ({
      table,
      by: byCode(table) ? "code" : "policies",
      policies: policies.map((policy) => policy.name),
    }));
    for (const name of Object.keys(this.catalog.tables)) {
      if (byCode(name) && !stored.some((doc) => doc.table === name))
        found.push({ table: name, by: "code", policies: [] });
    }
    return found.sort((a, b) => (a.table < b.table ? -1 : 1));
  }

  /** Who changed which policy when, with the policy before and after; newest first. `limit` defaults to 100. */
  async history(
    ctx: PolicyQueryCtx,
    table?: TableName<M>,
    options: { readonly limit?: number } = {},
  ): Promise<PolicyHistoryEntry[]> {
    const { limit } = options;
    const args = { ...(table !== undefined && { table }), ...(limit !== undefined && { limit }) };
    const lines = await ctx.runQuery(this.component.policies.history, args);
    const policy = (text: string | null) => (text === null ? null : readable(JSON.parse(text) as StoredPolicy));
    return lines.map((line) => ({ ...line, before: policy(line.before), after: policy(line.after) }));
  }

  /** Reads after it see the change, whatever this run has read before. */
  async #change<T>(ctx: PolicyMutationCtx, change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } catch (error) {
      throw asOrmError(error);
    } finally {
      forgetSnapshots(ctx);
    }
  }
}

const actorOf = ({ actor }: PolicyChangeOptions): { actor?: string } => (actor === undefined ? {} : { actor });

function record(value: unknown, path: string): Record<string, unknown> {
  if (isPlainObject(value)) return value;
  throw new OrmError("INVALID_POLICY", `an object of policies is expected, not ${describe(value)}`, {
    path,
    hint: "Write { table: { name: { for: ..., using: {...} } } }; {} protects a table without policies.",
  });
}

/** A stored policy with its filters as objects. */
function readable({ name, as, for: command, to, using, withCheck }: StoredPolicy): Omit<ListedPolicy, "table"> {
  const filter = (text: string) => whereOf(text) as Readonly<Record<string, unknown>>;
  return {
    name,
    as,
    for: command,
    ...(to !== undefined && { to }),
    ...(using !== undefined && { using: filter(using) }),
    ...(withCheck !== undefined && { withCheck: filter(withCheck) }),
  };
}

/** The component's own refusals, which cross as plain `ConvexError`s, in the class that users catch. */
function asOrmError(error: unknown): unknown {
  const data = (error as { readonly data?: unknown } | null)?.data;
  if (!isPlainObject(data) || typeof data["code"] !== "string" || typeof data["message"] !== "string") return error;
  if (data["code"] !== "INVALID_POLICY" && data["code"] !== "NOT_FOUND") return error;
  const { code, message, ...details } = data as { code: "INVALID_POLICY" | "NOT_FOUND"; message: string };
  return new OrmError(code, message, details);
}
