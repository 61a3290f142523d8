import type { Step } from "../demo.js";

const ARTIST = "Led Zeppelin";
const PER_ALBUM = 2;

export const relations: Step = {
  title: "3. A relation load",
  intro:
    "One call loads an artist, its albums and the first tracks of each. A level is planned as a whole: its keys " +
    "are collected once, and each album reads only the two tracks that are wanted of it.",
  run: async (demo) => {
    const artist = demo.expected.artist(ARTIST);
    const id = demo.name(demo.ids.get("artists", artist.ArtistId), ARTIST);
    const args = {
      where: { _id: id },
      with: {
        albums: {
          orderBy: { title: "asc" as const },
          with: { tracks: { orderBy: { name: "asc" as const }, limit: PER_ALBUM, with: { genre: true as const } } },
        },
      },
    };
    demo.showCall("artists.findUnique", args);
    const { result, plan, cost } = await demo.ask(
      null,
      (db) => db.query.artists.explain(args),
      (db) => db.query.artists.findUnique(args),
    );
    demo.showPlan(plan);
    const albums = result?.albums ?? [];
    const lines = albums
      .slice(0, 3)
      .flatMap((album) => [
        `  ${album.title}`,
        ...album.tracks.map((track) => `    ${track.name} (${track.genre?.name ?? "no genre"})`),
      ]);
    demo.out.block(
      "rows",
      [result?.name ?? "nobody", ...lines, `  ... and ${albums.length - 3} albums more`].join("\n"),
    );
    demo.showCost(cost);

    const want = demo.expected.albumsOf(artist.ArtistId).map((album) => ({
      title: album.Title,
      tracks: demo.expected
        .tracksOfAlbum(album.AlbumId)
        .slice(0, PER_ALBUM)
        .map((track) => track.Name),
    }));
    const got = albums.map((album) => ({ title: album.title, tracks: album.tracks.map((track) => track.name) }));
    const tracks = want.reduce((sum, album) => sum + album.tracks.length, 0);
    const genres = new Set(albums.flatMap((album) => album.tracks.map((track) => track.genreId))).size;
    demo.check(`${want.length} albums by title, each with its first two tracks by name`, got, want);
    demo.check("reads each of these rows once", cost.documents, 1 + want.length + tracks + genres);
  },
};
