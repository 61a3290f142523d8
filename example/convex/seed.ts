import { v } from "convex/values";
import chinook from "../data/chinook.json";
import { internal } from "./_generated/api.js";
import { internalAction } from "./_generated/server.js";
import { loadChinook } from "./lib/load.js";

/**
 * Fills an empty deployment: `npx convex run seed:run`. It stands in a file of its own, so that no other function is
 * started with the data.
 */
export const run = internalAction({
  args: {},
  returns: v.null(),
  handler: async (ctx): Promise<null> => {
    await loadChinook(
      chinook,
      async (table, rows) => await ctx.runMutation(internal.seedBatch.insert, { table, rows }),
      { batchRows: 500, onProgress: (table, rows) => console.log(`${table}: ${rows}`) },
    );
    await ctx.runMutation(internal.policies.sync, {});
    return null;
  },
});
