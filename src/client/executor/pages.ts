import { invalidCursor } from "../errors.js";
import type { QueryPlan } from "../planner/plan.js";
import { isKeysetCursor } from "./cursor.js";
import type { Document } from "./env.js";
import type { Execution } from "./execution.js";
import { keysetPage } from "./keyset-page.js";
import { nativePage, nativePlan } from "./native-page.js";
import { parsePageOptions, type PageOptions } from "./page-options.js";

/** A page in Convex's form, for `usePaginatedQuery` and its like. */
export interface PageResult<Row> {
  readonly page: Row[];
  readonly isDone: boolean;
  readonly continueCursor: string;
  readonly splitCursor?: string | null;
  readonly pageStatus?: "SplitRecommended" | "SplitRequired" | null;
}

/**
 * One page of a plan that was made with `paged: true`. A plan of one range whose residual is a Convex filter uses the
 * platform's `paginate`; every other one, and a second page in the same function, pages by keyset.
 *
 * @throws OrmError `INVALID_VALUE` for options that are none; `INVALID_CURSOR` for a cursor that is not this query's;
 * `SORT_UNBOUNDED` when a sorted page needs more than `maxScan` documents; `BUDGET`.
 * @throws TooManyKeys when a key set outgrows `maxProbes`; plan again with `semiJoins: false`.
 */
export async function paginatePlan(
  execution: Execution,
  plan: QueryPlan,
  options: unknown,
): Promise<PageResult<Document>> {
  const parsed = parsePageOptions(plan.table, options);
  const page = (await tryNative(execution, plan, parsed)) ?? (await keysetPage(execution, plan, parsed));
  if (execution.trace !== null) execution.trace.rows = page.page.length;
  return page;
}

async function tryNative(
  execution: Execution,
  plan: QueryPlan,
  options: PageOptions,
): Promise<PageResult<Document> | null> {
  const { cursor, endCursor, numItems } = options;
  const cursors = [cursor, endCursor].filter((c) => c !== null);
  if (cursors.some(isKeysetCursor)) return null;
  const native = nativePlan(plan);
  if (native === null) {
    if (cursors.length === 0) return null;
    throw invalidCursor("the cursor was not made for this query");
  }
  const firstPage = cursors.length === 0;
  if (numItems === 0 && endCursor === null) {
    // The platform refuses a page of no rows.
    return firstPage ? null : { page: [], isDone: false, continueCursor: cursor! };
  }
  // Bounds on what is read would count rows that a residual policy hides.
  const counted = options.maximumRowsRead !== null || options.maximumBytesRead !== null;
  if (firstPage && counted && plan.policies.filter.length > 0) return null;
  const page = execution.env.run.nativePageUsed ? null : await nativePage(execution, plan, native, options);
  if (page !== null || firstPage) return page;
  throw invalidCursor(
    "the platform allows one page of this kind in a function, and it was used",
    "Paginate this query first, or in a function of its own; or start again with `cursor: null`.",
  );
}
