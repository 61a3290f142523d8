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

/** What the transaction lacks. */
export interface Shortage {
  readonly resource: Resource;
  readonly metric: TransactionMetrics["documentsRead"];
  /** What is left but for the headroom. */
  readonly left: number;
}

/**
 * What one read and all that it causes (relation filters, relation loads) may spend of the transaction: one purse, so
 * that a thousand small plans together stop where one large one would.
 */
export class Purse {
  readonly credit: Credit = { ...unasked };
  /** The size of the largest document so far. */
  largest = 0;
  /** Set when nothing is left but the headroom: one more document tells whether there was one to read. */
  overdrawn: TransactionMetrics["documentsRead"] | null = null;
  private asking: Promise<Shortage | null> | null = null;

  constructor(private readonly env: Pick<Env, "metrics" | "run">) {}

  /** Asks the transaction; those who ask meanwhile get the same answer. Null when there is enough. */
  ask(headroom: number): Promise<Shortage | null> {
    this.asking ??= this.askOnce(headroom).finally(() => (this.asking = null));
    return this.asking;
  }

  private async askOnce(headroom: number): Promise<Shortage | null> {
    const { credit } = this;
    const { metrics, run } = this.env;
    if (metrics === null) {
      credit.documents = credit.bytes = credit.queries = Infinity;
      return null;
    }
    const now = await metrics();
    run.readSinceMetrics = 0;
    for (const [resource, name] of resources) {
      const metric = now[name];
      const left = metric.remaining - Math.ceil((metric.used + metric.remaining) * headroom);
      const least = resource === "bytes" ? this.largest : 1;
      // The end of a range costs no document, and only trying tells it.
      const mayEnd = resource === "documents" && left === 0 && metric.remaining > 0;
      if (resource === "documents") this.overdrawn = mayEnd ? metric : null;
      if (left < least && !mayEnd) return { resource, metric, left };
      // Half of what is left, so that others' reads in the same transaction are noticed in time.
      credit[resource] = Math.max(Math.floor(left / 2), least);
    }
    return null;
  }
}
