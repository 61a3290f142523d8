import { api } from "../../convex/_generated/api.js";
import { orm } from "../../convex/orm.js";
import { seatOf } from "../store.js";
import { counted, type Demo, type Step } from "../demo.js";

const POLL_MS = 100;

export const cascade: Step = {
  title: "7. A cascade that outgrows its transaction",
  intro:
    "Deleting an artist deletes its albums, their tracks, and those tracks' places in playlists and on invoices. " +
    "What fits is deleted in the mutation itself; the rest is handed, in the same transaction, to a durable job " +
    "of the component.",
  run: async (demo) => {
    const artist = demo.expected.largestArtist();
    const below = demo.expected.belowArtist(artist.ArtistId);
    const rows = 1 + below.albums + below.tracks + below.invoiceLines + below.playlistTracks;
    const nancy = seatOf(demo.store, "nancy@chinookcorp.com");
    const artistId = demo.name(demo.ids.get("artists", artist.ArtistId), artist.Name);
    demo.out.block("call", `deleteArtist({ artistId: <${artist.Name}> })   as Nancy, the manager`);
    demo.out.block(
      "below",
      `${counted(below.albums, "album")}, ${counted(below.tracks, "track")}, ` +
        `${counted(below.invoiceLines, "invoice line")}, ${counted(below.playlistTracks, "playlist place")}`,
    );

    const { count, job, cost } = await nancy.mutation(async (ctx) => {
      const deleted = await ctx.runMutation(api.admin.deleteArtist, { artistId });
      const { documentsRead, databaseQueries, documentsWritten } = await ctx.meta.getTransactionMetrics();
      const cost = [documentsRead.used, databaseQueries.used, documentsWritten.used] as const;
      return { ...deleted, cost };
    });
    demo.out.block("returns", `{ count: ${count}, job: ${job === null ? "null" : '"..."'} }`);
    const [documents, queries, written] = cost;
    demo.out.block(
      "cost",
      `${counted(documents, "document")} read in ${counted(queries, "index range")}, ${counted(written, "document")} ` +
        "written, the job's own included",
    );
    demo.check("one artist deleted", count, 1);
    demo.check("the rest went to a job", job !== null, true);
    if (job === null) return;

    const finished = await watch(demo, job, rows);
    demo.out.block("job", `${finished.status} after ${counted(finished.steps, "step")}`);
    demo.check("the job succeeded", finished.status, "succeeded");
    demo.check(`${rows} rows deleted in all`, finished.rowsDone, rows);
    await checkRest(demo, below);
  },
};

/** Draws the job's progress until it ends; a deployment's client would subscribe to the same query. */
async function watch(demo: Demo, id: string, rows: number) {
  const nancy = seatOf(demo.store, "nancy@chinookcorp.com");
  for (let last = -1; ;) {
    const job = await nancy.query(api.admin.job, { id });
    if (job === null) throw new Error("the job is gone");
    const over = job.status !== "pending" && job.status !== "running";
    if (job.rowsDone !== last) demo.out.progress("job", job.rowsDone, rows, job.status);
    if (over) return job;
    last = job.rowsDone;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function checkRest(demo: Demo, below: ReturnType<Demo["expected"]["belowArtist"]>): Promise<void> {
  const { data } = demo.expected;
  const all = { where: {}, allowFullScan: true, maxScan: 10_000, maxRows: 10_000 };
  const left = await demo.store.query(async (ctx) => {
    const { query } = orm.system(ctx);
    return {
      artists: await query.artists.count(all),
      albums: await query.albums.count(all),
      tracks: await query.tracks.count(all),
      invoiceLines: await query.invoiceLines.count(all),
      playlistTracks: await query.playlistTracks.count(all),
    };
  });
  demo.check("what is left in every table is all the rest", left, {
    artists: data.Artist.length - 1,
    albums: data.Album.length - below.albums,
    tracks: data.Track.length - below.tracks,
    invoiceLines: data.InvoiceLine.length - below.invoiceLines,
    playlistTracks: data.PlaylistTrack.length - below.playlistTracks,
  });
}
