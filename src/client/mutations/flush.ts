import type { GenericId } from "convex/values";
import type { WriteEnv } from "./env.js";
import { keepAggregates } from "./aggregates.js";
import { difference, type Stage } from "./stage.js";
import { readPath } from "../predicate/values.js";
import type { Document } from "../executor/env.js";
import type { TableInfo } from "../schema/catalog.js";
import { inBatches } from "./unique.js";

/**
 * Writes what is staged: changed fields only, and nothing for a row that is as it was. Files go with their rows, and
 * aggregates follow them.
 */
export async function flush(env: WriteEnv, stage: Stage): Promise<void> {
  const files = new Set<string>();
  await inBatches([...stage.all()], async ({ table, before, write }) => {
    if (write === undefined) return;
    if (write === null) {
      for (const id of filesOf(table, before)) files.add(id);
      await env.db.delete(before._id);
      return;
    }
    const patch = difference(before, write);
    if (Object.keys(patch).length > 0) await env.db.patch(before._id, patch);
  });
  for (const { table, before, write } of stage.all()) {
    if (write !== undefined) await keepAggregates(env, table, before, write);
  }
  await inBatches([...files], (id) => deleteFile(env, id));
}

/** The storage ids that a row takes with it. */
function filesOf(table: TableInfo, row: Document): string[] {
  return Object.keys(table.rules.files).flatMap((field) => {
    const value = readPath(row, field);
    const ids = Array.isArray(value) ? value : [value];
    return ids.filter((id) => typeof id === "string");
  });
}

/** A file that is gone already is no reason to fail. */
async function deleteFile({ ctx, db }: WriteEnv, id: string): Promise<void> {
  const storageId = id as GenericId<"_storage">;
  if (db.system?.normalizeId !== undefined && db.system.normalizeId("_storage", id) === null) return;
  if (db.system?.get !== undefined && (await db.system.get(storageId)) === null) return;
  await ctx.storage.delete(storageId);
}
