import { OrmError } from "../errors.js";
import type { Document } from "./env.js";
import { together } from "./gather.js";
import type { Stored } from "../predicate/values.js";
import type { OrderKey } from "../planner/plan.js";
import { comparator, compareToPrefix, compareValuesBy, type Compare } from "./order.js";
import type { Reader, Stop } from "./scan.js";
import { FirstRows } from "./sort.js";

/** Rows of a plan, one at a time, no row twice. */
export interface RowStream {
  next(): Promise<Document | null>;
  /** The reader that the last row came from, in a stream without order; the reader that stopped, once one has. */
  readonly at: number;
  /** Set when a page's bound ended the stream: the row, read but perhaps none of the stream's, up to which all is decided. */
  readonly stoppedAfter: Document | null;
  close(): void;
}

/** One reader after another. */
export class Concat implements RowStream {
  at = 0;
  stoppedAfter: Document | null = null;
  private readonly seen: Set<string> | null;

  constructor(
    private readonly readers: readonly Reader[],
    overlapping: boolean,
  ) {
    this.seen = overlapping ? new Set() : null;
  }

  async next(): Promise<Document | null> {
    for (; this.at < this.readers.length; this.at++) {
      const reader = this.readers[this.at]!;
      for (let row = await reader.next(); row !== null; row = await reader.next()) {
        if (this.seen === null) return row;
        if (this.seen.has(row._id)) continue;
        this.seen.add(row._id);
        return row;
      }
      if (reader.stopped) {
        this.stoppedAfter = reader.last;
        return null;
      }
    }
    return null;
  }

  close(): void {
    this.readers[this.at]?.close();
  }
}

/** Point gets one after another, looked up some at a time: never more than rows are wanted. */
export class LookUps implements RowStream {
  at = -1;
  stoppedAfter: Document | null = null;
  private readonly ahead: Promise<Document | null>[] = [];
  private readonly seen: Set<string> | null;

  constructor(
    private readonly readers: readonly Reader[],
    overlapping: boolean,
    private wanted: number | null,
    private readonly stop: Stop | null,
  ) {
    this.seen = overlapping ? new Set() : null;
  }

  async next(): Promise<Document | null> {
    while (this.at + 1 < this.readers.length) {
      const last = this.readers[this.at]?.last ?? null;
      if (this.stop !== null && this.stop.reached && last !== null && this.ahead.length === 0) {
        this.stoppedAfter = last;
        return null;
      }
      if (this.ahead.length === 0) this.lookAhead();
      this.at++;
      const row = await this.ahead.shift()!;
      if (row === null || this.seen?.has(row._id) === true) continue;
      this.seen?.add(row._id);
      if (this.wanted !== null) this.wanted--;
      return row;
    }
    return null;
  }

  private lookAhead(): void {
    const few = this.stop === null ? Math.min(together, Math.max(this.wanted ?? together, 1)) : 1;
    for (const reader of this.readers.slice(this.at + 1, this.at + 1 + few)) {
      const row = reader.next();
      // An error is for whoever awaits the row in its turn.
      row.catch(() => undefined);
      this.ahead.push(row);
    }
  }

  close(): void {
    this.ahead.length = 0;
  }
}

interface Head {
  readonly reader: number;
  readonly row: Document;
  /** Set when the reader stopped at this place after a row that is none of the stream's: nothing beyond is decided. */
  readonly barrier: readonly Stored[] | null;
}

/**
 * A lazy k-way merge: each reader delivers the order, so the next row is the least of their heads. Only readers whose
 * row was taken are read on. The same row from several readers comes at once, since the order is total.
 */
export class Merge implements RowStream {
  /** The reader that stopped, once the stream has. */
  at = 0;
  stoppedAfter: Document | null = null;
  /** Sorted, the next row last. */
  private heads: Head[] | null = null;
  private lastId: string | null = null;

  constructor(
    private readonly readers: readonly Reader[],
    private readonly order: readonly OrderKey[],
    /** The place in the order up to which a reader has decided, by the last row that it read. */
    private readonly placeOf: (reader: number, row: Document) => readonly Stored[],
    private readonly compareRows: Compare = comparator(order),
  ) {}

