import { OrmError } from "../errors.js";
import type { Document } from "./env.js";
import type { Compare } from "./order.js";
import type { Stop } from "./scan.js";
import { FirstRows } from "./sort.js";
import type { RowStream } from "./streams.js";

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
