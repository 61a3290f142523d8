import type { GenericId } from "convex/values";
import type { Document } from "../executor/env.js";
import type { TableInfo } from "../schema/catalog.js";
import type { Step } from "./step.js";
import { encodeWork, type PurgeWork, type RowsWork } from "./work.js";

/** Point gets at one go. */
const together = 32;

/**
 * Takes the rows that a work item lists by their ids, some at a time while the step has room, and says what is left of
 * the item. Rows that are gone are passed over. Resolves to whether the item is done.
 */
export async function takeByIds(
  step: Step,
  table: TableInfo,
  { id, work }: { readonly id: string; readonly work: RowsWork | PurgeWork },
  take: (row: Document) => Promise<void> | void,
): Promise<boolean> {
  let ids = [...work.ids];
  while (ids.length > 0) {
    const room = Math.min(await step.room(table), together);
    if (room <= 0) break;
    const rows = await Promise.all(ids.slice(0, room).map((each) => step.env.db.get(each as GenericId<string>)));
    ids = ids.slice(room);
    for (const row of rows) if (row !== null) await take(row);
  }
  const done = ids.length === 0;
  if (done) step.outcomes.push({ id, done });
  else if (ids.length < work.ids.length) step.outcomes.push({ id, done, work: encodeWork({ ...work, ids }) });
  return done;
}
