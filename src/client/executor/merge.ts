import type { OrderKey } from "../planner/plan.js";
import type { Stored } from "../predicate/values.js";
import type { Document } from "./env.js";
import { allSettled } from "./gather.js";
import { comparator, compareToPrefix, compareValuesBy, type Compare } from "./order.js";
import type { Reader } from "./scan.js";
import type { RowStream } from "./streams.js";

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
      const firsts = await allSettled(this.readers.map((reader) => reader.next()));
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
    else if (reader.stopped && reader.last !== null)
      head = { reader: nth, row: reader.last, barrier: this.placeOf(nth, reader.last) };
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
    if (a.barrier === null)
      return b.barrier === null ? this.compareRows(a.row, b.row) : compareToPrefix(a.row, b.barrier, this.order) || -1;
    if (b.barrier === null) return -compareToPrefix(b.row, a.barrier, this.order) || 1;
    return compareValuesBy(this.order, a.barrier, b.barrier);
  }

  close(): void {
    for (const reader of this.readers) reader.close();
  }
}
