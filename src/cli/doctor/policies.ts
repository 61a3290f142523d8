import { parseClause, policyName, whereOf } from "../../client/policies/clause.js";
import { suggestIndexes } from "../../client/planner/advise.js";
import { defaultLimits } from "../../client/planner/limits.js";
import { planQuery } from "../../client/planner/plan-query.js";
import type { QueryPlan } from "../../client/planner/plan.js";
import { normalize } from "../../client/predicate/normalize.js";
import { always, never } from "../../client/predicate/types.js";
import type { Catalog, TableInfo } from "../../client/schema/catalog.js";
import type { Finding } from "../findings.js";
import { placeholders } from "./placeholders.js";
import type { StoredSpec } from "./spec.js";

type Policy = StoredSpec[string][number];

/** What can be said of policies: those that no index serves, and tables that are not as closed as they look. */
export function policies(catalog: Catalog, stored: StoredSpec): Finding[] {
  return [
    ...Object.entries(stored).flatMap(([name, list]) => unserved(catalog, catalog.tables[name]!, list)),
    ...protection(catalog, stored),
  ];
}

/** How the rows that a policy shows are found when the query says nothing itself. */
interface Served {
  readonly policy: Policy;
  /** `all`: it shows every row, so that there is nothing to find. `unknown`: it depends on the session's values. */
  readonly by: "index" | "scan" | "all" | "unknown";
  readonly plan: QueryPlan | null;
}

function unserved(catalog: Catalog, table: TableInfo, list: readonly Policy[]): Finding[] {
  const reading = list.filter((policy) => policy.for !== "insert" && policy.using !== undefined);
  const served = reading.map((policy) => serve(catalog, table, policy));
  return served.flatMap(({ policy, by, plan }) => {
    if (by !== "scan" || plan === null) return [];
    if (narrows(policy) && !served.some((other) => shows(other) && shareRoles(other.policy, policy))) return [];
    const lines = suggestIndexes(table, plan).map(({ text }) => text);
    return [
      {
        rule: "policy-without-index",
        severity: "warning",
        table: table.name,
        path: `policies -> ${table.name} -> ${policy.name}`,
        message:
          `no index serves ${short(policy.using!)}: a query of "${table.name}" whose own filter bounds no index is ` +
          "refused (FULL_SCAN), or reads row by row under allowFullScan",
        remedy:
          lines.length > 0
            ? `Add ${lines.join(" and ")} to "${table.name}" in the schema.`
            : "No index can: say the policy by a field with few rows of one value, or by a relation.",
      } satisfies Finding,
    ];
  });
}

const short = (text: string): string => (text.length > 160 ? `${text.slice(0, 157)}...` : text);

/**
 * Whether a policy only takes away from what others show: a restrictive one, and those of UPDATE and DELETE, which see no
 * row that SELECT does not show. It need not bound what they bound.
 */
const narrows = ({ as, for: command }: Policy): boolean =>
  as === "restrictive" || command === "update" || command === "delete";

/** Whether rows are shown that no index bounds. */
const shows = ({ policy, by }: Served): boolean => !narrows(policy) && (by === "scan" || by === "all");

function shareRoles(a: Policy, b: Policy): boolean {
  const everyone = ({ to }: Policy): boolean => to === undefined || to.includes("public");
  return everyone(a) || everyone(b) || a.to!.some((role) => b.to!.includes(role));
}

function serve(catalog: Catalog, table: TableInfo, policy: Policy): Served {
  const filter = whereOf(policy.using!);
  const predicate = parseClause(catalog, table, policy.name, "using", filter, placeholders(catalog, table, filter));
  const where = normalize(predicate);
  if (where === always) return { policy, by: "all", plan: null };
  if (where === never) return { policy, by: "unknown", plan: null };
  const plan = planQuery(catalog, {
    table: table.name,
    where,
    order: [],
    limit: null,
    offset: 0,
    paged: false,
    allowFullScan: false,
    limits: defaultLimits,
  });
  if (plan.combine === "none") return { policy, by: "unknown", plan };
  return { policy, by: plan.scan === "bounded" ? "index" : "scan", plan };
}

function protection(catalog: Catalog, stored: StoredSpec): Finding[] {
  return Object.values(catalog.tables).flatMap((table): Finding[] => {
    const list = stored[table.name];
    const at = { table: table.name, path: `tables -> ${table.name} -> protected` };
    if (list !== undefined && !table.rules.protected) {
      return [
        {
          rule: "protected-by-policies-only",
          severity: "warning",
          ...at,
          message: "has policies, and is open to everyone on a deployment where they are not synced yet",
          remedy: `Declare tables.${table.name}.protected: true.`,
        },
      ];
    }
    if (!table.rules.protected || list?.some((policy) => policy.as === "permissive") === true) return [];
    return [
      {
        rule: "protected-without-policies",
        severity: "note",
        ...at,
        message: `no policy grants anything: only orm.system sees its rows`,
        remedy: `Give it a permissive policy, such as ${policyName(table.name, "own")}, if sessions are to see some.`,
      },
    ];
  });
}
