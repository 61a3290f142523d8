import type { Predicate } from "../predicate/types.js";
import type { Catalog, RelationInfo } from "../schema/catalog.js";
import { planKeyed, type KeyedPlan } from "./keyed.js";
import { completeOrder } from "./order.js";
import { deepFreeze, type OrderKey, type PlanLimits } from "./plan.js";

/** What one relation load is planned for. */
export interface RelationRequest {
  readonly relation: RelationInfo;
  /** What a related row must pass, policies and visibility included; normalised. */
  readonly where: Predicate;
  /** What a junction row must pass. */
  readonly junction: Predicate;
  readonly order: readonly OrderKey[];
  readonly limit: number | null;
  readonly offset: number;
  readonly limits: PlanLimits;
  /** `with -> posts -> comments` */
  readonly path: string;
  /** Policies that say nothing for this session. */
  readonly dropped: readonly string[];
  /** The plans of the relations below. */
  readonly loads: readonly RelationPlan[];
}

/** How the rows of the related table are found: by point gets, each document once, or by ranges of a key's plan. */
export type RelatedAccess =
  | { readonly kind: "gets"; readonly table: string }
  | { readonly kind: "ranges"; readonly table: string; readonly keyed: KeyedPlan };

/**
 * How one relation is loaded for all parents of a level: distinct keys of the parents, the junction's rows of each key
 * when there is a junction, the related rows of each key. Frozen plain data: the same object is executed and explained.
 */
export interface RelationPlan {
  readonly kind: "relation";
  /** `posts.comments` */
  readonly relation: string;
  readonly path: string;
  /** The parents' fields that make a key; null and absent parts join nothing. */
  readonly from: readonly string[];
  readonly junction: KeyedPlan | null;
  /** The whole filters of junction rows and related rows, what an index decides of them included. */
  readonly junctionWhere: Predicate;
  readonly where: Predicate;
  readonly related: RelatedAccess;
  /** The whole order with its tie-breakers; empty for any. */
  readonly order: readonly OrderKey[];
  /** Rows of each parent. */
  readonly limit: number | null;
  readonly offset: number;
  /** All rows of a parent are read and sorted, whatever the limit: bounded by `relationRows`. */
  readonly sorts: boolean;
  readonly loads: readonly RelationPlan[];
}

export function planRelation(catalog: Catalog, request: RelationRequest): RelationPlan {
  const { relation, where, junction, order, limit, offset, limits, path, dropped, loads } = request;
  const { through } = relation;
  const one = relation.kind === "one";
  const shared = { paged: false, allowFullScan: true, limits, offset: 0 } as const;
  const byId = relation.to.length === 1 && relation.to[0] === "_id";
  let related: RelatedAccess;
  if (byId) related = { kind: "gets", table: relation.target };
  else {
    // A second row of a key that is not unique makes a to-one ambiguous. Targets of a junction are ordered afterwards.
    const own =
      through !== null
        ? { order: [], limit: relation.targetUnique ? 1 : null }
        : one
          ? { order: [], limit: relation.targetUnique ? 1 : 2 }
          : { order, limit, offset };
    related = {
      kind: "ranges",
      table: relation.target,
      keyed: planKeyed(catalog, { table: relation.target, where, ...shared, dropped, ...own }, relation.to),
    };
  }
  const sorting = related.kind === "ranges" ? related.keyed.plan.sorting : "any";
  return deepFreeze({
    kind: "relation",
    relation: `${relation.table}.${relation.name}`,
    path,
    from: relation.from,
    junction:
      through === null
        ? null
        : planKeyed(
            catalog,
            { table: through.table, where: junction, order: [], limit: null, ...shared },
            through.from,
          ),
    junctionWhere: junction,
    where,
    related,
    order: one ? [] : completeOrder(order),
    limit,
    offset: one ? 0 : offset,
    sorts: order.length > 0 && !one && (through !== null || sorting === "memory"),
    loads,
  } satisfies RelationPlan);
}
