import { invalidCursor, OrmError } from "../errors.js";
import type { Document } from "../executor/env.js";
import { nativeFilter, type FilterBuilder, type NativeFilter } from "../executor/native-filter.js";
import { isCursorError, isSecondPage, messageOf } from "../executor/native-page.js";
import { isKeysetCursor } from "../executor/cursor.js";
import type { PageOptions } from "../executor/page-options.js";
import type { PageResult } from "../executor/pages.js";
import type { ReadRun } from "../executor/run.js";
import { countOf, searchExecution } from "./execute.js";
import { mostResults } from "./parse.js";
import type { SearchPlan } from "./plan.js";
import { searchRange } from "./results.js";

/**
 * One page by the platform, where all that the index does not decide is a Convex filter. Null where the page must be
 * made by offset: another residual, one of our cursors, a bound that would count hidden rows, a second page in one
 * function.
 *
 * @throws OrmError `INVALID_CURSOR` in place of the platform's own error; `SCAN_LIMIT` where the page runs into the end
 * of the platform's results, which it makes an error.
 */
export async function nativeSearchPage(
  run: ReadRun,
  plan: SearchPlan,
  options: PageOptions,
): Promise<PageResult<Document> | null> {
  const { cursor, endCursor, numItems } = options;
  const cursors = [cursor, endCursor].filter((c) => c !== null);
  if (cursors.some(isKeysetCursor)) return null;
  const filter = filterOf(plan);
  const firstPage = cursors.length === 0;
  const bounded = options.maximumRowsRead !== null || options.maximumBytesRead !== null;
  const possible = filter !== null && plan.combine !== "none" && run.limits.maxScan >= mostResults;
  if (firstPage && (!possible || numItems === 0 || numItems > mostResults || run.env.run.nativePageUsed)) return null;
  if (firstPage && bounded && plan.policies.filter.length > 0) return null;
  if (!possible) throw invalidCursor("the cursor was not made for this query");
  if (numItems === 0 && endCursor === null) return { page: [], isDone: false, continueCursor: cursor! };
  try {
    return await ask(run, plan, filter, options);
  } catch (error) {
    if (isSecondPage(error)) {
      if (firstPage) return null;
      throw invalidCursor(
        "the platform allows one page of this kind in a function, and it was used",
        "Paginate this search first, or in a function of its own; or start again with `cursor: null`.",
      );
    }
    if (!firstPage && isCursorError(error)) throw invalidCursor("the platform refused the cursor");
    if (!/search.*too many|scanned too many|1024/i.test(messageOf(error))) throw error;
    throw new OrmError(
      "SCAN_LIMIT",
      `the page runs past the ${mostResults} results that the platform gives of a search`,
      {
        table: plan.table,
        path: "search",
        limit: "searchResults",
        allowed: mostResults,
        hint: "Search for more, or add filters.",
      },
    );
  }
}

/** The residual as a Convex filter; undefined for no residual, null where it is none. */
function filterOf({ search: { residual } }: SearchPlan): NativeFilter | undefined | null {
  return residual === null ? undefined : nativeFilter(residual);
}

async function ask(
  run: ReadRun,
  plan: SearchPlan,
  filter: NativeFilter | undefined | null,
  { numItems, cursor, endCursor, maximumRowsRead, maximumBytesRead }: PageOptions,
): Promise<PageResult<Document>> {
  const { budget, env } = searchExecution(run, plan);
  await budget.start(filter === undefined && endCursor === null ? numItems : Infinity, 1);
  await budget.query();
  env.run.nativePageUsed = true;
  const results = env.db.query(plan.table).withSearchIndex(plan.search.index, searchRange(plan));
  const filtered = filter == null ? results : results.filter((q) => filter(q as FilterBuilder));
  const hides = plan.policies.filter.length > 0;
  const most = endCursor === null && filter == null ? numItems : mostResults;
  const page = await budget.page(most, async () => {
    const answer = await filtered.paginate({
      numItems,
      cursor,
      ...(endCursor === null ? {} : { endCursor }),
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
  return page;
}
