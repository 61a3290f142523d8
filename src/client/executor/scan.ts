import { hasExists, matches, matchesWith } from "../predicate/evaluate.js";
import type { Predicate } from "../predicate/types.js";
import { readPath } from "../predicate/values.js";
import type { Direction } from "../planner/plan.js";
import type { Document, Rows } from "./env.js";
import type { Execution, ReadCount } from "./execution.js";
import { applyRange, intersectIntervals, splitRange, walkFrom, type Range, type TupleInterval } from "./ranges.js";

/** Ends a page early; it is told of every row that was read. */
export interface Stop {
  readonly reached: boolean;
  note(row: Document, matched: boolean): Promise<void> | void;
}

/** What all probes of one run share. */
export interface Reading {
  readonly execution: Execution;
  readonly table: string;
  /** Rows wanted, look-ahead included; null for all. */
  readonly need: number | null;
  readonly stop: Stop | null;
  /** Passing `maxScan` means that a sort was unbounded. */
  readonly unboundedSort: boolean;
  /** Rows come untested: the caller tests them, many at a time. */
  readonly untested: boolean;
}

/** Rows of one probe, one at a time. */
export interface Reader {
  next(): Promise<Document | null>;
  /** The last row read, whether it matched or not. */
  readonly last: Document | null;
  /** It ended because the page's bound was reached, not because no row is left. */
  readonly stopped: boolean;
  /** Releases the open range when the caller is done early. */
  close(): void;
}

/** Tests what the index did not decide. */
export function residualTest(
  execution: Execution,
  residual: Predicate | null,
): (row: Document) => boolean | Promise<boolean> {
  if (residual === null) return () => true;
  if (!hasExists(residual)) return (row) => matches(residual, row);
  return (row) => matchesWith(residual, row, execution.exists);
}

export interface RangeSource {
  readonly index: string;
  readonly fields: readonly string[];
  readonly direction: Direction;
  readonly residual: Predicate | null;
  readonly interval: TupleInterval;
}

/** Chunks grow by this factor; past the last size the range is left open, as its prefetch then matters no more. */
const growth = 4;
const leastChunk = 16;
const greatestChunk = 512;

/**
 * Reads an interval of an index lazily, so that only consumed documents are charged. Without a residual the open range
 * is bounded by the rows wanted; with one by growing chunks, each resumed exactly after the last key read.
 */
export class RangeReader implements Reader {
  last: Document | null = null;
  stopped = false;
  private ranges: Range[];
  private rows: AsyncIterator<Document> | null = null;
  private chunk: number | null;
  /** Rows read from the open range. */
  private fromOpen = 0;
  private delivered = 0;
  /** The open range has not answered yet. */
  private opening = false;
  private readonly test: ((row: Document) => boolean | Promise<boolean>) | null;

  constructor(
    private readonly reading: Reading,
    private readonly source: RangeSource,
    private readonly count: ReadCount | null,
  ) {
    this.ranges = splitRange(source.interval, source.direction);
    this.test = source.residual === null ? null : residualTest(reading.execution, source.residual);
    const { need } = reading;
    this.chunk = this.test === null || need === null ? null : Math.max(leastChunk, growth * need);
  }

  async next(): Promise<Document | null> {
    const { budget } = this.reading.execution;
    const { stop, unboundedSort, untested, need } = this.reading;
    for (;;) {
      if (this.test === null && need !== null && this.delivered >= need) {
        this.close();
        return null;
      }
      // A page makes some progress, whatever its bound: every probe may read one row.
      if (stop !== null && stop.reached && this.last !== null) {
        this.stopped = true;
        this.close();
        return null;
      }
      if (this.rows === null && !(await this.openNext())) return null;
      const wait = budget.document();
      if (wait !== undefined) await wait;
      const { done, value } = await this.rows!.next();
      if (this.opening) {
        this.opening = false;
        budget.queried();
      }
      if (done === true) {
        budget.unread();
        this.rows = null;
        this.resumeChunk();
        continue;
      }
      this.last = value;
      this.fromOpen++;
      if (this.count !== null) this.count.documents++;
      budget.read(value, unboundedSort);
      const verdict = this.test === null || untested || this.test(value);
      const matched = typeof verdict === "boolean" ? verdict : await verdict;
      const noted = stop?.note(value, matched);
      if (noted !== undefined) await noted;
      if (matched) {
        this.delivered++;
        return value;
      }
    }
  }

  close(): void {
    const { rows } = this;
    this.rows = null;
    this.ranges = [];
    // The platform's clean-up is synchronous; nothing is to be waited for.
    void rows?.return?.();
  }

  private async openNext(): Promise<boolean> {
    const range = this.ranges[0];
    if (range === undefined) return false;
    const { execution, table, need } = this.reading;
    const wait = execution.budget.query();
    if (wait !== undefined) await wait;
    if (this.count !== null) this.count.queries++;
    const { index, fields, direction } = this.source;
    const bare = range.eq.length === 0 && range.lower === null && range.upper === null;
    const query = execution.env.db.query(table);
    const open = bare ? query.withIndex(index) : query.withIndex(index, (q) => applyRange(q, fields, range));
    const ordered: Rows = open.order(direction);
    const bound = this.test !== null ? this.chunk : need === null ? null : need - this.delivered;
    this.fromOpen = 0;
    const rows = bound === null || ordered.limit === undefined ? ordered : ordered.limit(bound);
    this.rows = rows[Symbol.asyncIterator]();
    this.opening = true;
    return true;
  }

  /** The open range is used up: a full chunk goes on after its last row, else the next range is due. */
  private resumeChunk(): void {
    const { chunk, last } = this;
    if (this.test === null || chunk === null || last === null || this.fromOpen < chunk) {
      this.ranges.shift();
      return;
    }
    const { fields, interval, direction } = this.source;
    const key = fields.map((field) => readPath(last, field));
    const rest = intersectIntervals(interval, walkFrom(key, true, direction));
    this.ranges = rest === null ? [] : splitRange(rest, direction);
    this.chunk = chunk * growth > greatestChunk ? null : chunk * growth;
  }
}

/** A point get: an id of another table, or no id at all, finds nothing. */
export class GetReader implements Reader {
  last: Document | null = null;
  readonly stopped = false;
  private done = false;

  constructor(
    private readonly reading: Reading,
    private readonly id: unknown,
    private readonly residual: Predicate | null,
    private readonly within: (row: Document) => boolean,
    private readonly count: ReadCount | null,
  ) {}

  async next(): Promise<Document | null> {
    if (this.done) return null;
    this.done = true;
    const { execution, table, stop, unboundedSort, untested } = this.reading;
    const { db } = execution.env;
    const id = typeof this.id === "string" ? db.normalizeId(table, this.id) : null;
    if (id === null) return null;
    const asked = execution.budget.query();
    if (asked !== undefined) await asked;
    const reserved = execution.budget.document();
    if (reserved !== undefined) await reserved;
    if (this.count !== null) this.count.queries++;
    const row = await db.get(id);
    execution.budget.queried();
    if (row === null) {
      execution.budget.unread();
      return null;
    }
    this.last = row;
    if (this.count !== null) this.count.documents++;
    execution.budget.read(row, unboundedSort);
    if (!this.within(row)) return null;
    const matched = untested || (await residualTest(execution, this.residual)(row));
    if (stop !== null) await stop.note(row, matched);
    return matched ? row : null;
  }

  close(): void {
    this.done = true;
  }
}
