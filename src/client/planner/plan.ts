import type { Cut } from "../predicate/sets.js";
import type { Predicate } from "../predicate/types.js";
import type { Stored } from "../predicate/values.js";

export type Direction = "asc" | "desc";

export interface OrderKey {
  readonly field: string;
  readonly direction: Direction;
}

/** A point get by `_id`. An id of another table, or no id at all, finds nothing. */
export interface GetProbe {
  readonly kind: "get";
  readonly id: string;
  readonly residual: Predicate | null;
  readonly keys: KeySlots | null;
}

/** One contiguous range of an index, read in one direction. */
export interface RangeProbe {
  readonly kind: "range";
  readonly index: string;
  /** The whole key: declared fields, `_creationTime`, `_id`. */
  readonly fields: readonly string[];
  readonly direction: Direction;
  /** Values of the leading fields. */
  readonly eq: readonly Stored[];
  /** Bounds of the field after them. */
  readonly lower: Cut | null;
  readonly upper: Cut | null;
  /** What the index does not decide; tested on each row. */
  readonly residual: Predicate | null;
  readonly keys: KeySlots | null;
}

/**
 * The probe stands for many: one for each key of a key set that is read when the query runs (a semi-join). `slots[i]`
 * is the position in `eq` that the key's part `i` fills; for a get the id itself.
 */
export interface KeySlots {
  readonly set: number;
  readonly slots: readonly number[];
}

export type Probe = GetProbe | RangeProbe;

/** Distinct keys taken from related rows that pass a relation filter. */
export interface KeySet {
  /** How the relation is written: `posts.author`. */
  readonly relation: string;
  readonly plan: QueryPlan;
  /** The fields of the related rows that make a key. */
  readonly columns: readonly string[];
}

/**
 * How probes make one stream of rows:
 * `none` no row can match; `single` one probe; `concat` one probe after another; `merge` lazily by the wanted order.
 */
export type Combine = "none" | "single" | "concat" | "merge";

/**
 * How the wanted order comes about: `any` none was asked for; `index` the probes deliver it; `partial` they deliver its
 * first `delivered` keys and each group of ties is sorted; `memory` everything is read and sorted.
 */
export type Sorting = "any" | "index" | "partial" | "memory";

export interface PlanPolicies {
  /** Policies whose predicates choose an index range. */
  readonly bound: readonly string[];
  /** Policies whose predicates are tested on each row. */
  readonly filter: readonly string[];
  /** Policies that say nothing for this session: of other roles, or constant under its values. */
  readonly dropped: readonly string[];
}

/** Frozen plain data: the same object is executed, explained and tested. */
export interface QueryPlan {
  readonly kind: "query";
  readonly table: string;
  readonly probes: readonly Probe[];
  readonly combine: Combine;
  /** Rows may come from several probes: repeats are dropped where the streams meet. */
  readonly overlapping: boolean;
  /** The whole order with its tie-breakers; empty when none was asked for. */
  readonly order: readonly OrderKey[];
  readonly sorting: Sorting;
  readonly delivered: number;
  readonly limit: number | null;
  readonly offset: number;
  readonly keySets: readonly KeySet[];
  /** `bounded` by an index; `limited` by a limit or page in an order that an index delivers; else `full`. */
  readonly scan: "bounded" | "limited" | "full";
  /** Why the plan must not run without `allowFullScan`, or at all; null when it may. */
  readonly refusal: Refusal | null;
  readonly estimate: { readonly documents: number; readonly queries: number; readonly rows: number };
  readonly policies: PlanPolicies;
  /** The predicate that the plan answers, for the advisor and for keyset fallbacks. */
  readonly where: Predicate;
}

export type Refusal =
  | { readonly code: "FULL_SCAN"; readonly reason: string }
  | { readonly code: "TOO_MANY_PROBES"; readonly reason: string; readonly probes: number };

/** Limits that planning needs; see the contract's section 6. */
export interface PlanLimits {
  readonly maxProbes: number;
  readonly relationKeys: number;
}

/** What a plan is made for. */
export interface PlanRequest {
  readonly table: string;
  /** Normalised, policies and visibility included. */
  readonly where: Predicate;
  /** The keys as asked for; null or empty for any order. */
  readonly order: readonly OrderKey[];
  readonly limit: number | null;
  readonly offset: number;
  /** A page is asked for: it bounds the scan as a limit does. */
  readonly paged: boolean;
  /** Rows of that page: for the estimate alone. The choice must not depend on it, for cursors go on in pages of any size. */
  readonly pageSize?: number;
  readonly allowFullScan: boolean;
  /** Without an order, each branch of an OR leaves out the rows of those before it: every row has one place in the plan. */
  readonly exclusive?: boolean;
  readonly limits: PlanLimits;
  readonly dropped?: readonly string[];
  /** False keeps relation filters as residuals: the way back when a key set outgrows `maxProbes`. */
  readonly semiJoins?: boolean;
}

/** Freezes a plan all the way down (Convex values other than plain objects and arrays are left alone). */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    if (Array.isArray(value)) {
      Object.freeze(value);
      for (const inner of value) if (typeof inner === "object") deepFreeze(inner);
      return value;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    Object.freeze(value);
    // Every plan passes here: a loop over the keys makes no array of them.
    for (const key in value) if (typeof value[key] === "object") deepFreeze(value[key]);
  }
  return value;
}
