import { hasExists } from "../predicate/evaluate.js";
import { compare } from "../predicate/values.js";
import type { Direction, Probe, QueryPlan } from "../planner/plan.js";
import type { Document } from "./env.js";
import type { Execution } from "./execution.js";
import { compareBranches, expand, type Branch } from "./expand.js";
import { gather, type Source } from "./gather.js";
import { Merge } from "./merge.js";
import { comparator, compareToPrefix } from "./order.js";
import { orderedPart, placeOf, wholeSpan, type ProbePosition, type Span } from "./position.js";
import { intersectIntervals, intervalOf, walkFrom, walkUntil, type TupleInterval } from "./ranges.js";
import { GetReader, RangeReader, residualTest, type Reader, type Reading, type Stop } from "./scan.js";
import { FirstRows } from "./sort.js";
import { Concat, Listed, LookUps, type RowStream } from "./streams.js";
import { SortTies } from "./ties.js";

/** How a plan is to be read. */
export interface Opening {
  readonly span: Span;
  /** Rows wanted, look-ahead included; null for all. */
  readonly need: number | null;
  /** Set for pages. */
  readonly stop: Stop | null;
  /** Every row will be asked for: probes are read side by side. */
  readonly eager: boolean;
  /** Called with each distinct row of an eager reading as it is found, and how many there are by now; may throw. */
  readonly found?: (row: Document, rows: number) => void;
}

export interface Opened {
  readonly stream: RowStream;
  /** The branches of the stream's readers: `branches[stream.at]`. */
  readonly branches: readonly Branch[];
}

const allRows: Opening = { span: wholeSpan, need: null, stop: null, eager: true };

/** Opens a plan's stream of rows. Key sets are read first. */
export async function open(execution: Execution, plan: QueryPlan, opening: Opening): Promise<Opened> {
  if (plan.combine === "none") return { stream: new Listed([]), branches: [] };
  await execution.budget.start(mayRead(plan, opening), plan.probes.length);
  const expanded = await expand(execution, plan, readRows);
  const branches: Branch[] = [];
  const sources: Source[] = [];
  const reading = readingOf(execution, plan, opening);
  for (const branch of expanded) {
    const source = sourceOf(reading, plan, branch, opening.span);
    if (source === null) continue;
    branches.push(branch);
    sources.push(source);
  }
  const readers = sources.map(({ reader }) => reader);
  return { stream: await combine(plan, opening, branches, sources, readers), branches };
}

/** Every row of a plan, in any order: for key sets. */
async function readRows(execution: Execution, plan: QueryPlan, each: (row: Document) => void): Promise<void> {
  await open(execution, { ...plan, order: [], sorting: "any" }, { ...allRows, found: each });
}

/** An upper guess of the documents that a run reads. */
function mayRead(plan: QueryPlan, { need }: Opening): number {
  const exact = plan.sorting === "any" || plan.sorting === "index";
  const tested = plan.probes.some((probe) => probe.residual !== null);
  if (plan.probes.every((probe) => probe.kind === "get" && probe.keys === null)) return plan.probes.length;
  return need === null || !exact || tested || plan.keySets.length > 0 ? Infinity : need + plan.probes.length;
}

function readingOf(execution: Execution, plan: QueryPlan, { need, stop, eager }: Opening): Reading {
  const sorts = plan.sorting === "memory" || plan.sorting === "partial";
  return {
    execution,
    table: plan.table,
    // Rows that are sorted afterwards are all wanted; how many of a group of ties is not known beforehand.
    need: eager || sorts ? null : need,
    // Inside a group of ties there is no place to stop at.
    stop:
      stop === null || !sorts
        ? stop
        : plan.sorting === "memory"
          ? null
          : { reached: false, note: (row, ok) => stop.note(row, ok) },
    unboundedSort: sorts && (plan.scan !== "bounded" || stop !== null),
    untested: eager || plan.sorting === "memory",
  };
}

/** The reader of one branch within the span, or null when it has no part in it. */
function sourceOf(reading: Reading, plan: QueryPlan, branch: Branch, span: Span): Source | null {
  const { execution } = reading;
  const { probe } = branch;
  const count = execution.trace?.probes[branch.ordinal] ?? null;
  // Tests that read other tables are put off where many rows can be tested together.
  const later = reading.untested && probe.residual !== null && hasExists(probe.residual);
  const test = later ? residualTest(execution, probe.residual) : null;
  const own: Reading = reading.untested === later ? reading : { ...reading, untested: later };
  const reader =
    probe.kind === "get" ? getReader(own, plan, branch, span, count) : rangeReader(own, plan, branch, span, count);
  return reader === null ? null : { reader, test };
}

type Count = ConstructorParameters<typeof RangeReader>[2];

function getReader(reading: Reading, plan: QueryPlan, branch: Branch, span: Span, count: Count): Reader | null {
  const probe = branch.probe as Extract<Probe, { kind: "get" }>;
  const { start, end } = span;
  if (start?.kind === "probe" && compareBranches(branch, start) <= 0) return null;
  if (end?.kind === "probe" && compareBranches(branch, end) > 0) return null;
  // An order by `_id` tells without reading whether the row is in the span.
  if (plan.order[0]?.field === "_id" && !idInSpan(plan.order[0].direction, probe.id, span)) return null;
  const inSpan = rowFilter(plan, span);
  return new GetReader(reading, probe.id, probe.residual, inSpan ?? (() => true), count);
}

