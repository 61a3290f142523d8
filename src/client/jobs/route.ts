import { pathDigest } from "../executor/binding.js";
import type { Position } from "../executor/position.js";
import { planQuery } from "../planner/plan-query.js";
import type { OrderKey, PlanRequest, QueryPlan } from "../planner/plan.js";
import type { Catalog } from "../schema/catalog.js";
import { staysPut, type Effect } from "./effect.js";
import { packValues, unpackValues, type Place } from "./work.js";

/** How a background statement comes to its rows. */
export interface Route {
  readonly plan: QueryPlan;
  /** Tells the places of this plan from another's; null in creation order, whose places are good for every plan. */
  readonly digest: string | null;
  /** All rows are listed before the first is changed, for the change would move them within what is walked. */
  readonly listed: boolean;
  /** Where it goes on; null at the start. */
  readonly from: Position | null;
  /** It starts anew, for the place was one of another plan: policies or indexes have changed since. */
  readonly again: boolean;
}

/** Rows are created in this order and never move in it. */
export const byCreation: readonly OrderKey[] = [{ field: "_creationTime", direction: "asc" }];
/** Each of the ranges that are merged into creation order reads a row ahead in every step: this many may, where... */
const fewRanges = 16;
/** ...the plan without order can be walked instead, and where it cannot. */
const manyRanges = 128;

/**
 * The route of a statement's next portion, by the planner's own plan for its filter. Exactly once is a matter of order:
 *
 * - In creation order a row is met once whatever becomes of it, so that is the route where the plan's ranges deliver
 *   it without reading more.
 * - Else the ranges are walked one after another, where the statement moves no row within them.
 * - Else the rows are listed first.
 */
export async function routeOf(
  catalog: Catalog,
  request: PlanRequest,
  effect: Effect,
  place: Place | null,
): Promise<Route> {
  const plans = { ...request, limit: null, offset: 0, paged: false, allowFullScan: true };
  const free = (semiJoins: boolean): QueryPlan =>
    planQuery(catalog, { ...plans, order: [], exclusive: true, semiJoins: semiJoins && request.semiJoins !== false });
  const inOrder = (): QueryPlan => creationPlan(catalog, { ...plans, order: byCreation });
  if (place?.by === "creation") {
    const from: Position = { kind: "order", values: unpackValues(place.values)! };
    return { plan: inOrder(), digest: null, listed: false, from, again: false };
  }
  const best = free(true);
  if (place !== null) {
    for (const plan of best.keySets.length === 0 ? [best] : [best, free(false)]) {
      const digest = await pathDigest(plan);
      if (digest === place.plan)
        return { plan, digest, listed: !staysPut(plan, effect), from: positionOf(place), again: false };
    }
  }
  const start = { from: null, again: place !== null };
  if (best.scan === "full" || best.combine === "none")
    return { plan: inOrder(), digest: null, listed: false, ...start };
  const stable = staysPut(best, effect);
  const ordered = planQuery(catalog, { ...plans, order: byCreation });
  const delivers = ordered.sorting === "index" && ordered.scan === "bounded" && ordered.keySets.length === 0;
  if (
    delivers &&
    ordered.estimate.documents <= best.estimate.documents &&
    ordered.probes.length <= (stable ? fewRanges : manyRanges)
  ) {
    return { plan: ordered, digest: null, listed: false, ...start };
  }
  return { plan: best, digest: await pathDigest(best), listed: !stable, ...start };
}

/** The plan in creation order: by ranges that deliver it, else a walk of the table. */
function creationPlan(catalog: Catalog, request: PlanRequest): QueryPlan {
  const plan = planQuery(catalog, request);
  if (plan.sorting === "index" || plan.combine === "none") return plan;
  const table = catalog.tables[request.table]!;
  const only = { ...table, indexes: table.indexes.filter((index) => index.name === "by_creation_time") };
  return planQuery({ ...catalog, tables: { ...catalog.tables, [table.name]: only } }, request);
}

const positionOf = ({ ordinal, key, values }: Extract<Place, { by: "plan" }>): Position => ({
  kind: "probe",
  ordinal,
  key: unpackValues(key),
  values: unpackValues(values),
});

/** A position of the route's plan as an item stores it. */
export function placeOf({ digest }: Route, position: Position): Place {
  if (position.kind === "order") return { by: "creation", values: packValues(position.values)! };
  const { ordinal, key, values } = position;
  return { by: "plan", plan: digest!, ordinal, key: packValues(key), values: packValues(values) };
}
