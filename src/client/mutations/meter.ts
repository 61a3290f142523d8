import type { TransactionMetrics } from "convex/server";
import { costOfEntry } from "./aggregates.js";

/** What is staged and not yet written: each row costs a get, a query and a write when it is, and its aggregates more. */
export interface Pending {
  readonly rows: number;
  /** Entries of aggregates. */
  readonly entries: number;
}

/** How much more fits. */
export interface Room {
  /** Rows that can be read and changed. */
  readonly rows: number;
  /** Index ranges that can be read. */
  readonly queries: number;
}

/** Before any document has been seen: half of the largest that there can be. */
const guessedSize = 2 ** 19;
/** Sizes scatter; a platform error would cost more than a smaller step. */
const caution = 1.5;

/** What each changed row costs. */
export interface RowCost {
  /** Index ranges read for one row, beside the write's own. */
  readonly queries: number;
  /** False for rows that are only looked at. */
  readonly written: boolean;
  /** Entries of aggregates that writing one row costs at most. */
  readonly entries: number;
}

/**
 * Measures a transaction: how many rows still fit, with a share of every budget left untouched. Without metrics (a
 * context that has none) only the caller's own limits bind.
 */
export class Meter {
  private first: TransactionMetrics | null = null;
  private asked = false;

  /** @param bytes what may be read and written from now on, on top of the transaction's own budgets. */
  constructor(
    private readonly metrics: (() => Promise<TransactionMetrics>) | null,
    private readonly headroom: number,
    private readonly bytes = Infinity,
  ) {}

  /** Must be asked before the first read, so that sizes are measured from there. */
  async start(): Promise<void> {
    if (this.metrics !== null) this.first = await this.metrics();
  }

  /** Whether a look at a few rows more fits beside writing what is staged. */
  async canLook(pending: Pending, documents: number): Promise<boolean> {
    if (this.metrics === null) return true;
    const { documentsRead, bytesRead, databaseQueries } = await this.metrics();
    const free = ({ used, remaining }: { used: number; remaining: number }): number =>
      remaining - this.headroom * (used + remaining);
    const kept = (name: keyof typeof costOfEntry): number => pending.entries * costOfEntry[name];
    return (
      free(documentsRead) - pending.rows - kept("documentsRead") >= documents &&
      free(databaseQueries) - pending.rows - kept("databaseQueries") >= documents &&
      free(bytesRead) - kept("bytesRead") >= 2 ** 20
    );
  }

  async room(pending: Pending, cost: RowCost): Promise<Room> {
    if (this.metrics === null) return { rows: Infinity, queries: Infinity };
    const now = await this.metrics();
    const first = (this.first ??= now);
    // What aggregates will take of it is not free.
    const free = (name: keyof typeof costOfEntry): number => {
      const { used, remaining } = now[name];
      return remaining - this.headroom * (used + remaining) - pending.entries * costOfEntry[name];
    };
    const seen = now.documentsRead.used - first.documentsRead.used;
    const size = seen > 0 ? caution * Math.max(1, (now.bytesRead.used - first.bytesRead.used) / seen) : guessedSize;
    const spent = now.bytesRead.used - first.bytesRead.used;
    const own = this.bytes - spent - pending.entries * costOfEntry.bytesRead;
    const bytesRead = Math.min(free("bytesRead"), own) - pending.rows * size;
    const writes = cost.written ? 1 : 0;
    const more = (name: keyof typeof costOfEntry): number => (cost.written ? cost.entries * costOfEntry[name] : 0);
    const queries = free("databaseQueries") - pending.rows;
    const rows = Math.min(
      (free("documentsRead") - pending.rows) / (1 + writes + more("documentsRead")),
      bytesRead / ((1 + writes) * size + more("bytesRead")),
      queries / Math.max(1, cost.queries + writes + more("databaseQueries")),
      ...(cost.written
        ? [
            (free("documentsWritten") - pending.rows) / (1 + more("documentsWritten")),
            (free("bytesWritten") - pending.rows * size) / (size + more("bytesWritten")),
          ]
        : []),
    );
    // The first row is always tried: a bound that lets nothing through would never end.
    const least = this.asked ? 0 : 1;
    this.asked = true;
    return { rows: Math.max(least, Math.floor(rows)), queries: Math.max(least, Math.floor(queries)) };
  }
}
