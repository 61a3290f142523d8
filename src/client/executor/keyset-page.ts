import { invalidCursor } from "../errors.js";
import { hasExists, matches, matchesWith } from "../predicate/evaluate.js";
import { normalize } from "../predicate/normalize.js";
import type { QueryPlan } from "../planner/plan.js";
import { bindingText, tablesOf } from "./binding.js";
import { cursorCodec, type CursorCodec, type Mark } from "./cursor.js";
import type { Document } from "./env.js";
import type { Execution } from "./execution.js";
import type { Branch } from "./expand.js";
import { open, type Opened } from "./open.js";
import { orderValues, separatingDepth, valuesOf } from "./order.js";
import type { PageOptions } from "./page-options.js";
import type { PageResult } from "./pages.js";
import { placeAfter, type Position } from "./position.js";
import type { Stop } from "./scan.js";
import { roughSize } from "./size.js";

const startMark: Mark = { kind: "start" };
const endMark: Mark = { kind: "end" };

/** A row and the branch that delivered it. */
interface Placed {
  readonly row: Document;
  readonly branch: Branch | undefined;
}

/** One page by keyset over the plan's probes. */
export async function keysetPage(
  execution: Execution,
  plan: QueryPlan,
  options: PageOptions,
): Promise<PageResult<Document>> {
  const { env, access, budget } = execution;
  const codec = await cursorCodec(await env.cursorKey(), bindingText(plan, access.fingerprint(tablesOf(plan))));
  const from = options.cursor === null ? startMark : checked(plan, await codec.read(options.cursor));
  const until = options.endCursor === null ? null : checked(plan, await codec.read(options.endCursor));
  const pinned = until !== null;
  if (from.kind === "end") return { page: [], isDone: true, continueCursor: options.cursor! };
  if (until?.kind === "start") return { page: [], isDone: false, continueCursor: options.endCursor! };
  if (options.numItems === 0 && !pinned) {
    return { page: [], isDone: false, continueCursor: options.cursor ?? (await codec.write(startMark)) };
  }
  // A sorted page has no place to stop at in the midst of what it sorts.
  budget.stopsByItself = plan.sorting === "any" || plan.sorting === "index";
  const stop = new PageStop(execution, plan, options);
  const opened = await open(execution, plan, {
    span: { start: from.kind === "start" ? null : from, end: until === null || until.kind === "end" ? null : until },
    need: pinned ? null : options.numItems + 1,
    stop,
    eager: false,
  });
  const placed = await take(opened, pinned ? Infinity : options.numItems);
  const next = placed.length === options.numItems && !pinned ? await takeOne(opened) : null;
  opened.stream.close();
  const stopped = opened.stream.stoppedAfter;
  const rows = placed.map(({ row }) => row);
  if (pinned && stopped === null)
    return { page: rows, isDone: until.kind === "end", continueCursor: options.endCursor! };

  let continueAt: Mark = endMark;
  if (next !== null) continueAt = between(plan, placed.at(-1)!, next);
  else if (stopped !== null) continueAt = placeAfter(plan, stopped, opened.branches[opened.stream.at]);
  const continueCursor = pinned ? options.endCursor! : await codec.write(continueAt);
  return {
    page: rows,
    isDone: !pinned && continueAt.kind === "end",
    continueCursor,
    splitCursor: await splitCursor(codec, plan, placed, continueAt, continueCursor, pinned),
    // A pinned page that was cut short is to be asked again in two halves; its rows alone are not the answer.
    pageStatus: pinned ? "SplitRequired" : "SplitRecommended",
  };
}

/** Where the stock hook parts a page in two pinned ones. */
async function splitCursor(
  codec: CursorCodec,
  plan: QueryPlan,
  rows: readonly Placed[],
  continueAt: Mark,
  continueCursor: string,
  pinned: boolean,
): Promise<string> {
  const middle = rows.length >> 1;
  if (middle > 0) return await codec.write(between(plan, rows[middle - 1]!, rows[middle]!));
  return pinned ? await codec.write(continueAt) : continueCursor;
}

async function takeOne({ stream, branches }: Opened): Promise<Placed | null> {
  const row = await stream.next();
  return row === null ? null : { row, branch: branches[stream.at] };
}

async function take(opened: Opened, most: number): Promise<Placed[]> {
  const rows: Placed[] = [];
  while (rows.length < most) {
    const row = await takeOne(opened);
    if (row === null) break;
    rows.push(row);
  }
  return rows;
}

/** A place that this plan can have. */
function checked(plan: QueryPlan, mark: Mark): Mark {
  const fits =
    mark.kind === "order"
      ? plan.order.length > 0 && mark.values.length <= plan.order.length
      : mark.kind !== "probe" || plan.order.length === 0;
  if (!fits) throw invalidCursor("the cursor is of another query");
  return mark;
}

/** The place between two rows of the stream, by the fewest values that tell them apart: so that resuming is cheap. */
function between(plan: QueryPlan, a: Placed, b: Placed): Position {
  if (plan.order.length > 0) {
    const fields = plan.order.map(({ field }) => field);
    return { kind: "order", values: orderValues(a.row, plan.order, separatingDepth(a.row, b.row, fields)) };
  }
  const { ordinal, key, probe } = a.branch!;
  if (a.branch !== b.branch || probe.kind === "get") return { kind: "probe", ordinal, key, values: null };
  return {
    kind: "probe",
    ordinal,
    key,
    values: valuesOf(a.row, probe.fields.slice(0, separatingDepth(a.row, b.row, probe.fields))),
  };
}

/**
 * Ends a page at `maximumRowsRead`, `maximumBytesRead` or `maxScan`. Under a residual policy the first two count rows
 * that the session may see, so that a page's length tells nothing of the others.
 */
export class PageStop implements Stop {
  private rows = 0;
  private bytes = 0;
  private readonly visible: ((row: Document) => boolean | Promise<boolean>) | null;

  constructor(
    private readonly execution: Execution,
    plan: QueryPlan,
    private readonly options: PageOptions,
  ) {
    const counts = options.maximumRowsRead !== null || options.maximumBytesRead !== null;
    this.visible = counts && plan.policies.filter.length > 0 ? this.visibility(plan) : null;
  }

  private visibility(plan: QueryPlan): (row: Document) => boolean | Promise<boolean> {
    const { access, env, exists } = this.execution;
    const predicate = normalize(access.using(env.catalog.tables[plan.table]!, "select").predicate);
    return hasExists(predicate) ? (row) => matchesWith(predicate, row, exists) : (row) => matches(predicate, row);
  }

  get reached(): boolean {
    const { maximumRowsRead, maximumBytesRead } = this.options;
    const { budget } = this.execution;
    return (
      budget.scanned >= budget.maxScan ||
      (maximumRowsRead !== null && this.rows >= maximumRowsRead) ||
      (maximumBytesRead !== null && this.bytes >= maximumBytesRead)
    );
  }

  note(row: Document, matched: boolean): Promise<void> | void {
    if (this.visible === null || matched) return this.add(row);
    return Promise.resolve(this.visible(row)).then((seen) => (seen ? this.add(row) : undefined));
  }

  private add(row: Document): void {
    this.rows++;
    if (this.options.maximumBytesRead !== null) this.bytes += roughSize(row);
  }
}
