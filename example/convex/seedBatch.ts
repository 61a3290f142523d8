import { v } from "convex/values";
import { internalMutation } from "./_generated/server.js";
import type { TableNames } from "./_generated/dataModel.js";
import { orm } from "./orm.js";
import schema from "./schema.js";

/**
 * Inserts one batch and gives the ids in its order. The rows go through the ORM: foreign keys, unique keys and checks
 * are tested, policies are not. `checked: false` leaves the ORM out, for rows known to be good.
 */
export const insert = internalMutation({
  args: { table: v.string(), rows: v.array(v.any()), checked: v.optional(v.boolean()) },
  returns: v.array(v.string()),
  handler: async (ctx, args): Promise<string[]> => {
    if (!(args.table in schema.tables)) throw new Error(`Chinook has no table "${args.table}"`);
    const table = args.table as TableNames;
    if (args.checked ?? true) return await orm.system(ctx).insert(table).values(args.rows);
    return await Promise.all(args.rows.map((row) => ctx.db.insert(table, row)));
  },
});