function idInSpan(direction: Direction, id: string, { start, end }: Span): boolean {
  const sign = direction === "asc" ? 1 : -1;
  const after = start?.kind !== "order" || start.values.length === 0 || sign * compare(id, start.values[0]) > 0;
  return after && (end?.kind !== "order" || end.values.length === 0 || sign * compare(id, end.values[0]) <= 0);
}

function rangeReader(reading: Reading, plan: QueryPlan, branch: Branch, span: Span, count: Count): Reader | null {
  const probe = branch.probe as Extract<Probe, { kind: "range" }>;
  const { start, end } = span;
  const whole = intervalOf(probe);
  // Null when the probe's own bounds leave nothing.
  let interval = intersectIntervals(whole, whole);
  if (interval !== null && (start?.kind === "probe" || end?.kind === "probe")) {
    interval = unorderedPart(branch, probe, interval, start as ProbePosition | null, end as ProbePosition | null);
  } else if (interval !== null && plan.sorting !== "memory") {
    const from = start?.kind === "order" ? start : null;
    const until = end?.kind === "order" ? end : null;
    const delivered = plan.sorting === "partial" ? plan.delivered : plan.order.length;
    if (from !== null || until !== null) interval = orderedPart(probe, interval, plan.order, delivered, from, until);
  }
  if (interval === null) return null;
  const { index, fields, direction, residual } = probe;
  return new RangeReader(reading, { index, fields, direction, residual, interval }, count);
}

function unorderedPart(
  branch: Branch,
  { direction }: Extract<Probe, { kind: "range" }>,
  whole: TupleInterval,
  start: ProbePosition | null,
  end: ProbePosition | null,
): TupleInterval | null {
  let part: TupleInterval | null = whole;
  if (start !== null) {
    const side = compareBranches(branch, start);
    if (side < 0 || (side === 0 && start.values === null)) return null;
    if (side === 0) part = intersectIntervals(part, walkFrom(start.values!, true, direction));
  }
  if (end !== null && part !== null) {
    const side = compareBranches(branch, end);
    if (side > 0) return null;
    if (side === 0 && end.values !== null) part = intersectIntervals(part, walkUntil(end.values, true, direction));
  }
  return part;
}

/** Tests rows against the span where no range can; null when every row is in it. */
function rowFilter(plan: QueryPlan, { start, end }: Span): ((row: Document) => boolean) | null {
  const from = start?.kind === "order" ? start : null;
  const until = end?.kind === "order" ? end : null;
  if (from === null && until === null) return null;
  return (row) =>
    (from === null || compareToPrefix(row, from.values, plan.order) > 0) &&
    (until === null || compareToPrefix(row, until.values, plan.order) <= 0);
}

async function combine(
  plan: QueryPlan,
  opening: Opening,
  branches: readonly Branch[],
  sources: readonly Source[],
  readers: readonly Reader[],
): Promise<RowStream> {
  const { need, stop, eager, span } = opening;
  if (plan.sorting === "memory" || eager) return await everything(plan, opening, sources);
  const allGets = branches.length > 0 && branches.every(({ probe }) => probe.kind === "get");
  if (plan.sorting === "any")
    return allGets ? new LookUps(readers, plan.overlapping, need, stop) : new Concat(readers, plan.overlapping);
  if (plan.sorting === "partial") {
    const ties = comparator(plan.order, plan.delivered);
    const kept = filtered(new Concat(readers, false), rowFilter(plan, span));
    return new SortTies(kept, ties, comparator(plan.order), need, stop);
  }
  if (plan.combine === "concat" && plan.keySets.length === 0) {
    return allGets ? new LookUps(readers, plan.overlapping, need, stop) : new Concat(readers, plan.overlapping);
  }
  return readers.length === 1
    ? new Concat(readers, false)
    : new Merge(readers, plan.order, (nth, row) => placeOf(branches[nth]!.probe, plan.order, row));
}

/** All rows at once, read side by side; sorted when an order was asked for. */
async function everything(
  plan: QueryPlan,
  { span, need, found }: Opening,
  sources: readonly Source[],
): Promise<RowStream> {
  const inSpan = rowFilter(plan, span);
  const seen = plan.overlapping ? new Set<string>() : null;
  const sorts =
    plan.order.length > 0 && (plan.sorting === "memory" || plan.sorting === "partial" || plan.combine === "merge");
  const first = new FirstRows(comparator(plan.order), need);
  const lists: Document[][] = sources.map(() => []);
  let rows = 0;
  await gather(sources, (row, source) => {
    if (inSpan !== null && !inSpan(row)) return;
    if (seen?.has(row._id) === true) return;
    seen?.add(row._id);
    found?.(row, ++rows);
    if (sorts) first.add(row);
    else lists[source]!.push(row);
  });
  return new Listed(sorts ? first.sorted() : lists.flat());
}

function filtered(source: RowStream, keep: ((row: Document) => boolean) | null): RowStream {
  if (keep === null) return source;
  return {
    at: 0,
    get stoppedAfter() {
      return source.stoppedAfter;
    },
    async next() {
      for (;;) {
        const row = await source.next();
        if (row === null || keep(row)) return row;
      }
    },
    close: () => source.close(),
  };
}
