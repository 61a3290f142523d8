import { invalidCursor } from "../errors.js";
import { bindingText, tablesOf } from "../executor/binding.js";
import { cursorCodec, type CursorCodec, type Mark } from "../executor/cursor.js";
import type { Document } from "../executor/env.js";
import { PageStop } from "../executor/keyset-page.js";
import type { PageOptions } from "../executor/page-options.js";
import type { PageResult } from "../executor/pages.js";
import type { ReadRun } from "../executor/run.js";
import { countOf, searchExecution, type OnTruncated } from "./execute.js";
import { mostResults } from "./parse.js";
import type { SearchPlan } from "./plan.js";
import { Results, truncated, type Found } from "./results.js";

/** A place among the results of a search: how many come before it. */
const place = (at: number): Mark => ({ kind: "probe", ordinal: at, key: null, values: null });
const end: Mark = { kind: "end" };

/**
 * One page by offset into the search's results: those before it are read again, for a search cannot be resumed. The
 * page that meets the platform's 1,024th result is the last.
 */
export async function offsetPage(
  run: ReadRun,
  plan: SearchPlan,
  options: PageOptions,
  onTruncated: OnTruncated,
): Promise<PageResult<Document>> {
  const { env, access } = run;
  const codec = await cursorCodec(await env.cursorKey(), searchBinding(plan, access.fingerprint(tablesOf(plan))));
  const from = options.cursor === null ? 0 : placeOf(await codec.read(options.cursor));
  const until = options.endCursor === null ? null : placeOf(await codec.read(options.endCursor));
  if (from === "end") return { page: [], isDone: true, continueCursor: options.cursor! };
  if (options.numItems === 0 && until === null) {
    return { page: [], isDone: false, continueCursor: options.cursor ?? (await codec.write(place(0))) };
  }
  const execution = searchExecution(run, plan, from);
  const bounded =
    options.maximumRowsRead !== null || options.maximumBytesRead !== null || run.limits.maxScan < mostResults;
  const stop = bounded ? new PageStop(execution, plan, options) : null;
  const results = new Results(execution, plan, Infinity, countOf(run, plan), stop);
  await results.read(from);
  const pinned = until !== null;
  const last = until === null || until === "end" ? Infinity : until;
  const rows = await results.take(pinned ? Infinity : options.numItems, last);
  const full = !pinned && !results.stopped && rows.length === options.numItems;
  const next = full ? await results.next() : null;
  const { stopped } = results;
  results.close();
  const continueAt = next !== null ? place(next.at) : stopped ? place(results.at) : end;
  if (continueAt === end && last === Infinity && results.cut && onTruncated === "throw") throw truncated(plan);
  const page = rows.map(({ row }) => row);
  if (pinned && !stopped) return { page, isDone: until === "end", continueCursor: options.endCursor! };
  const continueCursor = pinned ? options.endCursor! : await codec.write(continueAt);
  return {
    page,
    isDone: !pinned && continueAt === end,
    continueCursor,
    splitCursor: await splitCursor(codec, rows, pinned ? place(results.at) : continueAt),
    pageStatus: pinned ? "SplitRequired" : "SplitRecommended",
  };
}

/** Where the stock hook parts a page in two pinned ones. */
async function splitCursor(codec: CursorCodec, rows: readonly Found[], otherwise: Mark): Promise<string> {
  const middle = rows[rows.length >> 1];
  return await codec.write(rows.length < 2 || middle === undefined ? otherwise : place(middle.at));
}

/** What a cursor is bound to: the search as asked, and all that a keyset cursor is bound to. */
function searchBinding(plan: SearchPlan, fingerprint: string): string {
  const { index, query } = plan.search;
  return JSON.stringify(["search", index, query, bindingText(plan, fingerprint)]);
}

function placeOf(mark: Mark): number | "end" {
  if (mark.kind === "end") return "end";
  const fits = mark.kind === "probe" && mark.key === null && mark.values === null;
  if (fits && Number.isInteger(mark.ordinal) && mark.ordinal >= 0 && mark.ordinal <= mostResults) return mark.ordinal;
  throw invalidCursor("the cursor is of another query");
}
