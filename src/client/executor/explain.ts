import { explainPlan, type Explanation } from "../planner/explain.js";
import { suggestIndexes } from "../planner/advise.js";
import { planQuery } from "../planner/plan-query.js";
import type { Probe, QueryPlan } from "../planner/plan.js";
import { conjoin } from "../predicate/normalize.js";
import { predicateText } from "../planner/describe.js";
import { always } from "../predicate/types.js";
import type { Env } from "./env.js";
import { keyIs } from "./exists.js";
import type { RelationLoad, RowShape } from "./relations/parse.js";
import { planRelated } from "./relations/related.js";
import type { Selection } from "./select.js";

/** Stands for the key of some parent in the plan of a relation load. */
const someKey = "(key of the parent)";

/** The keys come from the parents, not from a key set of the plan. */
const noKeySet = -1;

/** Explains a selection and the relations that it loads. Reads nothing, and shows a refused plan too. */
export function explainSelection(env: Env, selection: Selection, shape: RowShape): Explanation {
  const root = explainPlan(env.catalog, selection.plan);
  const text = [root.text];
  const suggestions = [...root.suggestions];
  const warnings = [...root.warnings];
  for (const load of shape.loads) explainLoad(env, load, "", text, suggestions, warnings);
  return { ...root, text: text.join("\n"), suggestions: [...new Set(suggestions)], warnings };
}

function explainLoad(env: Env, load: RelationLoad, indent: string, text: string[], suggestions: string[], warnings: string[]): void {
  const { relation } = load;
  const limit = load.limit === null ? "" : ` limit ${load.limit}`;
  const filter = load.where === always ? "" : ` where ${predicateText(load.where)}`;
  const say = (line: string): void => void text.push(`${indent}${line}`);
  if (relation.through === null && relation.to.length === 1 && relation.to[0] === "_id") {
    say(`with ${relation.name}: get ${relation.target} by ${relation.from.join(", ")}, each once${filter}`);
  } else if (relation.through !== null) {
    const { table, from } = relation.through;
    const junction = planQuery(env.catalog, {
      table,
      where: conjoin([keyIs(from, from.map(() => someKey)), load.junction]),
      order: [],
      limit: null,
      offset: 0,
      paged: false,
      allowFullScan: true,
      limits: load.limits,
    });
    say(`with ${relation.name}: through ${table}, for each key${limit}${filter}`);
    explainPlan(env.catalog, templated(junction, from)).text.split("\n").slice(1).forEach((line) => say(`  ${line}`));
  } else {
    const plan = planRelated({ env }, load, relation.to.map(() => someKey), load.limit);
    say(`with ${relation.name}: ${relation.target} for each key${limit}`);
    explainPlan(env.catalog, templated(plan, relation.to)).text.split("\n").slice(1).forEach((line) => say(`  ${line}`));
    if (plan.sorting === "memory" || plan.sorting === "partial") {
      warnings.push(`${load.path}: no index pins the key and delivers the order: each parent's rows are sorted, within relationRows`);
      suggestions.push(...suggestIndexes(load.target, plan).map((s) => s.text));
    }
  }
  for (const inner of load.loads) explainLoad(env, inner, `${indent}  `, text, suggestions, warnings);
}

/** The plan with the stand-in key shown as a key, not as a value. */
function templated(plan: QueryPlan, fields: readonly string[]): QueryPlan {
  const probes = plan.probes.map((probe): Probe => {
    if (probe.kind === "get") return probe;
    const slots = fields.map((field) => probe.fields.indexOf(field)).filter((at) => at >= 0 && at < probe.eq.length);
    return { ...probe, keys: { set: noKeySet, slots } };
  });
  return { ...plan, probes };
}
