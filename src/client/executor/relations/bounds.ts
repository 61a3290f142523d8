import type { Limits } from "../../planner/limits.js";
import type { KeyedPlan } from "../../planner/keyed.js";
import type { RelationLoad } from "./parse.js";

/** The most rows read to sort those of one parent; null where nothing is sorted or `allowFullScan` lifts the bound. */
export const sortBound = ({ plan, allowFullScan, limits }: RelationLoad): number | null =>
  plan.sorts && !allowFullScan && limits.relationRows <= limits.maxScan ? limits.relationRows : null;

/** Without a limit a parent has `relationRows` rows at most; a sort that no index spares reads no more than that. */
export function childLimits(load: RelationLoad, keyed: KeyedPlan): Limits {
  const { limits, plan } = load;
  const bound = keyed.plan.sorting === "memory" ? sortBound(load) : null;
  // Targets of a junction are counted where they meet.
  return {
    ...limits,
    maxRows: plan.junction === null ? limits.relationRows : limits.maxScan,
    maxScan: bound ?? limits.maxScan,
  };
}
