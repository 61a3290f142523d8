import type { Step } from "../demo.js";

const LIMIT = 8;
const GENRES = ["Jazz", "Bossa Nova", "Easy Listening"];

export const or: Step = {
  title: "2. An OR",
  intro:
    "Convex's own indexes cannot say OR. The planner turns each branch into an index range; as every range " +
    "delivers names in order, it merges them lazily and stops at the limit. Branches that overlap never repeat a " +
    "row.",
  run: async (demo) => {
    const genres = demo.expected.data.Genre.filter((genre) => GENRES.includes(genre.Name));
    const branches = genres.map((genre) => ({ genreId: demo.name(demo.ids.get("genres", genre.GenreId), genre.Name) }));
    const args = { where: { OR: branches }, orderBy: { name: "asc" as const }, limit: LIMIT };

    demo.showCall("tracks.findMany", args);
    const { result, plan, cost } = await demo.ask(
      null,
      (db) => db.query.tracks.explain(args),
      (db) => db.query.tracks.findMany(args),
    );
    demo.showPlan(plan);
    demo.out.block("rows", result.map((track) => track.name).join(" | "));
    demo.showCost(cost);
    const tracks = demo.expected.tracksOfGenres(...GENRES);
    demo.check(
      `the first ${LIMIT} by name of ${tracks.length} tracks in three genres`,
      result.map((track) => track.name),
      demo.expected
        .byName(tracks)
        .slice(0, LIMIT)
        .map((track) => track.Name),
    );
    demo.check("reads a document a row, and at most one more a range", cost.documents <= LIMIT + GENRES.length, true);
    await overlap(demo);
  },
};

/** Two indexes, and rows that both branches find. */
const overlap: Step["run"] = async (demo) => {
  const [jazz] = demo.expected.data.Genre.filter((genre) => genre.Name === "Jazz");
  const genreId = demo.ids.get("genres", jazz?.GenreId ?? 0);
  const where = { OR: [{ genreId }, { composer: { startsWith: "Miles" } }] };
  demo.out.line();
  demo.showCall("tracks.count", { where });
  const { result, plan, cost } = await demo.ask(
    null,
    (db) => db.query.tracks.explain({ where }),
    (db) => db.query.tracks.count({ where }),
  );
  demo.showPlan(plan);
  demo.out.block("rows", String(result));
  demo.showCost(cost);
  const want = demo.expected.data.Track.filter(
    (track) => track.GenreId === jazz?.GenreId || track.Composer.startsWith("Miles"),
  );
  demo.check("jazz, or composed by a Miles, each track once", result, want.length);
};
