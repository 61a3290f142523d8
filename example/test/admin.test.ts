import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api, internal } from "../convex/_generated/api.js";
import { orm } from "../convex/orm.js";
import { codeOf, openShop, type Shop } from "./shop.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** How many rows each table below an artist holds. */
const counts = async (shop: Shop) =>
  await shop.t.run(async (ctx) => ({
    artists: (await ctx.db.query("artists").collect()).length,
    albums: (await ctx.db.query("albums").collect()).length,
    tracks: (await ctx.db.query("tracks").collect()).length,
    invoiceLines: (await ctx.db.query("invoiceLines").collect()).length,
    playlistTracks: (await ctx.db.query("playlistTracks").collect()).length,
  }));

const remaining = (shop: Shop, artistId: number) => {
  const { albums, tracks, invoiceLines, playlistTracks } = shop.expected.belowArtist(artistId);
  return {
    artists: shop.data.Artist.length - 1,
    albums: shop.data.Album.length - albums,
    tracks: shop.data.Track.length - tracks,
    invoiceLines: shop.data.InvoiceLine.length - invoiceLines,
    playlistTracks: shop.data.PlaylistTrack.length - playlistTracks,
  };
};

describe("deleting an artist", () => {
  test("takes everything below it along, at once if it is little", async () => {
    const shop = await openShop(["AC/DC", "Accept"]);
    const { ArtistId } = shop.expected.artist("AC/DC");
    const artistId = shop.ids.get("artists", ArtistId);
    expect(await shop.nancy.mutation(api.admin.deleteArtist, { artistId })).toEqual({ count: 1, job: null });
    expect(await counts(shop)).toEqual(remaining(shop, ArtistId));
    expect(await shop.visitor.query(api.catalog.artist, { artistId })).toBeNull();
    expect(await shop.nancy.mutation(api.admin.deleteArtist, { artistId })).toEqual({ count: 0, job: null });
  });

  test("goes on in a job that the staff may watch, if it is much", async () => {
    const shop = await openShop(["Iron Maiden", "Accept"], 7);
    const { ArtistId } = shop.expected.artist("Iron Maiden");
    const artistId = shop.ids.get("artists", ArtistId);
    const { count, job } = await shop.nancy.mutation(api.admin.deleteArtist, { artistId });
    expect(count).toBe(1);
    if (job === null) throw new Error("expected a job");
    expect((await shop.jane.query(api.admin.job, { id: job }))?.status).toMatch(/pending|running/);

    await shop.t.finishAllScheduledFunctions(vi.runAllTimers, 1_000);
    const rowsDone = 1 + 21 + 213 + 140 + 516;
    expect(await shop.jane.query(api.admin.job, { id: job })).toMatchObject({
      status: "succeeded",
      rowsDone,
      frontier: 0,
    });
    expect(await counts(shop)).toEqual(remaining(shop, ArtistId));
  }, 60_000);

  test("is for managers only, and watching for the staff", async () => {
    const shop = await openShop(["Accept"]);
    const artistId = shop.ids.get("artists", shop.expected.artist("Accept").ArtistId);
    for (const seat of [shop.jane, shop.luis, shop.visitor]) {
      await expect(seat.mutation(api.admin.deleteArtist, { artistId })).rejects.toThrow("Only a manager");
    }
    await expect(shop.luis.query(api.admin.job, { id: "any" })).rejects.toThrow("Only the staff");
    expect(await shop.jane.query(api.admin.job, { id: "any" })).toBeNull();
    expect((await counts(shop)).artists).toBe(1);
  });
});

describe("the catalogue's keys", () => {
  test("a genre in use stays, a second one of its name is refused", async () => {
    const shop = await openShop(["Accept"]);
    const remove = shop.t.mutation(async (ctx) => await orm.with(ctx).delete("genres").where({ name: "Rock" }));
    expect(await codeOf(remove)).toBe("RESTRICT_VIOLATION");
    const insert = shop.t.mutation(async (ctx) => await orm.with(ctx).insert("genres").values({ name: "Rock" }));
    expect(await codeOf(insert)).toBe("UNIQUE_VIOLATION");
  });
});

describe("syncing the policies", () => {
  test("again changes nothing", async () => {
    const shop = await openShop(["Accept"]);
    const difference = await shop.t.mutation(internal.policies.sync, {});
    expect(difference).toEqual({ added: [], changed: [], removed: [], unlisted: [] });
  });
});
