import type { Budget } from "./budget.js";
import type { Document, Env } from "./env.js";
import type { ReadCount } from "./execution.js";

/** Point gets of one query, each document read once however many relations lead to it. */
export class Documents {
  private readonly known = new Map<string, Promise<Document | null>>();

  constructor(private readonly env: Pick<Env, "db">) {}

  /** The document, or null for an id of another table, no id at all, or one that is gone. */
  get(table: string, id: unknown, budget: Budget, count: ReadCount | null): Promise<Document | null> {
    const normal = typeof id === "string" ? this.env.db.normalizeId(table, id) : null;
    if (normal === null) return Promise.resolve(null);
    let document = this.known.get(normal);
    if (document === undefined) this.known.set(normal, (document = this.read(normal, budget, count)));
    return document;
  }

  /** Rows that the query has read some other way need no get any more. */
  note(rows: readonly Document[]): void {
    for (const row of rows) if (!this.known.has(row._id)) this.known.set(row._id, Promise.resolve(row));
  }

  private async read(
    id: Parameters<Env["db"]["get"]>[0],
    budget: Budget,
    count: ReadCount | null,
  ): Promise<Document | null> {
    const asked = budget.query();
    if (asked !== undefined) await asked;
    const reserved = budget.document();
    if (reserved !== undefined) await reserved;
    if (count !== null) count.queries++;
    const document = await this.env.db.get(id);
    budget.queried();
    if (document === null) {
      budget.unread();
      return null;
    }
    if (count !== null) count.documents++;
    budget.read(document);
    return document;
  }
}
