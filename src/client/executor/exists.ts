import { conjoin } from "../predicate/normalize.js";
import { matchesWith, type ExistsProbe, type Row } from "../predicate/evaluate.js";
import { equalities } from "../predicate/parse.js";
import type { ExistsPredicate } from "../predicate/types.js";
import { keyText, readPath, type Stored } from "../predicate/values.js";
import { junctionWhere } from "../planner/junction.js";
import { planQuery } from "../planner/plan-query.js";
import type { Predicate } from "../predicate/types.js";
import type { Budget } from "./budget.js";
import { totalReads, type ReadCount } from "./execution.js";
import { existsPlan } from "./execute.js";
import { executionOf, type ReadRun } from "./run.js";

/** Answers of relation filters, by filter and key: a thousand posts of ten authors cost ten look-ups. */
export class Memo {
  private readonly byFilter = new WeakMap<ExistsPredicate, Map<string, Promise<boolean>>>();

  get(filter: ExistsPredicate, key: string, ask: () => Promise<boolean>): Promise<boolean> {
    let answers = this.byFilter.get(filter);
    if (answers === undefined) this.byFilter.set(filter, (answers = new Map()));
    let answer = answers.get(key);
    if (answer === undefined) answers.set(key, (answer = ask()));
    return answer;
  }
}

/** Tests relation filters row by row: existence stops at the first match, and null or absent keys never join. */
export function existsProbe(run: ReadRun, budget: Budget, count: ReadCount | null): ExistsProbe {
  const probe: ExistsProbe = (filter, row) => {
    const key = keyOf(row, filter.relation.from);
    if (key === null) return Promise.resolve(false);
    return run.memo.get(filter, key.map(keyText).join(" "), () => answer(filter, key));
  };
  const answer = async (filter: ExistsPredicate, key: readonly Stored[]): Promise<boolean> => {
    const { relation } = filter;
    if (relation.through !== null) {
      return await some(relation.through.table, conjoin([junctionWhere(filter), keyIs(relation.through.from, key)]));
    }
    if (relation.to.length === 1 && relation.to[0] === "_id") {
      const document = await run.documents.get(relation.target, key[0], budget, count);
      return document !== null && (await matchesWith(filter.where, document, probe));
    }
    return await some(relation.target, conjoin([filter.where, keyIs(relation.to, key)]));
  };
  const some = async (table: string, where: Predicate): Promise<boolean> => {
    const { env, limits } = run;
    // The schema demands an index that leads with the key, so the scan is bounded whatever else is asked.
    const plan = planQuery(env.catalog, {
      table,
      where,
      order: [],
      limit: 1,
      offset: 0,
      paged: false,
      allowFullScan: true,
      semiJoins: false,
      limits,
    });
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

/** The values of a key, or null when some part is absent or null. */
export function keyOf(row: Row, fields: readonly string[]): readonly Stored[] | null {
  const key = fields.map((field) => readPath(row, field));
  return key.some((part) => part === undefined || part === null) ? null : key;
}

export const keyIs = (fields: readonly string[], key: readonly Stored[]): Predicate => equalities(fields, key);
