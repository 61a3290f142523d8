import { invalidCursor, OrmError } from "../errors.js";
import type { Document } from "../executor/env.js";
import { nativeFilter, type FilterBuilder, type NativeFilter } from "../executor/native-filter.js";
import { isCursorError, isSecondPage } from "../executor/native-page.js";
import type { PageOptions } from "../executor/page-options.js";
import type { PageResult } from "../executor/pages.js";
import type { ReadRun } from "../executor/run.js";
import type { SearchCodec, SearchPlace } from "./cursor.js";
import { countOf, searchExecution } from "./execute.js";
import { mostResults } from "./parse.js";
import type { SearchPlan } from "./plan.js";
import { searchRange } from "./results.js";

/** The page between two places; null for the start, and for no end of its own. */
export interface SearchSpan {
  readonly from: SearchPlace | null;
  readonly until: SearchPlace | null;
}

type NativeSpan = { readonly [Side in keyof SearchSpan]: Extract<SearchPlace, { kind: "rows" }> | null };

/**
 * One page by the platform, where all that the index does not decide is a Convex filter. Its cursor comes with the
 * number of rows before it, so that a page which would pass the platform's 1,024 results, an error there, is made by
 * offset instead. Null where the page must be: another residual, one of our own places, a bound that would count hidden
 * rows, a second page in one function, or nothing left of the 1,024 or of the transaction.
 *
 * @throws OrmError `INVALID_CURSOR` in place of the platform's own error.
 */
export async function nativeSearchPage(
  run: ReadRun,
  plan: SearchPlan,
  options: PageOptions,
  codec: SearchCodec,
  span: SearchSpan,
): Promise<PageResult<Document> | null> {
  const { numItems } = options;
  if (!isNative(span)) return null;
  const filter = filterOf(plan);
  const firstPage = span.from === null && span.until === null;
  const bounded = options.maximumRowsRead !== null || options.maximumBytesRead !== null;
  if (filter === null || plan.combine === "none" || run.limits.maxScan < mostResults) return null;
  if (firstPage && (numItems === 0 || run.env.run.nativePageUsed)) return null;
  if (firstPage && bounded && plan.policies.filter.length > 0) return null;
  if (numItems === 0 && span.until === null) {
    return { page: [], isDone: false, continueCursor: options.cursor! };
  }
  if (span.until === null && (span.from?.count ?? 0) + numItems > mostResults) return null;
  if (run.env.run.nativePageUsed) throw usedUp();
  try {
    return await ask(run, plan, filter, options, codec, span);
  } catch (error) {
    if (error instanceof OrmError) throw error;
    if (isSecondPage(error)) {
      if (firstPage) return null;
      throw usedUp();
    }
    if (!firstPage && isCursorError(error)) throw invalidCursor("the platform refused the cursor");
    // It may be the 1,024, among which rows count that the filter drops. By offset the page ends there, and anything
    // else is met again.
    return null;
  }
}

const isNative = (span: SearchSpan): span is NativeSpan => isRows(span.from) && isRows(span.until);
const isRows = (place: SearchPlace | null): boolean => place === null || place.kind === "rows";

const usedUp = (): OrmError =>
  invalidCursor(
    "the platform allows one page of this kind in a function, and it was used",
    "Paginate this search first, or in a function of its own; or start again with `cursor: null`.",
  );

/** The residual as a Convex filter; undefined for no residual, null where it is none. */
function filterOf({ search: { residual } }: SearchPlan): NativeFilter | undefined | null {
  return residual === null ? undefined : nativeFilter(residual);
}

async function ask(
  run: ReadRun,
  plan: SearchPlan,
  filter: NativeFilter | undefined,
  { numItems, endCursor, maximumRowsRead, maximumBytesRead }: PageOptions,
  codec: SearchCodec,
  { from, until }: NativeSpan,
): Promise<PageResult<Document> | null> {
  const { budget, env } = searchExecution(run, plan);
  const exact = filter === undefined && until === null;
  await budget.start(exact ? numItems : Infinity, 1);
  const most = exact ? numItems : mostResults;
  // By offset a page stops, or is refused, before the transaction is dry.
  if (budget.spare().documents < most) return null;
  await budget.query();
  env.run.nativePageUsed = true;
  const results = env.db.query(plan.table).withSearchIndex(plan.search.index, searchRange(plan));
  const filtered = filter === undefined ? results : results.filter((q) => filter(q as FilterBuilder));
  const hides = plan.policies.filter.length > 0;
  const page = await budget.page(most, async () => {
    const answer = await filtered.paginate({
      numItems,
      cursor: from?.native ?? null,
      ...(until === null ? {} : { endCursor: until.native }),
      ...(maximumRowsRead === null || hides ? {} : { maximumRowsRead }),
      ...(maximumBytesRead === null || hides ? {} : { maximumBytesRead }),
    });
    return answer as unknown as PageResult<Document>;
  });
  const count = countOf(run, plan);
  if (count !== null) {
    count.queries++;
    count.documents += page.page.length;
  }
  const before = from === null ? 0 : from.count;
  const rows = before === null ? null : Math.min(before + page.page.length, mostResults);
  const placed = (count: number | null, native: string): Promise<string> =>
    codec.write({ kind: "rows", count, native });
  const { splitCursor } = page;
  return {
    ...page,
    continueCursor: endCursor ?? (await placed(rows, page.continueCursor)),
    // How many of the rows come before it the platform does not say.
    ...(splitCursor == null ? {} : { splitCursor: await placed(null, splitCursor) }),
  };
}
