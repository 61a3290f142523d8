import type { Catalog } from "../schema/catalog.js";
import { suggestIndexes } from "./advise.js";
import type { CountPlan } from "./aggregate.js";
import { predicateText, valueText } from "./describe.js";
import { deepFreeze, type Probe, type QueryPlan } from "./plan.js";
import type { RelationPlan } from "./relation.js";
import { rangeText, watchedBy, type Watched } from "./watch.js";

/**
 * What `explain` answers. `plan.watches`: the point reads and index intervals whose writes re-run the query.
 * `plan.loads`: how each relation of `with` is loaded. `plan.count`: how an aggregate would count the rows, null where
 * it cannot; there for tables with aggregates.
 */
export interface Explanation {
  readonly plan: QueryPlan & {
    readonly watches: readonly Watched[];
    readonly loads: readonly RelationPlan[];
    readonly count?: CountPlan | null;
  };
  /** A stable tree for people and golden files. */
  readonly text: string;
  readonly warnings: readonly string[];
  /** Lines to add to the schema: `posts: .index("by_a_and_b", ["a","b"])`. */
  readonly suggestions: readonly string[];
}

interface Line {
  readonly text: string;
  readonly below: readonly Line[];
}

export function explainPlan(catalog: Catalog, plan: QueryPlan): Explanation {
  const table = catalog.tables[plan.table]!;
  const suggestions = suggestIndexes(table, plan).map((s) => s.text);
  const warnings: string[] = [];
  if (plan.refusal !== null) warnings.push(`${plan.refusal.code}: ${plan.refusal.reason}`);
  else if (plan.scan === "full") warnings.push("walks the table: no index bounds the scan");
  if (plan.sorting === "memory" && plan.probes.length > 0)
    warnings.push("sorts in memory: reads every matching row, whatever the limit");
  const lines = render({ text: head(plan), below: planLines(plan) });
  return {
    plan: deepFreeze({ ...plan, watches: watchedBy(plan), loads: [] }),
    text: lines.join("\n"),
    warnings,
    suggestions,
  };
}

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

function head(plan: QueryPlan): string {
  const { documents, queries } = plan.estimate;
  const size = plan.limit === null ? "" : ` limit ${plan.limit}${plan.offset > 0 ? ` offset ${plan.offset}` : ""}`;
  return `${plan.table}${size} (expects ${count(documents, "document")}, ${count(queries, "query", "queries")})`;
}

function planLines(plan: QueryPlan): Line[] {
  if (plan.combine === "none") return [{ text: "nothing: no row can match", below: [] }];
  const probes = plan.probes.map((probe) => ({ text: probeText(probe), below: probeLines(plan, probe) }));
  const order = plan.order.map((k) => `${k.field} ${k.direction}`).join(", ");
  const repeats = plan.overlapping ? ", repeats dropped" : "";
  let lines: Line[] = probes;
  if (plan.combine === "merge") lines = [{ text: `merge by ${order}${repeats}`, below: probes }];
  else if (plan.combine === "concat") lines = [{ text: `one after another${repeats}`, below: probes }];
  if (plan.sorting === "memory")
    lines = [
      { text: `sort by ${order}${plan.limit === null ? "" : `, keep ${plan.limit + plan.offset}`}`, below: lines },
    ];
  if (plan.sorting === "partial")
    lines = [{ text: `sort ties of the first ${plan.delivered} of ${order}`, below: lines }];
  const { bound, filter, dropped } = plan.policies;
  const policies = [
    ...bound.map((name) => `policy ${name}: bounds the scan`),
    ...filter.map((name) => `policy ${name}: tested on each row`),
    ...dropped.map((name) => `policy ${name}: dropped for this session`),
  ];
  return [...lines, ...policies.map((text) => ({ text, below: [] }))];
}

function probeText(probe: Probe): string {
  if (probe.kind === "get") return `get ${probe.keys === null ? valueText(probe.id) : "each key"}`;
  const bounds = rangeText(probe);
  const what = probe.eq.length === 0 && probe.lower === null && probe.upper === null ? "walk" : "range";
  return `${what} ${probe.index}${bounds === "" ? "" : ` (${bounds})`} ${probe.direction}`;
}

function probeLines(plan: QueryPlan, probe: Probe): Line[] {
  const below: Line[] = [];
  const set = probe.keys === null ? undefined : plan.keySets[probe.keys.set];
  if (set !== undefined) {
    below.push({
      text: `keys from ${set.relation} (${set.columns.join(", ")})`,
      below: [{ text: head(set.plan), below: planLines(set.plan) }],
    });
  }
  if (probe.residual !== null) below.push({ text: `residual ${predicateText(probe.residual)}`, below: [] });
  return below;
}

function render(line: Line, prefix = "", childPrefix = ""): string[] {
  const out = [prefix + line.text];
  line.below.forEach((child, i) => {
    const last = i === line.below.length - 1;
    out.push(...render(child, `${childPrefix}${last ? "└─ " : "├─ "}`, `${childPrefix}${last ? "   " : "│  "}`));
  });
  return out;
}
