import { explainPlan, type Explanation } from "../planner/explain.js";
import { suggestIndexes } from "../planner/advise.js";
import { keyTest, type KeyedPlan } from "../planner/keyed.js";
import { predicateText } from "../planner/describe.js";
import { deepFreeze } from "../planner/plan.js";
import { policyNames } from "../planner/policies.js";
import type { RelationPlan } from "../planner/relation.js";
import { watchedBy, type Watched } from "../planner/watch.js";
import { always } from "../predicate/types.js";
import type { Env } from "./env.js";
import type { RowShape } from "./relations/parse.js";
import type { Selection } from "./select.js";

/** Explains a selection and the relations that it loads. Reads nothing, and shows a refused plan too. */
export function explainSelection(env: Env, selection: Selection, shape: RowShape): Explanation {
  const root = explainPlan(env.catalog, selection.plan);
  const loads = shape.loads.map((load) => load.plan);
  const told: Told = {
    text: [root.text],
    suggestions: [...root.suggestions],
    warnings: [...root.warnings],
    watches: [...root.plan.watches],
  };
  for (const load of loads) explainLoad(env, load, "", told);
  return {
    plan: deepFreeze({ ...root.plan, watches: told.watches, loads }),
    text: told.text.join("\n"),
    suggestions: [...new Set(told.suggestions)],
    warnings: told.warnings,
  };
}

interface Told {
  readonly text: string[];
  readonly suggestions: string[];
  readonly warnings: string[];
  readonly watches: Watched[];
}

function explainLoad(env: Env, load: RelationPlan, indent: string, told: Told): void {
  const { related, junction, order } = load;
  const say = (line: string): void => void told.text.push(`${indent}${line}`);
  const name = load.path.slice(load.path.lastIndexOf(" ") + 1);
  const limit = load.limit === null ? "" : ` limit ${load.limit}`;
  const size = load.offset === 0 ? limit : `${limit} offset ${load.offset}`;
  const key = (junction === null ? load.from : throughTo(env, load)).join(", ");
  const get = related.kind === "gets" ? `get ${related.table} by ${key}, each once${filterText(load)}` : null;
  if (junction !== null) {
    say(`with ${name}: through ${junction.plan.table}, for each key${size}`);
    sayKeyed(env, junction, `${indent}  `, told);
    if (order.length > 0) say(`  └─ sort by ${order.map((k) => `${k.field} ${k.direction}`).join(", ")}`);
    say(`  └─ ${get ?? `${related.table} for each key`}`);
    if (related.kind === "ranges") sayKeyed(env, related.keyed, `${indent}     `, told);
  } else {
    say(`with ${name}: ${get ?? `${related.table} for each key${size}`}`);
    if (related.kind === "ranges") sayKeyed(env, related.keyed, `${indent}  `, told);
  }
  if (related.kind === "gets") {
    told.watches.push({ table: related.table, index: null, text: `${related.table} each key`, untilLimit: false });
  }
  const partial = related.kind === "ranges" && related.keyed.plan.sorting === "partial";
  if (load.sorts || partial) {
    const why =
      junction === null ? "no index pins the key and delivers the order" : "an order beyond a junction has no index";
    const what = partial
      ? "ties of each parent's rows are sorted"
      : "each parent's rows are all read and sorted, within relationRows";
    told.warnings.push(`${load.path}: ${why}: ${what}`);
    if (related.kind === "ranges" && junction === null) {
      told.suggestions.push(
        ...suggestIndexes(env.catalog.tables[related.table]!, related.keyed.plan).map((s) => s.text),
      );
    }
  }
  for (const inner of load.loads) explainLoad(env, inner, `${indent}  `, told);
}

const filterText = (load: RelationPlan): string => {
  if (load.where === always) return "";
  const policies = [...policyNames(load.where)];
  return ` where ${predicateText(load.where)}${policies.length === 0 ? "" : ` (policy ${policies.join(", ")})`}`;
};

/** The junction's fields that hold the key of the related row. */
function throughTo(env: Env, { relation }: RelationPlan): readonly string[] {
  const [table, name] = relation.split(".") as [string, string];
  return env.catalog.tables[table]!.relations[name]!.through!.to;
}

function sayKeyed(env: Env, keyed: KeyedPlan, indent: string, told: Told): void {
  const [, ...lines] = explainPlan(env.catalog, keyed.plan).text.split("\n");
  for (const line of lines) told.text.push(`${indent}${line}`);
  const tests = keyTest(keyed);
  if (tests !== always) {
    const policies = [...policyNames(tests)].map((policy) => `, policy ${policy}`).join("");
    told.text.push(`${indent}   only keys with ${predicateText(tests)}${policies}`);
  }
  if (keyed.each !== null) told.text.push(`${indent}   planned anew for each key: ${predicateText(keyed.each.where)}`);
  told.watches.push(...watchedBy(keyed.plan));
}
