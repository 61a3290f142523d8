import { duration, type Step } from "../demo.js";

const PAGE = 5;

export const page: Step = {
  title: "1. A page from a compound index",
  intro:
    'The longest rock tracks, five a page. tracks has the index ["genreId", "milliseconds"]: the planner pins the ' +
    "genre, walks the index backwards, and reads the page and nothing else.",
  run: async (demo) => {
    const rock = demo.expected.tracksOfGenres("Rock");
    const genreId = demo.name(demo.ids.get("genres", rock[0]?.GenreId ?? 0), "Rock");
    const args = { where: { genreId }, orderBy: { milliseconds: "desc" as const } };
    const first = { ...args, paginationOpts: { numItems: PAGE, cursor: null } };

    demo.showCall("tracks.paginate", first);
    const one = await demo.ask(
      null,
      (db) => db.query.tracks.explain(first),
      (db) => db.query.tracks.paginate(first),
    );
    demo.showPlan(one.plan);
    demo.out.table(
      "page 1",
      ["track", "length"],
      one.result.page.map((track) => [track.name, duration(track.milliseconds)]),
    );
    demo.showCost(one.cost);

    const next = { ...args, paginationOpts: { numItems: PAGE, cursor: one.result.continueCursor } };
    const two = await demo.ask(
      null,
      (db) => db.query.tracks.explain(next),
      (db) => db.query.tracks.paginate(next),
    );
    const want = demo.expected.longest(rock).map((track) => track.Name);
    const names = (tracks: { name: string }[]) => tracks.map((track) => track.name);
    demo.check(`page 1 is the first five of ${rock.length} rock tracks`, names(one.result.page), want.slice(0, PAGE));
    demo.check("page 2, by the cursor, is the next five", names(two.result.page), want.slice(PAGE, 2 * PAGE));
    demo.check("reads the page, and at most one document more", one.cost.documents <= PAGE + 1, true);
  },
};
