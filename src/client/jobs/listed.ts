import type { Document } from "../executor/env.js";
import { matchesWith } from "../predicate/evaluate.js";
import { takeByIds } from "./by-ids.js";
import { holds } from "./effect.js";
import type { Root } from "./root.js";
import type { Step } from "./step.js";
import type { Taker } from "./taker.js";
import { encodeWork, idsPerItem, type Item, type RowsWork } from "./work.js";

/** Some rows that a statement has listed, as an item of its job. */
export interface List {
  readonly id: string;
  readonly work: RowsWork;
}

export function listItems(rows: readonly Document[], again: boolean): Item[] {
  const items: Item[] = [];
  for (let from = 0; from < rows.length; from += idsPerItem) {
    const ids = rows.slice(from, from + idsPerItem).map((row) => row._id);
    items.push({ work: encodeWork({ kind: "rows", ids, ...(again ? { again } : {}) }) });
  }
  return items;
}

/** Takes listed rows that still match, under the policies of now. The statement is through when no list is left. */
export async function takeListed(step: Step, root: Root, lists: readonly List[], taker: Taker): Promise<void> {
  const { table, selection, set } = root;
  const { env } = step;
  if (lists.length === 0) return void step.outcomes.push({ id: root.id, done: true });
  for (const item of lists) {
    const done = await takeByIds(step, table, item, async (row) => {
      if (!(await matchesWith(selection.request.where, row, env.exists))) return;
      if (item.work.again === true && holds(row, set)) return;
      await taker.take(row);
    });
    if (!done) return;
  }
}
