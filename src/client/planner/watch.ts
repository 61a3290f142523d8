import { boundsText, valueText } from "./describe.js";
import type { QueryPlan, RangeProbe } from "./plan.js";

/** A point read or an index interval whose writes re-run the query on a reactive client. */
export interface Watched {
  readonly table: string;
  /** Null for a point read. */
  readonly index: string | null;
  readonly text: string;
  /** The interval ends where the limit or page was reached, not at its bound. */
  readonly untilLimit: boolean;
}

export function rangeText(probe: RangeProbe): string {
  const parts = probe.eq.map((value, i) =>
    probe.keys?.slots.includes(i)
      ? `${probe.fields[i]} in keys`
      : boundsText(probe.fields[i]!, { value, after: false }, { value, after: true }),
  );
  if (probe.lower !== null || probe.upper !== null)
    parts.push(boundsText(probe.fields[probe.eq.length]!, probe.lower, probe.upper));
  return parts.join(", ");
}

/** What the query watches: the narrower, the fewer needless re-runs. */
export function watchedBy(plan: QueryPlan): Watched[] {
  const own = plan.probes.map((probe): Watched => {
    if (probe.kind === "get") {
      const id = probe.keys === null ? valueText(probe.id) : "each key";
      return { table: plan.table, index: null, text: `${plan.table} ${id}`, untilLimit: false };
    }
    const bounds = rangeText(probe);
    return {
      table: plan.table,
      index: probe.index,
      text: `${plan.table}.${probe.index} ${bounds === "" ? "(all)" : bounds}`,
      untilLimit: plan.limit !== null && plan.sorting !== "memory",
    };
  });
  return [...plan.keySets.flatMap((set) => watchedBy(set.plan)), ...own];
}
