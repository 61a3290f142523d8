import type { Document } from "./env.js";
import { together } from "./gather.js";
import type { Reader, Stop } from "./scan.js";

/** Rows of a plan, one at a time, no row twice. */
export interface RowStream {
  next(): Promise<Document | null>;
  /** The reader that the last row came from, in a stream without order; the reader that stopped, once one has. */
  readonly at: number;
  /** Set when a page's bound ended the stream: a row that was read, perhaps none of the stream's; all up to it is decided. */
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
