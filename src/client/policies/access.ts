import { OrmError } from "../errors.js";
import type { Access, Command, RowRule } from "../predicate/access.js";
import type { IdTest } from "../predicate/ids.js";
import { normalize } from "../predicate/normalize.js";
import { always, and, never, or, type Predicate } from "../predicate/types.js";
import { keyText } from "../predicate/values.js";
import type { Catalog, TableInfo } from "../schema/catalog.js";
import { decodeClause, parseClause, policyName, variableValue, type Clause, type SessionVariables } from "./clause.js";
import type { Snapshot, StoredPolicy } from "./run.js";

const free: RowRule = Object.freeze({ predicate: always, dropped: [] });

/** Restricts nothing: `orm.system` and `rls: false`. */
export const systemAccess: Access = Object.freeze({
  system: true,
  isProtected: () => false,
  using: () => free,
  check: () => free,
  fingerprint: () => "",
});

/** One policy's part in a rule, for those who want to know more than the rule: `orm.policies.test`. */
export interface PolicyPart {
  readonly policy: StoredPolicy;
  readonly clause: Clause;
  /** Null where the policy has no such filter and says nothing. */
  readonly predicate: Predicate | null;
}

/** What a table's policies say, from the text of the policies and the values of the session. */
export class SessionAccess implements Access {
  readonly system = false;
  readonly #rules = new Map<string, RowRule>();
  readonly #parsed = new Map<string, Predicate>();
  readonly #roles: ReadonlySet<string>;

  /**
   * `variables` null: made without a session, for unprotected tables only. `isId` tells the ids of a table from other
   * texts: an `_id` operand that is none matches nothing.
   */
  constructor(
    readonly catalog: Catalog,
    readonly snapshot: Snapshot,
    readonly variables: SessionVariables | null,
    readonly isId?: IdTest,
  ) {
    this.#roles = rolesOf(variables);
  }

  isProtected(table: TableInfo): boolean {
    return table.rules.protected || this.snapshot.tables.has(table.name);
  }

  using(table: TableInfo, command: "select" | "update" | "delete"): RowRule {
    return this.#rule(table, command, "using");
  }

  check(table: TableInfo, command: "insert" | "update"): RowRule {
    return this.#rule(table, command, "withCheck");
  }

  #rule(table: TableInfo, command: Command, clause: Clause): RowRule {
    if (!this.isProtected(table)) return free;
    const key = `${table.name} ${command} ${clause}`;
    let rule = this.#rules.get(key);
    if (rule === undefined) this.#rules.set(key, (rule = this.#compose(table, command, clause)));
    return rule;
  }

  /** Permissive policies are ORed, restrictive ones ANDed to that (sql-createpolicy, "PERMISSIVE", "RESTRICTIVE"). */
  #compose(table: TableInfo, command: Command, clause: Clause): RowRule {
    const dropped = this.policiesOf(table)
      .filter((policy) => concerns(policy, command) && !this.applies(policy))
      .map((policy) => policyName(table.name, policy.name));
    const permissive: Predicate[] = [];
    const restrictive: Predicate[] = [];
    for (const { policy, predicate } of this.parts(table, command, clause)) {
      if (predicate === null) continue;
      const constant = normalize(predicate);
      // False in an OR and true in an AND say nothing. (Rules are never negated, so unknown is as good as false.)
      if (constant === (policy.as === "permissive" ? never : always)) dropped.push(policyName(table.name, policy.name));
      else (policy.as === "permissive" ? permissive : restrictive).push(predicate);
    }
    if (permissive.length === 0) return { predicate: never, dropped };
    return { predicate: and(or(...permissive), ...restrictive), dropped };
  }

  /** The policies of a table that apply to the command and session, parsed with the session's values. */
  parts(table: TableInfo, command: Command, clause: Clause): PolicyPart[] {
    return this.policiesOf(table)
      .filter((policy) => concerns(policy, command) && this.applies(policy))
      .map((policy) => {
        // `withCheck` falls back to `using` (sql-createpolicy: "if only a USING clause is specified, it is used for both").
        const own = clause === "withCheck" && policy.withCheck === undefined ? "using" : clause;
        return { policy, clause: own, predicate: this.#parse(table, policy, own) };
      });
  }

  /**
   * The policies of a table, all of which fit the schema: one that does not closes its table, whatever the command.
   *
   * @throws OrmError `INVALID_POLICY`
   */
  policiesOf(table: TableInfo): readonly StoredPolicy[] {
    const policies = this.snapshot.tables.get(table.name)?.policies ?? [];
    for (const policy of policies) {
      for (const clause of ["using", "withCheck"] as const) {
        const text = policy[clause];
        if (text === undefined) continue;
        const { error } = decodeClause(this.catalog, table, policy.name, clause, text);
        if (error !== null) {
          const { code, message, ...details } = error;
          throw new OrmError(code, message, details);
        }
      }
    }
    return policies;
  }

  /** A policy is for everyone, or for a role that the session has. */
  applies(policy: StoredPolicy): boolean {
    return policy.to === undefined || policy.to.some((role) => role === "public" || this.#roles.has(role));
  }

  #parse(table: TableInfo, policy: StoredPolicy, clause: Clause): Predicate | null {
    const text = policy[clause];
    if (text === undefined) return null;
    const key = JSON.stringify([table.name, policy.name, clause]);
    let predicate = this.#parsed.get(key);
    if (predicate === undefined) {
      const { where } = decodeClause(this.catalog, table, policy.name, clause, text);
      predicate = parseClause(this.catalog, table, policy.name, clause, where, this.#known(table), this.isId);
      this.#parsed.set(key, predicate);
    }
    return predicate;
  }

  #known(table: TableInfo): SessionVariables {
    if (this.variables !== null) return this.variables;
    throw new Error(`the access was made without a session, and "${table.name}" is protected`);
  }

  fingerprint(tables: readonly string[]): string {
    const parts: unknown[] = [];
    const named = new Set<string>();
    for (const name of [...new Set(tables)].sort()) {
      const table = this.catalog.tables[name];
      if (table === undefined || !this.isProtected(table)) continue;
      parts.push([name, this.snapshot.tables.get(name)?.version ?? 0]);
      for (const policy of this.policiesOf(table)) {
        if (policy.to !== undefined) named.add("roles");
        for (const clause of ["using", "withCheck"] as const) {
          const text = policy[clause];
          if (text === undefined) continue;
          for (const variable of decodeClause(this.catalog, table, policy.name, clause, text).variables)
            named.add(variable);
        }
      }
    }
    const variables = this.variables ?? {};
    const held = [...named].sort().filter((name) => Object.hasOwn(variables, name));
    return parts.length === 0
      ? ""
      : JSON.stringify([parts, held.map((name) => [name, keyText(variableValue(name, variables[name]))])]);
  }
}

const concerns = (policy: StoredPolicy, command: Command): boolean => policy.for === "all" || policy.for === command;

/** The session's roles; none when it returns no `roles`. */
function rolesOf(variables: SessionVariables | null): ReadonlySet<string> {
  const roles = variables !== null && Object.hasOwn(variables, "roles") ? variables["roles"] : null;
  if (roles === null || roles === undefined) return new Set();
  if (Array.isArray(roles) && roles.every((role) => typeof role === "string")) return new Set(roles as string[]);
  throw new OrmError("INVALID_POLICY", "the session's `roles` are no list of texts", {
    path: "session -> roles",
    hint: 'Return roles: ["member"], or [] for none.',
  });
}
