import { invalidCursor } from "../errors.js";
import type { Document } from "../executor/env.js";
import { PageStop } from "../executor/keyset-page.js";
import type { PageOptions } from "../executor/page-options.js";
import type { PageResult } from "../executor/pages.js";
import type { ReadRun } from "../executor/run.js";
import { searchCodec, type SearchCodec, type SearchPlace } from "./cursor.js";
import { countOf, searchExecution, type OnTruncated } from "./execute.js";
import { nativeSearchPage, type SearchSpan } from "./native.js";
import { mostResults } from "./parse.js";
import type { SearchPlan } from "./plan.js";
import { Results, truncated, type Found } from "./results.js";

const after = (results: number): SearchPlace => ({ kind: "results", count: results });
const end: SearchPlace = { kind: "end" };

/**
 * One page of a search: the platform's where it can be, else by offset into the results.
 *
 * @throws OrmError `INVALID_CURSOR`; `SCAN_LIMIT` with `"throw"` where the platform's 1,024 results cut the last page
 * short; `BUDGET`.
 */
export async function searchPage(
  run: ReadRun,
  plan: SearchPlan,
  options: PageOptions,
  onTruncated: OnTruncated,
): Promise<PageResult<Document>> {
  const codec = await searchCodec(run, plan);
  const span: SearchSpan = {
    from: options.cursor === null ? null : await codec.read(options.cursor),
    until: options.endCursor === null ? null : await codec.read(options.endCursor),
  };
  return (
    (await nativeSearchPage(run, plan, options, codec, span)) ??
    (await offsetPage(run, plan, options, codec, span, onTruncated))
  );
}

/**
 * One page by offset into the search's results: those before it are read again, for a search cannot be resumed. The
 * page that meets the platform's 1,024th result is the last.
 */
async function offsetPage(
  run: ReadRun,
  plan: SearchPlan,
  options: PageOptions,
  codec: SearchCodec,
  { from, until }: SearchSpan,
  onTruncated: OnTruncated,
): Promise<PageResult<Document>> {
  const pinned = until !== null;
  if (from?.kind === "end") return { page: [], isDone: true, continueCursor: options.cursor! };
  if (options.numItems === 0 && !pinned) {
    return { page: [], isDone: false, continueCursor: options.cursor ?? (await codec.write(after(0))) };
  }
  // What comes before the page is read again, and does not count as scanned.
  const skipped = from === null ? 0 : from.kind === "results" ? from.count : mostResults;
  const execution = searchExecution(run, plan, skipped);
  const bounded =
    options.maximumRowsRead !== null || options.maximumBytesRead !== null || run.limits.maxScan < mostResults;
  const stop = bounded ? new PageStop(execution, plan, options) : null;
  const results = new Results(execution, plan, Infinity, countOf(run, plan), stop);
  if (from?.kind === "rows") await results.skip(countedRows(from));
  else await results.read(skipped);
  const rows = await results.take(
    pinned ? rowsUntil(from, until) : options.numItems,
    until?.kind === "results" ? until.count : Infinity,
  );
  const full = !pinned && !results.stopped && rows.length === options.numItems;
  const next = full ? await results.next() : null;
  const { stopped } = results;
  results.close();
  const continueAt = next !== null ? after(next.at) : stopped ? after(results.at) : end;
  const wantsAll = until === null || until.kind === "end";
  if (continueAt === end && wantsAll && results.cut && onTruncated === "throw") throw truncated(plan);
  const page = rows.map(({ row }) => row);
  if (pinned && !stopped) return { page, isDone: until.kind === "end", continueCursor: options.endCursor! };
  const continueCursor = pinned ? options.endCursor! : await codec.write(continueAt);
  return {
    page,
    isDone: !pinned && continueAt === end,
    continueCursor,
    splitCursor: await splitCursor(codec, rows, pinned ? after(results.at) : continueAt),
    pageStatus: pinned ? "SplitRequired" : "SplitRecommended",
  };
}

/** How many rows a pinned page has, where its end tells. */
function rowsUntil(from: SearchPlace | null, until: SearchPlace): number {
  if (until.kind !== "rows") return Infinity;
  if (from === null) return countedRows(until);
  if (from.kind === "rows") return Math.max(0, countedRows(until) - countedRows(from));
  throw invalidCursor("the page's two cursors are of different kinds");
}

/** Without the platform's own page, a place that it chose cannot be found again. */
function countedRows({ count }: Extract<SearchPlace, { kind: "rows" }>): number {
  if (count !== null) return count;
  throw invalidCursor("the platform's place in the search is lost", "Start again with `cursor: null`.");
}

/** Where the stock hook parts a page in two pinned ones. */
async function splitCursor(codec: SearchCodec, rows: readonly Found[], otherwise: SearchPlace): Promise<string> {
  const middle = rows[rows.length >> 1];
  return await codec.write(rows.length < 2 || middle === undefined ? otherwise : after(middle.at));
}
