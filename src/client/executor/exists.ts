import { matchesWith, type ExistsProbe, type Row } from "../predicate/evaluate.js";
import type { ExistsPredicate } from "../predicate/types.js";
import { keyText, readPath, type Stored } from "../predicate/values.js";
import { junctionWhere } from "../planner/junction.js";
import { planForKey, planKeyed, type KeyedPlan } from "../planner/keyed.js";
import type { Budget } from "./budget.js";
import { totalReads, type ReadCount } from "./execution.js";
import { existsPlan } from "./execute.js";
import { executionOf, type ReadRun } from "./run.js";

/**
 * What one read knows of its relation filters: the plan of each, made once, and the answers by key. A thousand posts of
 * ten authors cost ten look-ups.
 */
export class Memo {
  private readonly answers = new WeakMap<ExistsPredicate, Map<string, Promise<boolean>>>();
  private readonly plans = new WeakMap<ExistsPredicate, KeyedPlan>();

  get(filter: ExistsPredicate, key: string, ask: () => Promise<boolean>): Promise<boolean> {
    let answers = this.answers.get(filter);
    if (answers === undefined) this.answers.set(filter, (answers = new Map()));
    let answer = answers.get(key);
    if (answer === undefined) answers.set(key, (answer = ask()));
    return answer;
  }

  plan(filter: ExistsPredicate, make: () => KeyedPlan): KeyedPlan {
    let plan = this.plans.get(filter);
    if (plan === undefined) this.plans.set(filter, (plan = make()));
    return plan;
  }
}

/** Tests relation filters row by row: existence stops at the first match, and null or absent keys never join. */
export function existsProbe(run: ReadRun, budget: Budget, count: ReadCount | null): ExistsProbe {
  const probe: ExistsProbe = (filter, row) => {
    const key = keyOf(row, filter.relation.from);
    if (key === null) return Promise.resolve(false);
    return run.memo.get(filter, key.map(keyText).join("\u0000"), () => answer(filter, key));
  };
  const answer = async (filter: ExistsPredicate, key: readonly Stored[]): Promise<boolean> => {
    const { relation } = filter;
    if (relation.through === null && relation.to.length === 1 && relation.to[0] === "_id") {
      const document = await run.documents.get(relation.target, key[0], budget, count);
      return document !== null && (await matchesWith(filter.where, document, probe));
    }
    const plan = planForKey(
      run.env.catalog,
      run.memo.plan(filter, () => planFilter(run, filter)),
      key,
    );
    if (plan === null) return false;
    const execution = executionOf(run, plan, { budget });
    const found = await existsPlan(execution, plan);
    if (count !== null && execution.trace !== null) {
      const { documents, queries } = totalReads(execution.trace);
      count.documents += documents;
      count.queries += queries;
    }
    return found;
  };
  return probe;
}

/** The plan that looks for one related row of a key: of the junction, with the target as its own relation filter. */
function planFilter({ env, limits }: ReadRun, filter: ExistsPredicate): KeyedPlan {
  const { through, target, to } = filter.relation;
  const [table, fields, where] =
    through === null ? [target, to, filter.where] : [through.table, through.from, junctionWhere(filter)];
  // The schema demands an index that leads with the key, so the scan is bounded whatever else is asked.
  const request = { table, where, order: [], limit: 1, offset: 0, paged: false, allowFullScan: true, limits };
  return planKeyed(env.catalog, request, fields);
}

/** The values of a key, or null when some part is absent or null. */
export function keyOf(row: Row, fields: readonly string[]): readonly Stored[] | null {
  const key = fields.map((field) => readPath(row, field));
  return key.some((part) => part === undefined || part === null) ? null : key;
}
