import { internalMutationGeneric, type DataModelFromSchemaDefinition, type MutationBuilder } from "convex/server";
import { vWorkerArgs, vWorkerResult, type NewItem, type WorkerResult } from "../../../src/component/validators.js";
import { control } from "../control.js";
import type schema from "./schema.js";

const internalMutation = internalMutationGeneric as MutationBuilder<
  DataModelFromSchemaDefinition<typeof schema>,
  "internal"
>;

/** Deletes the rows below the keys of its items, level by level, `control.keysAnItem` new keys to an item. */
export const worker = internalMutation({
  args: vWorkerArgs,
  returns: vWorkerResult,
  handler: async (ctx, args): Promise<WorkerResult> => {
    control.calls.push(args);
    await control.before?.(control.calls.length, args);
    const result: WorkerResult = { items: [], added: [], rows: 0 };
    const found: string[] = [];
    for (const { id, work } of args.items) {
      let left = args.budget.rows - result.rows;
      if (left <= 0) break;
      const keys = JSON.parse(work) as string[];
      while (keys.length > 0 && left > 0) {
        const rows = await ctx.db
          .query("nodes")
          .withIndex("by_parent", (q) => q.eq("parent", keys[0] ?? null))
          .take(left);
        for (const row of rows) {
          await ctx.db.delete("nodes", row._id);
          await ctx.db.insert("handled", { node: row._id });
          found.push(row._id);
        }
        left -= rows.length;
        result.rows += rows.length;
        if (left > 0) keys.shift();
      }
      result.items.push({ id, done: keys.length === 0, ...(keys.length > 0 && { work: JSON.stringify(keys) }) });
    }
    for (let i = 0; i < found.length; i += control.keysAnItem) {
      const keys = found.slice(i, i + control.keysAnItem);
      const item: NewItem = { work: JSON.stringify(keys), ...(control.hold && { holds: keys }) };
      result.added.push(item);
    }
    control.rows += result.rows;
    const answer = control.answer?.(result) ?? result;
    await control.after?.(control.calls.length, args);
    return answer;
  },
});
