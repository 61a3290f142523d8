import { invalidCursor } from "../errors.js";
import { bindingText, tablesOf } from "../executor/binding.js";
import { cursorCodec, type Mark } from "../executor/cursor.js";
import type { ReadRun } from "../executor/run.js";
import { mostResults } from "./parse.js";
import type { SearchPlan } from "./plan.js";

/**
 * Where a page of a search begins or ends: after so many results of the index (`results`), after so many rows that
 * passed every test, with the platform's own cursor for that place (`rows`), or at the end. How many rows lie before
 * a place where the platform itself splits a page nobody knows: null.
 */
export type SearchPlace =
  | { readonly kind: "results"; readonly count: number }
  | { readonly kind: "rows"; readonly count: number | null; readonly native: string }
  | { readonly kind: "end" };

/** Parts the platform's cursor from the mark after it, which never holds it. */
const joint = "~";
const unknown = -1;

/** Writes and reads the cursors of one search. */
export interface SearchCodec {
  write(place: SearchPlace): Promise<string>;
  /** @throws OrmError `INVALID_CURSOR` for what this search did not write. */
  read(cursor: string): Promise<SearchPlace>;
}

/** Cursors bound to the search as asked, and to all that a keyset cursor is bound to. */
export async function searchCodec({ env, access }: ReadRun, plan: SearchPlan): Promise<SearchCodec> {
  const { index, query } = plan.search;
  const bound = ["search", index, query, bindingText(plan, access.fingerprint(tablesOf(plan)))];
  const marks = await cursorCodec(await env.cursorKey(), JSON.stringify(bound));
  return {
    write: async (place) => {
      if (place.kind === "end") return await marks.write({ kind: "end" });
      const mark = await marks.write({ kind: "probe", ordinal: place.count ?? unknown, key: null, values: null });
      return place.kind === "rows" ? place.native + joint + mark : mark;
    },
    read: async (cursor) => {
      const at = cursor.lastIndexOf(joint);
      const mark = await marks.read(cursor.slice(at + 1));
      if (mark.kind === "end" && at < 0) return { kind: "end" };
      if (at < 0) return { kind: "results", count: countOf(mark, 0) };
      const count = countOf(mark, unknown);
      return { kind: "rows", count: count === unknown ? null : count, native: cursor.slice(0, at) };
    },
  };
}

function countOf(mark: Mark, least: number): number {
  const fits = mark.kind === "probe" && mark.key === null && mark.values === null;
  if (fits && Number.isInteger(mark.ordinal) && mark.ordinal >= least && mark.ordinal <= mostResults)
    return mark.ordinal;
  throw invalidCursor("the cursor is of another query");
}
