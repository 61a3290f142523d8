import type { Command } from "../predicate/access.js";
import { matchesWith, type ExistsProbe, type Row } from "../predicate/evaluate.js";
import { normalize, normalizeNegated } from "../predicate/normalize.js";
import type { TableInfo } from "../schema/catalog.js";
import type { SessionAccess } from "./access.js";
import { policyName, type Clause } from "./clause.js";

/** What one policy says of the row. */
export interface PolicyVerdict {
  /** `posts.own` */
  readonly policy: string;
  readonly as: "permissive" | "restrictive";
  /** Which of its filters was asked; `withCheck` falls back to `using`. */
  readonly clause: Clause;
  /** Null is unknown, which refuses as false does; `"silent"`: no such filter; `"other roles"`: not for this session. */
  readonly verdict: boolean | null | "silent" | "other roles";
}

/** One question that the command asks of the row: SELECT's `using`, its own `using`, its `withCheck`. */
export interface PolicyStep {
  readonly command: Command;
  readonly clause: Clause;
  readonly passes: boolean;
  readonly verdicts: readonly PolicyVerdict[];
}

/** The answer of `orm.policies.test`. */
export interface PolicyTestResult {
  readonly allowed: boolean;
  /**
   * The policies that decided: those that let the row pass or, when denied, those that refused it. Empty when no
   * permissive policy let it pass, and for a table that is not protected.
   */
  readonly by: readonly string[];
  readonly steps: readonly PolicyStep[];
  /** All of it as a tree of text. */
  readonly text: string;
}

/** UPDATE and DELETE look only at rows that SELECT's policies show as well. */
const questions: Record<Command, readonly (readonly [Command, Clause])[]> = {
  select: [["select", "using"]],
  insert: [["insert", "withCheck"]],
  update: [
    ["select", "using"],
    ["update", "using"],
    ["update", "withCheck"],
  ],
  delete: [
    ["select", "using"],
    ["delete", "using"],
  ],
};

/** Asks every policy that the command meets, one by one, what it says of the row. */
export async function judge(
  access: SessionAccess,
  table: TableInfo,
  command: Command,
  row: Row,
  probe: ExistsProbe,
): Promise<PolicyTestResult> {
  if (!access.isProtected(table)) {
    return {
      allowed: true,
      by: [],
      steps: [],
      text: `${command} on ${table.name}: allowed, the table is not protected`,
    };
  }
  const steps: PolicyStep[] = [];
  for (const [asked, clause] of questions[command]) steps.push(await ask(access, table, asked, clause, row, probe));
  const failed = steps.find((step) => !step.passes);
  const by = failed === undefined ? steps.flatMap(passing) : refusing(failed);
  const outcome = { allowed: failed === undefined, by: [...new Set(by)], steps };
  return { ...outcome, text: describeOutcome(table, command, outcome, failed) };
}

async function ask(
  access: SessionAccess,
  table: TableInfo,
  command: Command,
  clause: Clause,
  row: Row,
  probe: ExistsProbe,
): Promise<PolicyStep> {
  const verdicts: PolicyVerdict[] = [];
  for (const { policy, clause: own, predicate } of access.parts(table, command, clause)) {
    const known = { policy: policyName(table.name, policy.name), as: policy.as, clause: own };
    if (predicate === null) verdicts.push({ ...known, verdict: "silent" });
    else if (await matchesWith(normalize(predicate), row, probe)) verdicts.push({ ...known, verdict: true });
    else
      verdicts.push({ ...known, verdict: (await matchesWith(normalizeNegated(predicate), row, probe)) ? false : null });
  }
  for (const policy of access.policiesOf(table)) {
    if (access.applies(policy) || (policy.for !== "all" && policy.for !== command)) continue;
    verdicts.push({ policy: policyName(table.name, policy.name), as: policy.as, clause, verdict: "other roles" });
  }
  const said = (kind: PolicyVerdict["as"]) => verdicts.filter((v) => v.as === kind && typeof v.verdict !== "string");
  const passes =
    said("permissive").some((v) => v.verdict === true) && said("restrictive").every((v) => v.verdict === true);
  return { command, clause, passes, verdicts };
}

const passing = (step: PolicyStep): string[] =>
  step.verdicts.filter((v) => v.as === "permissive" && v.verdict === true).map((v) => v.policy);

/** Restrictive policies refuse by name; where no permissive one passes, nobody in particular does. */
function refusing(step: PolicyStep): string[] {
  if (passing(step).length === 0) return [];
  return step.verdicts
    .filter((v) => v.as === "restrictive" && (v.verdict === false || v.verdict === null))
    .map((v) => v.policy);
}

function describeOutcome(
  table: TableInfo,
  command: Command,
  outcome: { readonly allowed: boolean; readonly by: readonly string[]; readonly steps: readonly PolicyStep[] },
  failed: PolicyStep | undefined,
): string {
  const reason =
    failed !== undefined && outcome.by.length === 0
      ? `denied, no permissive policy passes ${failed.command}'s ${failed.clause}`
      : `${outcome.allowed ? "allowed" : "denied"} by ${outcome.by.join(", ")}`;
  const lines = [`${command} on ${table.name}: ${reason}`];
  for (const step of outcome.steps) {
    lines.push(`  ${step.command} ${step.clause}: ${step.passes ? "passes" : "refused"}`);
    if (step.verdicts.length === 0) lines.push("    no policy applies");
    for (const { policy, as, clause, verdict } of step.verdicts) {
      const fallback = clause === step.clause ? "" : ` (its ${clause})`;
      lines.push(`    ${as} ${policy}${fallback}: ${verdict === null ? "unknown" : String(verdict)}`);
    }
  }
  return lines.join("\n");
}
