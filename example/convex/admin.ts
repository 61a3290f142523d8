import { nullable } from "convex-helpers/validators";
import { ConvexError, v } from "convex/values";
import { mutation, query } from "./_generated/server.js";
import { vJob } from "./lib/validators.js";
import { orm } from "./orm.js";
import { sessionOf } from "./session.js";

/**
 * Deletes an artist with everything below it: albums, tracks, their places in playlists and on invoices.
 *
 * `count` is 1, or 0 if there was no such artist. What did not fit into this transaction goes on in a durable job:
 * `job` is its id, to be watched through {@link job}, or null if everything is gone already.
 */
export const deleteArtist = mutation({
  args: { artistId: v.id("artists") },
  returns: v.object({ count: v.number(), job: nullable(v.string()) }),
  handler: async (ctx, { artistId }): Promise<{ count: number; job: string | null }> => {
    // The catalogue has no policies, so this function guards what it does itself.
    const { roles } = await sessionOf(ctx);
    if (!roles.includes("manager")) throw new ConvexError("Only a manager may delete an artist.");
    return await orm.with(ctx).delete("artists").where({ _id: artistId });
  },
});

/** How a job stands, for the staff; null when there is no such job. A client that subscribes sees it move. */
export const job = query({
  args: { id: v.string() },
  returns: nullable(vJob),
  handler: async (ctx, { id }) => {
    const { roles } = await sessionOf(ctx);
    if (!roles.includes("staff")) throw new ConvexError("Only the staff may watch jobs.");
    return await orm.jobs.get(ctx, id);
  },
});
