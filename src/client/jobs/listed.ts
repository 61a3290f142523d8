import type { GenericId } from "convex/values";
import type { Document } from "../executor/env.js";
import { matchesWith } from "../predicate/evaluate.js";
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

/** Point gets at one go. */
const together = 32;

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
  const { table, selection, set, work } = root;
  const { env } = step;
  if (lists.length === 0) return void step.outcomes.push({ id: root.id, done: true });
  for (const { id, work: list } of lists) {
    let ids = [...list.ids];
    while (ids.length > 0) {
      const room = Math.min(await step.room(table), together);
      if (room <= 0) break;
      const rows = await Promise.all(ids.slice(0, room).map((each) => env.db.get(each as GenericId<string>)));
      ids = ids.slice(room);
      for (const row of rows) {
        if (row === null || !(await matchesWith(selection.request.where, row, env.exists))) continue;
        if (list.again === true && work.command === "update" && holds(row, set)) continue;
        await taker.take(row);
      }
    }
    if (ids.length === 0) step.outcomes.push({ id, done: true });
    else if (ids.length < list.ids.length) step.outcomes.push({ id, done: false, work: encodeWork({ ...list, ids }) });
    if (ids.length > 0) return;
  }
}
