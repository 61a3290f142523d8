import { never } from "../../predicate/types.js";
import type { Stored } from "../../predicate/values.js";
import type { Document } from "../env.js";
import type { ReadRun } from "../run.js";
import { asRelation, notUnique } from "./errors.js";
import type { RelationLoad } from "./parse.js";
import { targetsOf } from "./targets.js";
import { throughJunction } from "./through.js";

/** A related row, and the junction row that led to it. */
export interface Related {
  readonly row: Document;
  readonly junction: Document | null;
}

/** The related rows of one key, filtered, ordered and limited. */
export async function readRelated(
  run: ReadRun,
  load: RelationLoad,
  key: readonly Stored[],
): Promise<readonly Related[]> {
  const { plan } = load;
  if (plan.limit === 0 || plan.where === never) return [];
  return await asRelation(run, load, async () => {
    if (plan.junction !== null) return await throughJunction(run, load, plan.junction, key);
    const rows = await targetsOf(run, load, key);
    if (load.relation.kind === "one" && rows.length > 1) throw notUnique(load);
    return rows.map((row) => ({ row, junction: null }));
  });
}
