import { v } from "convex/values";
import { mutation } from "./_generated/server.js";
import { loadSettings, newCursorKey, placeCursorKey } from "./policyStore.js";

/**
 * Makes a new key for sealing cursors. Cursors handed out before are refused from now on, and their readers start
 * over. Worth a call once when an app without policies wants sealed cursors, and when the key may have leaked.
 */
export const rotate = mutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const settings = await loadSettings(ctx);
    const cursorKey = newCursorKey();
    if (settings === null) await ctx.db.insert("settings", { policyVersion: 0, cursorKey });
    else await ctx.db.patch("settings", settings._id, { cursorKey });
    await placeCursorKey(ctx, cursorKey);
    return null;
  },
});
