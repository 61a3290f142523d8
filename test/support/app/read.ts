/** A query that does whatever the test says: nested calls, and with them tighter budgets, need a function to call. */
import { queryGeneric } from "convex/server";
import type { GenericDataModel, GenericQueryCtx } from "convex/server";

export const hook: { run: (ctx: GenericQueryCtx<GenericDataModel>) => Promise<void> } = { run: async () => {} };

export const run = queryGeneric({
  args: {},
  handler: async (ctx): Promise<null> => {
    await hook.run(ctx);
    return null;
  },
});
