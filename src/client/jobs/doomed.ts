import type { Document } from "../executor/env.js";
import type { WriteEnv } from "../mutations/env.js";
import { holdText } from "../mutations/holds.js";
import { isIdKey, keyOf, parentRows, type Key } from "../mutations/keys.js";
import type { IsDoomed } from "../mutations/restrict.js";
import type { Stage } from "../mutations/stage.js";
import type { ForeignKey, TableInfo } from "../schema/catalog.js";
import { callQuery } from "./component.js";

/** Whether a background statement that is not through yet would delete the row itself. */
export type IsNamed = (table: TableInfo, row: Document) => Promise<boolean>;

/** The job that asks. */
export interface AskingJob {
  readonly id: string;
  readonly kind: string;
}

/**
 * In a job, rows go from the top down, so a row that would refuse may be one that the job has yet to come to. Such a
 * row hangs, by `cascade`, from a parent that is gone already: looking upwards tells, with a point read a parent. A row
 * that arrived later hangs from nothing that is gone (its foreign keys were checked), and refuses.
 */
export function doomedIn(env: WriteEnv, stage: Stage, isNamed: IsNamed, job: AskingJob): IsDoomed {
  const known = new Map<string, boolean>();
  const look = async (table: TableInfo, row: Document, path: ReadonlySet<string>): Promise<boolean> => {
    const answer = known.get(row._id);
    if (answer !== undefined) return answer;
    const doomed = (await isNamed(table, row)) || (await hangsFromNothing(table, row, path));
    // Within a cycle a "no" only means: not by this way.
    if (doomed || path.size === 0) known.set(row._id, doomed);
    return doomed;
  };
  const hangsFromNothing = async (table: TableInfo, row: Document, path: ReadonlySet<string>): Promise<boolean> => {
    const here = new Set(path).add(row._id);
    for (const foreignKey of table.foreignKeys) {
      if (foreignKey.onDelete !== "cascade") continue;
      const key = keyOf(row, foreignKey.fields);
      if (key === null) continue;
      const target = env.catalog.tables[foreignKey.target]!;
      const parents = await parentRows(env.db, target, foreignKey.targetFields, key, 2);
      const left = parents.filter((parent) => stage.current(parent) !== null);
      const isGone = left.length === 0 && (foreignKey.enforce || parents.length > 0);
      if (isGone || (left.length === 0 && (await isBeingDeleted(foreignKey, key, row)))) return true;
      for (const parent of left) if (!here.has(parent._id) && (await look(target, parent, here))) return true;
    }
    return false;
  };
  /**
   * A foreign key that does not ask for its parent may never have had one. A natural key is held while a job works on
   * it; of an id it is known that the walk before the job has judged the rows that there were.
   */
  const isBeingDeleted = async ({ target, targetFields }: ForeignKey, key: Key, row: Document): Promise<boolean> => {
    if (!isIdKey(targetFields)) {
      const held = await callQuery(env, (api) => api.jobs.held, { keys: [holdText(target, targetFields, key)] });
      return held.length > 0;
    }
    if (job.kind === "purge") return false;
    const state = await callQuery(env, (api) => api.jobs.get, { id: job.id });
    return state !== null && row._creationTime <= state.createdAt;
  };
  return (table, row) => look(table, row, new Set());
}
