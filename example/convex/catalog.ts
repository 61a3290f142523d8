import { nullable } from "convex-helpers/validators";
import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { vAlbumWithArtist, vArtist, vArtistPage, vTrack, vTrackWithAlbum } from "./lib/validators.js";
import { query } from "./_generated/server.js";
import { orm } from "./orm.js";

/** All albums by title, a page at a time, each with its artist. */
export const albums = query({
  args: { paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(vAlbumWithArtist),
  handler: async (ctx, { paginationOpts }) =>
    await orm.with(ctx).query.albums.paginate({
      orderBy: { title: "asc" },
      with: { artist: true },
      paginationOpts,
    }),
});

/** The tracks of a genre, a page at a time, by name or longest first. Each order has an index that delivers it. */
export const tracksOfGenre = query({
  args: {
    genreId: v.id("genres"),
    sort: v.union(v.literal("name"), v.literal("longest")),
    paginationOpts: paginationOptsValidator,
  },
  returns: paginationResultValidator(vTrack),
  handler: async (ctx, { genreId, sort, paginationOpts }) =>
    await orm.with(ctx).query.tracks.paginate({
      where: { genreId },
      orderBy: sort === "name" ? { name: "asc" } : { milliseconds: "desc" },
      paginationOpts,
    }),
});

/** Artists and tracks whose name begins with what was typed: twenty of each at most. */
export const search = query({
  args: { prefix: v.string() },
  returns: v.object({ artists: v.array(vArtist), tracks: v.array(vTrackWithAlbum) }),
  handler: async (ctx, { prefix }) => {
    const db = orm.with(ctx);
    const where = { name: { startsWith: prefix } };
    const [artists, tracks] = await Promise.all([
      db.query.artists.findMany({ where, orderBy: { name: "asc" }, limit: 20 }),
      db.query.tracks.findMany({
        where,
        orderBy: { name: "asc" },
        limit: 20,
        with: { album: { with: { artist: true } } },
      }),
    ]);
    return { artists, tracks };
  },
});

/** An artist with its albums and their tracks, or null. */
export const artist = query({
  args: { artistId: v.id("artists") },
  returns: nullable(vArtistPage),
  handler: async (ctx, { artistId }) =>
    await orm.with(ctx).query.artists.findUnique({
      where: { _id: artistId },
      with: { albums: { orderBy: { title: "asc" }, with: { tracks: { orderBy: { name: "asc" } } } } },
    }),
});
