import { everything } from "../predicate/sets.js";
import { conjoin } from "../predicate/normalize.js";
import {
  always,
  type ExistsPredicate,
  type FieldPredicate,
  type OrPredicate,
  type Predicate,
} from "../predicate/types.js";
import type { Catalog, TableInfo } from "../schema/catalog.js";
import type { KeySet, OrderKey, PlanRequest, Probe } from "./plan.js";

/** One way to reach every row that matches, before it is decided how its probes are combined and sorted. */
export interface Path {
  /** Names the choice, so that a query of the same shape need not choose again. */
  readonly key: string;
  readonly probes: readonly Probe[];
  readonly keySets: readonly KeySet[];
  readonly overlapping: boolean;
  /** Some index bounds every probe. */
  readonly bounded: boolean;
  /** Leading order keys that the probes deliver when read one after another. */
  readonly inSequence: number;
  /** Each probe alone delivers the whole order, so that a merge does. */
  readonly each: boolean;
  /** Expected documents in the probes, and of them those that match. */
  readonly rows: number;
  readonly yield: number;
  /** Expected probes: templates of a semi-join count once for each expected key. */
  readonly queries: number;
  /** Documents and queries of the key sets. */
  readonly overhead: number;
  /** Index fields in use: between equals the longer prefix wins. */
  readonly depth: number;
}

/** What planning one query carries along. */
export interface Planning {
  readonly catalog: Catalog;
  readonly table: TableInfo;
  readonly request: PlanRequest;
  readonly order: readonly OrderKey[];
  /** Sub-plans that may still be tried: effort is bounded, whatever the filter. */
  readonly work: { left: number };
  /** Set when a path was given up for its number of probes. */
  readonly excess: { probes: number; byWhere: boolean };
  /** Plans the related side of a semi-join. */
  readonly planRelated: (request: PlanRequest) => import("./plan.js").QueryPlan;
  readonly shapes: Map<string, string>;
}

/** A conjunction taken apart by what the planner does with its parts. */
export interface Conjunction {
  readonly whole: Predicate;
  readonly literals: ReadonlyMap<string, FieldPredicate>;
  readonly ors: readonly OrPredicate[];
  readonly exists: readonly ExistsPredicate[];
  /** Fields with exactly one possible value. */
  readonly pinned: ReadonlySet<string>;
}

export function takeApart(where: Predicate): Conjunction {
  const literals = new Map<string, FieldPredicate>();
  const ors: OrPredicate[] = [];
  const exists: ExistsPredicate[] = [];
  const pinned = new Set<string>();
  for (const part of where.kind === "and" ? where.of : [where]) {
    if (part.kind === "field") {
      literals.set(part.field, part);
      if (isSinglePoint(part)) pinned.add(part.field);
    } else if (part.kind === "or") ors.push(part);
    else if (part.kind === "exists") exists.push(part);
  }
  return { whole: where, literals, ors, exists, pinned };
}

function isSinglePoint({ set }: FieldPredicate): boolean {
  const part = set[0];
  return (
    set.length === 1 &&
    part!.lower !== null &&
    part!.upper !== null &&
    !part!.lower.after &&
    part!.upper.after &&
    part!.lower.value === part!.upper.value
  );
}

/** What is left to test when an index has decided the sets of `absorbed` and some other parts are settled too. */
export function residualOf(
  conjunction: Conjunction,
  absorbed: ReadonlySet<string>,
  settled: Predicate | null = null,
): Predicate | null {
  const rest: Predicate[] = [];
  for (const part of conjunction.whole.kind === "and" ? conjunction.whole.of : [conjunction.whole]) {
    if (part === settled) continue;
    if (part.kind === "field" && absorbed.has(part.field)) {
      if (part.tests.length > 0) rest.push({ ...part, set: everything });
    } else rest.push(part);
  }
  const residual = conjoin(rest);
  return residual === always ? null : residual;
}
