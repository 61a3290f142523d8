import type { TransactionMetrics } from "convex/server";
import type { Env } from "./env.js";

/** A budget as the reads of one function run may spend it before the transaction is asked again. */
interface Credit {
  documents: number;
  bytes: number;
  queries: number;
}
export type Resource = keyof Credit;

/** What a read may spend without asking; where its plan may read more, or the run has read much, it asks first. */
export const unasked: Readonly<Credit> = { documents: 64, bytes: 1_048_576, queries: 16 };

/** After this much was read since the last question (a document or a KiB is 1, a range 4) a read asks at its start. */
const near = 1_024;

const resources = [
  ["documents", "documentsRead"],
  ["bytes", "bytesRead"],
  ["queries", "databaseQueries"],
] as const;

/** What a unit of `readSinceAsked` is worth in each: a document, a KiB, a quarter of a range. */
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
 * What all reads of one function run may spend of its transaction: one pool, so that reads side by side never spend
 * the same documents twice.
 */
export class Pool {
  credit: Credit = { documents: 0, bytes: 0, queries: 0 };
  /** What the transaction said was left but for the headroom, less what was read since; null until it was asked. */
  left: { documents: number; bytes: number } | null = null;
  /** Set when nothing is left but the headroom: one more document tells whether there was one to read. */
  overdrawn: Metric | null = null;
  /** Documents under way, the bytes that are kept for them, and ranges that the transaction may not count yet. */
  private readonly reserved = { documents: 0, bytes: 0, queries: 0 };
  private largest = 0;
  private asking: Promise<Shortage | null> | null = null;
  /** What was read since the transaction was last asked: a document or a KiB is 1, a range 4. */
  private readSinceAsked = 0;
  /** What was left then, in the same units; undefined before the first question. */
  private leftThen: number | undefined;

  constructor(private readonly metrics: Env["metrics"]) {}

  /** The transaction was not asked yet, or not for long, or had little left: a read asks at its start. */
  get mayBeLow(): boolean {
    return this.leftThen === undefined || this.readSinceAsked >= near || this.leftThen - this.readSinceAsked < near;
  }

  /** A read that need not ask spends no more than this: others may have read in the same transaction since. */
  spendUnasked(): void {
    this.credit = { ...unasked };
  }

  /** Takes an index range or point get; false when the credit does not hold it. */
  takeQuery(): boolean {
    if (this.credit.queries < 1) return false;
    this.credit.queries--;
    this.reserved.queries++;
    this.readSinceAsked += 4;
    return true;
  }

  /** A range or get that was taken has answered: the transaction counts it. */
  settleQuery(): void {
    this.reserved.queries = Math.max(0, this.reserved.queries - 1);
  }

  /** Keeps back what one document may take; false when the credit does not hold it. */
  reserve(): boolean {
    const bytes = this.likelyBytes();
    if (this.credit.documents < 1 || this.credit.bytes < bytes) return false;
    this.hold(1, bytes);
    return true;
  }

  /** Keeps back what a page may take, whatever the credit holds. */
  hold(documents: number, bytes: number): void {
    const { credit, reserved } = this;
    credit.documents -= documents;
    credit.bytes -= bytes;
    reserved.documents += documents;
    reserved.bytes += bytes;
  }

  /** A document that was reserved has come, with so many bytes; or there was none. */
  settle(bytes: number | null): void {
    const { reserved } = this;
    this.giveBack(1, reserved.documents === 0 ? 0 : reserved.bytes / reserved.documents);
    if (bytes !== null) this.spend(bytes);
  }

  /** What was kept back is free again. */
  giveBack(documents: number, bytes: number): void {
    const { credit, reserved } = this;
    credit.documents += documents;
    credit.bytes += bytes;
    reserved.documents = Math.max(0, reserved.documents - documents);
    reserved.bytes = Math.max(0, reserved.bytes - bytes);
  }

  /** One document was read. */
  spend(bytes: number): void {
    this.credit.documents--;
    this.credit.bytes -= bytes;
    this.readSinceAsked += 1 + (bytes >> 10);
    if (this.left !== null) {
      this.left.documents--;
      this.left.bytes -= bytes;
    }
    if (bytes > this.largest) this.largest = bytes;
  }

  /** What was read is known to the transaction alone: whoever reads on asks it. */
  forgetCredit(): void {
    this.credit = { documents: 0, bytes: 0, queries: 0 };
  }

  /** Gives up what was reserved by readers that failed. */
  forgetReserved(): void {
    this.reserved.documents = this.reserved.bytes = this.reserved.queries = 0;
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
    if (this.metrics === null) {
      this.left = { documents: Infinity, bytes: Infinity };
      this.leftThen = Infinity;
      this.credit = { documents: Infinity, bytes: Infinity, queries: Infinity };
      return null;
    }
    const now = await this.metrics();
    const { credit, reserved } = this;
    const known = (this.left = { documents: Infinity, bytes: Infinity });
    this.readSinceAsked = 0;
    this.leftThen = Infinity;
    for (const [resource, name] of resources) {
      const metric = now[name];
      const left = metric.remaining - Math.ceil((metric.used + metric.remaining) * headroom);
      const least = resource === "bytes" ? this.likelyBytes() : 1;
      // The end of a range costs no document, and only trying tells it.
      const mayEnd = resource === "documents" && left === 0 && metric.remaining > 0;
      if (resource === "documents") this.overdrawn = mayEnd ? metric : null;
      if (left < least && !mayEnd) return { resource, metric, left };
      // Half of what is left, so that others' reads in the same transaction are noticed in time.
      const kept = reserved[resource];
      credit[resource] = kept === 0 ? Math.max(Math.floor(left / 2), least) : Math.floor((left - kept) / 2);
      if (resource !== "queries") known[resource] = left;
      this.leftThen = Math.min(this.leftThen, left * weight[resource]);
    }
    return null;
  }
}

/** One read, with all that it causes: relation filters and relation loads share it. */
export class Purse {
  /** The transaction was asked by this read: it need not be asked at the start of each plan. */
  asked = false;
  /** Some plan of this read has started. */
  started = false;
  readonly pool: Pool;

  constructor({ run, metrics }: Pick<Env, "metrics" | "run">) {
    this.pool = run.pool ??= new Pool(metrics);
  }
}
