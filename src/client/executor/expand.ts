import { OrmError } from "../errors.js";
import { compare, keyText, readPath, type Stored } from "../predicate/values.js";
import type { KeySet, Probe, QueryPlan } from "../planner/plan.js";
import type { Document } from "./env.js";
import { allSettled } from "./gather.js";
import { TooManyKeys, type Execution, type Trace } from "./execution.js";

/** A probe as it is run: one of the plan's, or one that a key made of a template. */
export interface Branch {
  /** The probe's place in `plan.probes`. */
  readonly ordinal: number;
  /** The key that filled the template's slots. */
  readonly key: readonly Stored[] | null;
  readonly probe: Probe;
}

/** Calls `each` for every row of a plan, in any order. */
export type ReadRows = (execution: Execution, plan: QueryPlan, each: (row: Document) => void) => Promise<void>;

/** The order of branches: as planned, the keys of one template by their values. */
export function compareBranches(a: Pick<Branch, "ordinal" | "key">, b: Pick<Branch, "ordinal" | "key">): number {
  return a.ordinal - b.ordinal || compareKeys(a.key ?? [], b.key ?? []);
}

function compareKeys(a: readonly Stored[], b: readonly Stored[]): number {
  for (let i = 0; i < a.length; i++) {
    const sign = compare(a[i], b[i]);
    if (sign !== 0) return sign;
  }
  return 0;
}

/**
 * The probes to run: key sets are read first, all together, and each template becomes one probe a key.
 *
 * @throws TooManyKeys when more probes than `maxProbes` would result.
 */
export async function expand(execution: Execution, plan: QueryPlan, readRows: ReadRows): Promise<readonly Branch[]> {
  if (plan.keySets.length === 0) return plan.probes.map((probe, ordinal) => ({ ordinal, key: null, probe }));
  const allowed = Math.min(execution.limits.maxProbes, execution.limits.relationKeys);
  const keys = await allSettled(
    plan.keySets.map((set, i) => keysOf(execution, set, allowed, execution.trace?.keySets[i] ?? null, readRows)),
  );
  const branches: Branch[] = [];
  plan.probes.forEach((probe, ordinal) => {
    if (probe.keys === null) branches.push({ ordinal, key: null, probe });
    else for (const key of keys[probe.keys.set]!) branches.push({ ordinal, key, probe: withKey(probe, key) });
    if (branches.length > execution.limits.maxProbes) throw new TooManyKeys(plan.keySets[0]!.relation, allowed);
  });
  return branches;
}

function withKey(probe: Probe, key: readonly Stored[]): Probe {
  // What is no id is left to fail the look-up.
  if (probe.kind === "get") return { ...probe, id: typeof key[0] === "string" ? key[0] : "" };
  const eq = [...probe.eq];
  probe.keys!.slots.forEach((slot, part) => (eq[slot] = key[part]));
  return { ...probe, eq };
}

/** Distinct keys in value order; rows in which a part is null or absent join nothing. */
async function keysOf(
  execution: Execution,
  set: KeySet,
  allowed: number,
  trace: Trace | null,
  readRows: ReadRows,
): Promise<readonly (readonly Stored[])[]> {
  const keys = new Map<string, readonly Stored[]>();
  try {
    await readRows({ ...execution, trace }, set.plan, (row) => {
      execution.note?.(row);
      const key = set.columns.map((column) => readPath(row, column));
      if (key.some((part) => part === undefined || part === null)) return;
      keys.set(key.map(keyText).join("\u0000"), key);
      if (keys.size > allowed) throw new TooManyKeys(set.relation, allowed);
    });
  } catch (error) {
    // Too many rows for their keys to be known: the filter may yet be tested on the rows of the root.
    if (error instanceof OrmError && error.data.code === "SCAN_LIMIT") throw new TooManyKeys(set.relation, allowed);
    throw error;
  }
  return [...keys.values()].sort(compareKeys);
}
