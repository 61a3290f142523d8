import { complementOf, conjoin } from "../predicate/normalize.js";
import { never, type OrPredicate, type Predicate } from "../predicate/types.js";
import { noteExcess } from "./ranges.js";
import type { Conjunction, Path, Planning } from "./paths.js";
import type { KeySet, Probe } from "./plan.js";

/** Chooses the best path of one branch; `ordered` asks for paths whose probes each deliver the order. */
export type ChooseBranch = (where: Predicate, ordered: boolean) => Path | null;

/**
 * An OR as the union of its branches, each planned on its own with the rest of the conjunction, in the flavours asked
 * for: every branch in the wanted order, for a merge (true); or as cheaply as it can be, to be sorted or left as it
 * comes (false).
 */
export function unionPaths(
  planning: Planning,
  conjunction: Conjunction,
  disjunction: OrPredicate,
  nth: number,
  flavours: readonly boolean[],
  choose: ChooseBranch,
): Path[] {
  const { maxProbes } = planning.request.limits;
  if (disjunction.of.length > maxProbes) {
    noteExcess(planning, disjunction.of.length, disjunction);
    return [];
  }
  const others = partsWithout(conjunction.whole, disjunction);
  return flavours.flatMap((ordered) => unionPath(planning, others, disjunction, nth, ordered, choose) ?? []);
}

const partsWithout = (whole: Predicate, gone: Predicate): readonly Predicate[] =>
  whole.kind === "and" ? whole.of.filter((part) => part !== gone) : [];

function unionPath(
  planning: Planning,
  others: readonly Predicate[],
  disjunction: OrPredicate,
  nth: number,
  ordered: boolean,
  choose: ChooseBranch,
): Path | null {
  const { request, order } = planning;
  // Pages of an unordered union go branch by branch: a row belongs to the first branch that it matches, on every page.
  const exclusive = (request.paged || request.exclusive === true) && order.length === 0;
  const paths: Path[] = [];
  const before: Predicate[] = [];
  let overlapping = false;
  for (const branch of disjunction.of) {
    const apart = before.filter((b) => conjoin([b, branch]) !== never);
    if (apart.length > 0 && !exclusive) overlapping = true;
    const where = conjoin([...others, branch, ...(exclusive ? apart.map(complementOf) : [])]);
    before.push(branch);
    if (where === never) continue;
    const path = choose(where, ordered);
    if (path === null || !path.bounded) return null;
    paths.push(path);
    const probes = paths.reduce((n, p) => n + p.probes.length, 0);
    if (probes > request.limits.maxProbes) {
      noteExcess(planning, probes, disjunction);
      return null;
    }
  }
  const sum = (of: (path: Path) => number): number => paths.reduce((total, path) => total + of(path), 0);
  return {
    key: `or${nth}${ordered ? ":ordered" : ""}`,
    ...joined(paths),
    overlapping: overlapping || paths.some((path) => path.overlapping),
    bounded: true,
    inSequence: paths.length === 1 ? paths[0]!.inSequence : 0,
    each: paths.every((path) => path.each),
    rows: sum((p) => p.rows),
    yield: sum((p) => p.yield),
    queries: sum((p) => p.queries),
    overhead: sum((p) => p.overhead),
    depth: Math.min(...paths.map((p) => p.depth), 16),
  };
}

/** The probes of all paths, their key sets renumbered into one list. */
function joined(paths: readonly Path[]): { probes: Probe[]; keySets: KeySet[] } {
  const keySets: KeySet[] = [];
  const probes: Probe[] = [];
  for (const path of paths) {
    const base = keySets.length;
    keySets.push(...path.keySets);
    for (const probe of path.probes) {
      probes.push(
        probe.keys === null || base === 0 ? probe : { ...probe, keys: { ...probe.keys, set: probe.keys.set + base } },
      );
    }
  }
  return { probes, keySets };
}
