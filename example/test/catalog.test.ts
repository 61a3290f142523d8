import { beforeAll, describe, expect, test } from "vitest";
import { api } from "../convex/_generated/api.js";
import { firstPage, openShop, type Shop } from "./shop.js";

let shop: Shop;
beforeAll(async () => {
  shop = await openShop(["AC/DC", "Accept", "Aerosmith", "Led Zeppelin"]);
}, 60_000);

describe("albums", () => {
  test("come by title, a page at a time, each with its artist, and none twice", async () => {
    const titles: string[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages < 20; pages++) {
      const result: {
        page: { title: string; artist: { name: string } | null }[];
        isDone: boolean;
        continueCursor: string;
      } = await shop.visitor.query(api.catalog.albums, { paginationOpts: { numItems: 5, cursor } });
      for (const album of result.page) {
        const row = shop.data.Album.find((candidate) => candidate.Title === album.title);
        const artist = shop.data.Artist.find((candidate) => candidate.ArtistId === row?.ArtistId);
        expect(album.artist?.name).toBe(artist?.Name);
      }
      titles.push(...result.page.map((album) => album.title));
      if (result.isDone) break;
      cursor = result.continueCursor;
    }
    expect(titles).toEqual(shop.data.Album.map((album) => album.Title).sort());
  });
});

describe("tracks of a genre", () => {
  test("come longest first or by name", async () => {
    const rock = shop.expected.tracksOfGenres("Rock");
    const genreId = shop.ids.get("genres", 1);
    const longest = await shop.visitor.query(api.catalog.tracksOfGenre, {
      genreId,
      sort: "longest",
      paginationOpts: firstPage(7),
    });
    expect(longest.page.map((track) => track.name)).toEqual(
      shop.expected
        .longest(rock)
        .slice(0, 7)
        .map((track) => track.Name),
    );
    const byName = await shop.visitor.query(api.catalog.tracksOfGenre, {
      genreId,
      sort: "name",
      paginationOpts: firstPage(7),
    });
    expect(byName.page.map((track) => track.name)).toEqual(
      shop.expected
        .byName(rock)
        .slice(0, 7)
        .map((track) => track.Name),
    );
  });
});

describe("what a page costs", () => {
  /** What a query reads beyond the page: the policies, one document a protected table and one more. */
  const policies = 5;

  test("its rows, one look-ahead, and one index range", async () => {
    const cost = await shop.visitor.query(async (ctx) => {
      const { page } = await ctx.runQuery(api.catalog.tracksOfGenre, {
        genreId: shop.ids.get("genres", 1),
        sort: "longest",
        paginationOpts: firstPage(10),
      });
      const { documentsRead, databaseQueries } = await ctx.meta.getTransactionMetrics();
      return { rows: page.length, documents: documentsRead.used, queries: databaseQueries.used };
    });
    expect(cost.rows).toBe(10);
    expect(cost.documents).toBeLessThanOrEqual(cost.rows + 1 + policies);
    expect(cost.queries).toBeLessThanOrEqual(1 + 2);
  });

  test("of a search by prefix, its rows with their albums and artists, each once", async () => {
    const cost = await shop.visitor.query(async (ctx) => {
      const found = await ctx.runQuery(api.catalog.search, { prefix: "B" });
      const { documentsRead } = await ctx.meta.getTransactionMetrics();
      const albums = new Set(found.tracks.map((track) => track.albumId));
      const artists = new Set(found.tracks.map((track) => track.album?.artistId));
      const rows = found.artists.length + found.tracks.length + albums.size + artists.size;
      return { rows, documents: documentsRead.used };
    });
    expect(cost.rows).toBeGreaterThan(10);
    // A look-ahead for each of the two probes.
    expect(cost.documents).toBeLessThanOrEqual(cost.rows + 2 + policies);
  });
});

describe("search", () => {
  test("finds artists and tracks by the beginning of their names", async () => {
    const found = await shop.visitor.query(api.catalog.search, { prefix: "A" });
    expect(found.artists.map((artist) => artist.name)).toEqual(["AC/DC", "Accept", "Aerosmith"]);
    const tracks = shop.expected.byName(shop.data.Track.filter((track) => track.Name.startsWith("A"))).slice(0, 20);
    expect(tracks.length).toBeGreaterThan(3);
    expect(found.tracks.map((track) => track.name)).toEqual(tracks.map((track) => track.Name));
    expect(found.tracks[0]?.album?.artist?.name).toBeTypeOf("string");
  });

  test("finds nothing for a beginning that no name has", async () => {
    expect(await shop.visitor.query(api.catalog.search, { prefix: "Zzz" })).toEqual({ artists: [], tracks: [] });
  });
});

describe("an artist's page", () => {
  test("has the albums by title, each with all its tracks by name", async () => {
    const { ArtistId, Name } = shop.expected.artist("Led Zeppelin");
    const page = await shop.visitor.query(api.catalog.artist, { artistId: shop.ids.get("artists", ArtistId) });
    expect(page?.name).toBe(Name);
    expect(page?.albums.map((album) => [album.title, album.tracks.map((track) => track.name)])).toEqual(
      shop.expected
        .albumsOf(ArtistId)
        .map((album) => [album.Title, shop.expected.tracksOfAlbum(album.AlbumId).map((track) => track.Name)]),
    );
  });
});
