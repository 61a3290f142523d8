import { invalidCursor } from "../errors.js";
import type { QueryPlan, RangeProbe } from "../planner/plan.js";
import type { Document } from "./env.js";
import type { Execution } from "./execution.js";
import { nativeFilter, type FilterBuilder, type NativeFilter } from "./native-filter.js";
import type { PageOptions } from "./page-options.js";
import type { PageResult } from "./pages.js";
import { applyRange, intervalOf, splitRange } from "./ranges.js";

/** A plan that Convex's own `paginate` can answer: one range, and the residual as a filter. */
export interface NativePlan {
  readonly probe: RangeProbe;
  readonly filter: NativeFilter | null;
}

/** A document is at most this large. */
const largestDocument = 1_048_576;

/** The plan as a native one, or null where it is none. */
export function nativePlan(plan: QueryPlan): NativePlan | null {
  const probe = plan.probes[0];
  if (plan.combine !== "single" || probe === undefined || probe.kind !== "range" || plan.keySets.length > 0)
    return null;
  if (plan.sorting !== "any" && plan.sorting !== "index") return null;
  if (probe.residual === null) return { probe, filter: null };
  const filter = nativeFilter(probe.residual);
  return filter === null ? null : { probe, filter };
}

/**
 * One page by the platform: its cursor is encrypted, bound to the query and journaled. Null when the platform refused
 * because the function has had its one native page.
 *
 * @throws OrmError `INVALID_CURSOR` in place of the platform's own error.
 */
export async function nativePage(
  execution: Execution,
  plan: QueryPlan,
  { probe, filter }: NativePlan,
  options: PageOptions,
): Promise<PageResult<Document> | null> {
  const { env, budget, trace } = execution;
  await budget.start(options.endCursor === null && filter === null ? options.numItems : Infinity, 1);
  await budget.query();
  if (trace !== null) trace.probes[0]!.queries++;
  env.run.nativePageUsed = true;
  const range = splitRange(intervalOf(probe), probe.direction)[0]!;
  const rows = env.db
    .query(plan.table)
    .withIndex(probe.index, (q) => applyRange(q, probe.fields, range))
    .order(probe.direction);
  const filtered = filter === null ? rows : rows.filter((q) => filter(q as FilterBuilder));
  const { numItems, cursor, endCursor, maximumBytesRead } = options;
  // Under a residual policy these would count hidden rows.
  const hides = plan.policies.filter.length > 0;
  const spare = budget.spare();
  if (spare.documents < 1) throw await budget.outOf("documents");
  if (spare.bytes < 1) throw await budget.outOf("bytes");
  const askedRows = Math.min((hides ? null : options.maximumRowsRead) ?? Infinity, budget.maxScan);
  const mostRows = Math.min(askedRows, spare.documents);
  const boundsRows = filter !== null || endCursor !== null || mostRows < numItems || askedRows < budget.maxScan;
  const askedBytes = (hides ? null : maximumBytesRead) ?? Infinity;
  const mostBytes = Math.min(
    askedBytes,
    spare.bytes < numItems * largestDocument || endCursor !== null ? spare.bytes : Infinity,
  );
  let page: PageResult<Document>;
  try {
    page = await budget.page(boundsRows ? mostRows : numItems, async () => {
      const answer = await filtered.paginate({
        numItems,
        cursor,
        ...(endCursor === null ? {} : { endCursor }),
        ...(boundsRows ? { maximumRowsRead: mostRows } : {}),
        ...(mostBytes < Infinity ? { maximumBytesRead: mostBytes } : {}),
      });
      return answer as unknown as PageResult<Document>;
    });
  } catch (error) {
    if (isSecondPage(error)) return null;
    if ((cursor !== null || endCursor !== null) && isCursorError(error))
      throw invalidCursor("the platform refused the cursor");
    throw error;
  }
  if (trace !== null) trace.probes[0]!.documents += page.page.length;
  // A pinned page that does not fit is split by who asked. Was this one cut because the transaction holds no more?
  if (page.pageStatus === "SplitRequired" && page.page.length < (endCursor === null ? numItems : 1)) {
    if (mostBytes < askedBytes && budget.spare().bytes < 1) throw await budget.outOf("bytes");
    if (mostRows < askedRows && page.page.length >= mostRows) throw await budget.outOf("documents");
  }
  return page;
}

const messageOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "message" in error ? String(error.message) : String(error);

export const isSecondPage = (error: unknown): boolean =>
  /paginat\w+ quer|single paginated|inside a component/i.test(messageOf(error));

/** The platform says `InvalidCursor`; its stand-in for tests fails to parse what is no cursor of its own. */
export function isCursorError(error: unknown): boolean {
  const data = (error as { data?: { paginationError?: unknown } } | null)?.data;
  if (typeof data === "object" && data?.paginationError === "InvalidCursor") return true;
  return /cursor|JSON|Unexpected token|is not a function/i.test(messageOf(error));
}
