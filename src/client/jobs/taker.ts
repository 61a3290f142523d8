import type { Document } from "../executor/env.js";
import { RowPolicies } from "../mutations/row-policies.js";
import { markDeleted, startPurge, undoPurge, unmark } from "../mutations/soft.js";
import { patched } from "../mutations/values.js";
import type { Root } from "./root.js";
import type { Step } from "./step.js";

/** Stages what a background statement does to its rows. */
export interface Taker {
  /** Takes a row, once a step. */
  take(row: Document): Promise<void>;
  /** Comes after the last row. */
  finish(): Promise<void>;
}

export async function takerOf(step: Step, { table, work, set, hard }: Root): Promise<Taker> {
  const { env, stage } = step;
  const at = Date.now();
  const softDeleted: Document[] = [];
  const restored: Document[] = [];
  const access = work.command === "update" ? await env.access({ table, args: {} }) : null;
  const policies = access === null || access.system ? null : new RowPolicies(env, access);
  const put = (row: Document, after: Document | null): void => step.putRoot(table, row, after);
  return {
    async take(row) {
      const now = stage.current(row);
      if (now === null || stage.get(row._id)?.root === true) return;
      if (work.command === "restore") {
        restored.push(row);
        return put(row, unmark(table, row));
      }
      if (hard) return put(row, null);
      if (work.command === "delete") {
        softDeleted.push(row);
        return put(row, markDeleted(table, row, at));
      }
      const after = patched(env.db, table, now, set);
      await policies?.updated(table, after);
      put(row, after);
    },
    async finish() {
      if (softDeleted.length > 0)
        step.afterwards.push(async () => void (await startPurge(env, table, softDeleted, at)));
      if (restored.length > 0) step.afterwards.push(() => undoPurge(env, table, restored));
    },
  };
}
