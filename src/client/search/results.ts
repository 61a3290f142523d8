import { OrmError } from "../errors.js";
import { together } from "../executor/gather.js";
import type { Document, SearchBuilder } from "../executor/env.js";
import type { Execution, ReadCount } from "../executor/execution.js";
import { residualTest, type Stop } from "../executor/scan.js";
import { mostResults } from "./parse.js";
import type { SearchPlan } from "./plan.js";

/** A result that passed the residual, and its place among all results of the search. */
export interface Found {
  readonly row: Document;
  readonly at: number;
}

/** The results of one search, read lazily in relevance order, never past the platform's 1,024. */
export class Results {
  /** Results consumed: the place of the next one. */
  at = 0;
  /** `stop` ended a `take` before its time. */
  stopped = false;
  private rows: AsyncIterator<Document> | null = null;
  private ended = false;
  /** The search has not answered yet. */
  private opening = false;
  private readonly test: (row: Document) => boolean | Promise<boolean>;

  /** `most`: results that can be wanted at all, which bounds what the platform prefetches. */
  constructor(
    private readonly execution: Execution,
    private readonly plan: SearchPlan,
    private readonly most: number,
    private readonly count: ReadCount | null,
    private readonly stop: Stop | null = null,
  ) {
    this.test = residualTest(execution, plan.search.residual);
    this.ended = plan.combine === "none" || most === 0;
  }

  /** The platform's 1,024 were consumed: whether there were more, nobody can say. */
  get cut(): boolean {
    return this.at >= mostResults;
  }

  /** The next result that passes, or null at the end. */
  async next(): Promise<Found | null> {
    return (await this.take(1))[0] ?? null;
  }

  /**
   * Up to `n` results that pass, from the next one on and before the place `before`. No more results are read than must
   * be: those under test at one time are never more than are still wanted.
   */
  async take(n: number, before = Infinity): Promise<Found[]> {
    const found: Found[] = [];
    const start = this.at;
    while (found.length < n) {
      const from = this.at;
      if (this.stop?.reached === true && from > start) {
        this.stopped = from < before;
        break;
      }
      const batch = this.stop === null ? together : 1;
      const rows = await this.read(Math.min(batch, n - found.length, before - from));
      if (rows.length === 0) break;
      const passed = await Promise.all(rows.map(this.test));
      for (const [i, row] of rows.entries()) {
        await this.stop?.note(row, passed[i]!);
        if (passed[i] === true) found.push({ row, at: from + i });
      }
    }
    return found;
  }

  /** Goes past the next `n` results that pass. */
  async skip(n: number): Promise<void> {
    for (let left = n; left > 0;) {
      const rows = await this.read(Math.min(together, left));
      if (rows.length === 0) return;
      const passed = await Promise.all(rows.map(this.test));
      left -= passed.filter((pass) => pass).length;
    }
  }

  /** The next `n` results, untested. */
  async read(n: number): Promise<Document[]> {
    const rows: Document[] = [];
    while (rows.length < n) {
      const row = await this.one();
      if (row === null) break;
      rows.push(row);
    }
    return rows;
  }

  close(): void {
    this.ended = true;
    void this.rows?.return?.();
  }

  private async one(): Promise<Document | null> {
    const { budget } = this.execution;
    if (this.ended || this.at >= Math.min(this.most, mostResults)) return null;
    this.rows ??= await this.open();
    const wait = budget.document();
    if (wait !== undefined) await wait;
    const { done, value } = await this.rows.next();
    if (this.opening) {
      this.opening = false;
      budget.queried();
    }
    if (done === true) {
      budget.unread();
      this.ended = true;
      return null;
    }
    this.at++;
    if (this.count !== null) this.count.documents++;
    budget.read(value);
    return value;
  }

  private async open(): Promise<AsyncIterator<Document>> {
    const { budget, env } = this.execution;
    const most = Math.min(this.most, mostResults);
    await budget.start(this.plan.search.residual === null ? most : Infinity, 1);
    const wait = budget.query();
    if (wait !== undefined) await wait;
    if (this.count !== null) this.count.queries++;
    const rows = env.db.query(this.plan.table).withSearchIndex(this.plan.search.index, searchRange(this.plan));
    this.opening = true;
    return (rows.limit?.(most) ?? rows)[Symbol.asyncIterator]();
  }
}

/** What `withSearchIndex` is given. */
export function searchRange({ search: { field, query, eq } }: SearchPlan): (q: SearchBuilder) => SearchBuilder {
  return (q) => eq.reduce((built, [name, value]) => built.eq(name, value), q.search(field, query));
}

/** The refusal of an answer that the platform's bound cut short. */
export function truncated(plan: SearchPlan): OrmError {
  return new OrmError("SCAN_LIMIT", `the search has more than the ${mostResults} results that the platform gives`, {
    table: plan.table,
    path: "search",
    limit: "searchResults",
    allowed: mostResults,
    hint: 'Search for more, declare filter fields that decide more of `where`, or pass onTruncated: "return".',
  });
}