  async next(): Promise<Document | null> {
    if (this.heads === null) {
      this.heads = [];
      // The heads are independent reads: all are under way before the first is waited for.
      const firsts = await Promise.all(this.readers.map((reader) => reader.next()));
      firsts.forEach((row, reader) => this.place(reader, row));
    }
    for (;;) {
      const head = this.heads.at(-1);
      if (head === undefined) return null;
      if (head.barrier !== null) {
        this.at = head.reader;
        this.stoppedAfter = head.row;
        return null;
      }
      // The taken reader is read on when the next row is asked for: a full page needs no more of it.
      if (head.row._id === this.lastId) {
        this.heads.pop();
        this.place(head.reader, await this.readers[head.reader]!.next());
        continue;
      }
      this.lastId = head.row._id;
      return head.row;
    }
  }

  private place(nth: number, row: Document | null): void {
    const reader = this.readers[nth]!;
    let head: Head;
    if (row !== null) head = { reader: nth, row, barrier: null };
    else if (reader.stopped && reader.last !== null) head = { reader: nth, row: reader.last, barrier: this.placeOf(nth, reader.last) };
    else return;
    const heads = this.heads!;
    let low = 0;
    let high = heads.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.compareHeads(heads[middle]!, head) > 0) low = middle + 1;
      else high = middle;
    }
    heads.splice(low, 0, head);
  }

  /** A row beside a barrier is decided: it comes first. */
  private compareHeads(a: Head, b: Head): number {
    if (a.barrier === null) return b.barrier === null ? this.compareRows(a.row, b.row) : compareToPrefix(a.row, b.barrier, this.order) || -1;
    if (b.barrier === null) return -compareToPrefix(b.row, a.barrier, this.order) || 1;
    return compareValuesBy(this.order, a.barrier, b.barrier);
  }

  close(): void {
    for (const reader of this.readers) reader.close();
  }
}

/** Sorts each group of rows that tie in the keys which the source delivers, one group at a time. */
export class SortTies implements RowStream {
  readonly at = 0;
  stoppedAfter: Document | null = null;
  private ready: Document[] = [];
  private pending: Document | null = null;
  private started = false;
  private lastOfGroup: Document | null = null;
  private emitted = 0;

  constructor(
    private readonly source: RowStream,
    private readonly ties: Compare,
    private readonly compare: Compare,
    private readonly wanted: number | null,
    private readonly stop: Stop | null,
  ) {}

  async next(): Promise<Document | null> {
    if (this.ready.length === 0) await this.fill();
    const row = this.ready.pop() ?? null;
    if (row !== null) this.emitted++;
    return row;
  }

  private async fill(): Promise<void> {
    if (!this.started) {
      this.started = true;
      this.pending = await this.source.next();
    }
    const first = this.pending;
    if (first === null) return;
    if (this.lastOfGroup !== null && this.stop !== null && this.stop.reached) {
      this.stoppedAfter = this.lastOfGroup;
      return;
    }
    const group = new FirstRows(this.compare, this.wanted === null ? null : Math.max(this.wanted - this.emitted, 1));
    const ids = new Set<string>();
    try {
      for (let row: Document | null = first; ; row = await this.source.next()) {
        if (row === null || this.ties(first, row) !== 0) {
          this.pending = row;
          break;
        }
        if (ids.has(row._id)) continue;
        ids.add(row._id);
        group.add(row);
      }
    } catch (error) {
      // A page that has whole groups ends with them; the group that is too large meets the next page alone.
      const tooLarge = error instanceof OrmError && error.code === "SORT_UNBOUNDED";
      if (!tooLarge || this.stop === null || this.lastOfGroup === null) throw error;
      this.pending = null;
      this.stoppedAfter = this.lastOfGroup;
      return;
    }
    this.ready = group.sorted().reverse();
    this.lastOfGroup = first;
  }

  close(): void {
    this.source.close();
  }
}

/** Rows that are there already. */
export class Listed implements RowStream {
  readonly at = 0;
  readonly stoppedAfter = null;
  private nth = 0;
  constructor(private readonly rows: readonly Document[]) {}
  next(): Promise<Document | null> {
    return Promise.resolve(this.rows[this.nth++] ?? null);
  }
  close(): void {
    this.nth = this.rows.length;
  }
}
