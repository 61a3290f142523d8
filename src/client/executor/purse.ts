import type { TransactionMetrics } from "convex/server";
import type { Env } from "./env.js";

/** A budget as one read may spend it before it asks the transaction again. */
interface Credit {
  documents: number;
  bytes: number;
  queries: number;
}
export type Resource = keyof Credit;

/** What may be spent without asking; where a plan may read more, or the run has read much, it is asked first. */
export const unasked: Readonly<Credit> = { documents: 64, bytes: 1_048_576, queries: 16 };

const resources = [
  ["documents", "documentsRead"],
  ["bytes", "bytesRead"],
  ["queries", "databaseQueries"],
] as const;

/** What a unit of {@link RunState.readSinceMetrics} is worth in each: a document, a KiB, a quarter of a range. */
const weight = { documents: 1, bytes: 1 / 1_024, queries: 4 } as const;

type Metric = TransactionMetrics["documentsRead"];

/** What the transaction lacks. */
export interface Shortage {
  readonly resource: Resource;
  readonly metric: Metric;
  /** What is left but for the headroom. */
  readonly left: number;
}

/** A document of a table that nothing was read of yet is taken to have this many bytes. */
const assumedBytes = 512;

/**
 * What one read and all that it causes (relation filters, relation loads) may spend of the transaction: one purse, so
 * that a thousand small plans together stop where one large one would.
 */
export class Purse {
  readonly credit: Credit = { ...unasked };
  /** What the transaction said was left but for the headroom, less what was read since; null until it was asked. */
  left: { documents: number; bytes: number } | null = null;
  /** Set when nothing is left but the headroom: one more document tells whether there was one to read. */
  overdrawn: Metric | null = null;
  /** Documents under way, and the bytes that are kept for them. */
  private readonly reserved = { documents: 0, bytes: 0 };
  private largest = 0;
  private asking: Promise<Shortage | null> | null = null;

  constructor(private readonly env: Pick<Env, "metrics" | "run">) {}

  /** Keeps back what one document may take; false when the credit does not hold it. */
  reserve(): boolean {
    const { credit, reserved } = this;
    const bytes = this.likelyBytes();
    if (credit.documents < 1 || credit.bytes < bytes) return false;
    credit.documents--;
    credit.bytes -= bytes;
    reserved.documents++;
    reserved.bytes += bytes;
    return true;
  }

  /** A document that was reserved has come, with so many bytes; or there was none. */
  settle(bytes: number | null): void {
    const { credit, reserved } = this;
    const kept = reserved.documents === 0 ? 0 : reserved.bytes / reserved.documents;
    reserved.documents = Math.max(0, reserved.documents - 1);
    reserved.bytes -= kept;
    if (bytes === null) {
      credit.documents++;
      credit.bytes += kept;
      return;
    }
    credit.bytes += kept - bytes;
    if (this.left !== null) {
      this.left.documents--;
      this.left.bytes -= bytes;
    }
    if (bytes > this.largest) this.largest = bytes;
  }

  /** Gives up what was reserved by readers that failed. */
  forgetReserved(): void {
    this.reserved.documents = this.reserved.bytes = 0;
  }

  /** Asks the transaction; those who ask meanwhile get the same answer. Null when there is enough. */
  ask(headroom: number): Promise<Shortage | null> {
    this.asking ??= this.askOnce(headroom).finally(() => (this.asking = null));
    return this.asking;
  }

  /** What one more document may take. */
  likelyBytes(): number {
    return this.largest === 0 ? assumedBytes : this.largest;
  }

  private async askOnce(headroom: number): Promise<Shortage | null> {
    const { credit, reserved } = this;
    const { metrics, run } = this.env;
    const known = (this.left = { documents: Infinity, bytes: Infinity });
    if (metrics === null) {
      credit.documents = credit.bytes = credit.queries = Infinity;
      return null;
    }
    const now = await metrics();
    run.readSinceMetrics = 0;
    run.left = Infinity;
    for (const [resource, name] of resources) {
      const metric = now[name];
      const left = metric.remaining - Math.ceil((metric.used + metric.remaining) * headroom);
      const least = resource === "bytes" ? this.likelyBytes() : 1;
      // The end of a range costs no document, and only trying tells it.
      const mayEnd = resource === "documents" && left === 0 && metric.remaining > 0;
      if (resource === "documents") this.overdrawn = mayEnd ? metric : null;
      if (left < least && !mayEnd) return { resource, metric, left };
      // Half of what is left, so that others' reads in the same transaction are noticed in time.
      const kept = resource === "queries" ? 0 : reserved[resource];
      credit[resource] = kept === 0 ? Math.max(Math.floor(left / 2), least) : Math.floor((left - kept) / 2);
      if (resource !== "queries") known[resource] = left;
      run.left = Math.min(run.left, left * weight[resource]);
    }
    return null;
  }
}
