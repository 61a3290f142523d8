import { matchesWith } from "../../predicate/evaluate.js";
import type { Stored } from "../../predicate/values.js";
import { planForKey } from "../../planner/keyed.js";
import { Budget } from "../budget.js";
import type { Document } from "../env.js";
import { executePlan } from "../execute.js";
import { existsProbe } from "../exists.js";
import { executionOf, type ReadRun } from "../run.js";
import { childLimits } from "./bounds.js";
import type { RelationLoad } from "./parse.js";

/** The related rows that one key leads to, filtered, and ordered and limited unless a junction led here. */
export async function targetsOf(run: ReadRun, load: RelationLoad, key: readonly Stored[]): Promise<Document[]> {
  const { related } = load.plan;
  if (related.kind === "gets") return await lookUp(run, load, key[0]);
  const plan = planForKey(run.env.catalog, related.keyed, key);
  if (plan === null) return [];
  return await executePlan(executionOf(run, plan, { limits: childLimits(load, related.keyed), node: load.path }), plan);
}

async function lookUp(run: ReadRun, load: RelationLoad, id: Stored): Promise<Document[]> {
  const { env, access, purse } = run;
  const hideFigures = access.isProtected(load.target);
  const budget = new Budget({
    env,
    limits: load.limits,
    table: load.target.name,
    hideFigures,
    suggestions: () => [],
    purse,
  });
  const count = run.reads?.count(load.path) ?? null;
  const row = await run.documents.get(load.target.name, id, budget, count);
  return row !== null && (await matchesWith(load.plan.where, row, existsProbe(run, budget, count))) ? [row] : [];
}
