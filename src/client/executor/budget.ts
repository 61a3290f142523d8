import { OrmError, type OrmErrorDetails } from "../errors.js";
import type { Limits } from "../planner/limits.js";
import type { Document, Env } from "./env.js";
import { Purse, unasked, type Shortage } from "./purse.js";
import { roughSize } from "./size.js";

/** How often a reader asks again while others hold what is left. */
const patience = 20;

const words = { documents: "documents", bytes: "bytes", queries: "index ranges" } as const;

export interface BudgetOptions {
  readonly env: Pick<Env, "metrics" | "run">;
  readonly limits: Pick<Limits, "maxScan" | "maxRows" | "headroom">;
  readonly table: string;
  /** On protected tables errors give the limit only: a figure would count rows that the session cannot see. */
  readonly hideFigures: boolean;
  /** The advisor's `.index(...)` lines for the query; asked only when an error is made. */
  readonly suggestions: () => readonly string[];
  /** Shared by all that one read causes. Default: a purse of its own. */
  readonly purse?: Purse;
}

/**
 * Counts what one query reads against `maxScan` and against the transaction's own budgets, of which it leaves the
 * share `headroom` untouched. Every read of the query goes through one budget, relation filters included.
 */
export class Budget {
  /** Documents read so far. */
  scanned = 0;
  /** Approximate bytes of those. */
  bytes = 0;
  /**
   * A page stops at `maxScan` by itself and goes on with the next cursor; then only twice as much throws, which a
   * relation filter under way may meet.
   */
  stopsByItself = false;
  private readonly purse: Purse;

  constructor(private readonly options: BudgetOptions) {
    this.purse = options.purse ?? new Purse(options.env);
  }

  get maxScan(): number {
    return this.options.limits.maxScan;
  }

  /**
   * To be awaited before a plan runs that may read this much. The first read of a function asks the transaction, later
   * ones where their plan may read much, or the function has read much, or little was left.
   */
  async start(documents: number, queries: number): Promise<void> {
    const { purse } = this;
    if (purse.asked) return;
    if (purse.pool.mayBeLow || documents > unasked.documents || queries > unasked.queries) await this.ask();
    else if (!purse.started) purse.pool.spendUnasked();
    purse.started = true;
  }

  /** What may be read at one go; the transaction was asked where that may matter. */
  spare(): { readonly documents: number; readonly bytes: number } {
    const { asked, pool } = this.purse;
    if (!asked || pool.left === null) return { documents: Infinity, bytes: Infinity };
    // Who reads up to a number of bytes reads one document more.
    return { documents: pool.left.documents, bytes: pool.left.bytes - pool.likelyBytes() };
  }

  /** The error of a page that the transaction's documents or bytes do not suffice for. */
  async outOf(resource: "documents" | "bytes"): Promise<OrmError> {
    const { metrics } = this.options.env;
    const none = { used: 0, remaining: 0 };
    const now = metrics === null ? null : await metrics();
    return this.dry({ resource, metric: now?.[resource === "bytes" ? "bytesRead" : "documentsRead"] ?? none, left: 0 });
  }

  /** To be awaited (when it is a promise) before each document. */
  document(): Promise<void> | undefined {
    return this.purse.pool.reserve() ? undefined : this.renewDocument();
  }

  /** To be awaited (when it is a promise) before each index range or point get; {@link queried} follows. */
  query(): Promise<void> | undefined {
    return this.purse.pool.takeQuery() ? undefined : this.renewQuery();
  }

  /** The range or get has answered for the first time. */
  queried(): void {
    this.purse.pool.settleQuery();
  }

  /** Gives back a document that was not there. */
  unread(): void {
    this.purse.pool.settle(null);
  }

  /**
   * Runs a native page, for which up to so many documents are kept back from other reads of the function.
   *
   * @throws OrmError `SCAN_LIMIT`.
   */
  async page<Page extends { readonly page: readonly Document[] }>(
    documents: number,
    ask: () => Promise<Page>,
  ): Promise<Page> {
    const { pool } = this.purse;
    const bytes = documents * pool.likelyBytes();
    pool.hold(documents, bytes);
    let page: Page;
    try {
      page = await ask();
    } finally {
      pool.giveBack(documents, bytes);
      pool.settleQuery();
    }
    this.stopsByItself = true;
    for (const row of page.page) {
      const size = roughSize(row);
      pool.spend(size);
      this.count(size, false);
    }
    // The platform may have read rows that its filter dropped.
    pool.forgetCredit();
    return page;
  }

  /**
   * Notes a document that was read.
   *
   * @throws OrmError `SCAN_LIMIT` past `maxScan`; `SORT_UNBOUNDED` where an unbounded sort needed the rows.
   */
  read(document: Document, unboundedSort = false): void {
    const size = roughSize(document);
    this.purse.pool.settle(size);
    this.count(size, unboundedSort);
  }

  private count(size: number, unboundedSort: boolean): void {
    this.scanned++;
    this.bytes += size;
    const { overdrawn } = this.purse.pool;
    if (overdrawn !== null) throw this.dry({ resource: "documents", metric: overdrawn, left: 0 });
    if (this.scanned > (this.stopsByItself ? 2 * this.maxScan : this.maxScan)) throw this.pastScan(unboundedSort);
  }

  /** The error of a query that needs to read more than `maxScan` documents. */
  pastScan(unboundedSort: boolean): OrmError {
    const { maxScan } = this.options.limits;
    return unboundedSort
      ? this.error(
          "SORT_UNBOUNDED",
          `sorting in memory needs more than maxScan = ${maxScan} documents`,
          "maxScan",
          maxScan,
          this.scanned,
        )
      : this.error(
          "SCAN_LIMIT",
          `the query needs to read more than maxScan = ${maxScan} documents`,
          "maxScan",
          maxScan,
          this.scanned,
        );
  }

  /** The error of a query without `limit` that has more than `maxRows` rows. */
  tooManyRows(rows: number): OrmError {
    const { maxRows } = this.options.limits;
    const { table } = this.options;
    return new OrmError("TOO_MANY_ROWS", `more than maxRows = ${maxRows} rows match`, {
      table,
      limit: "maxRows",
      allowed: maxRows,
      ...(this.options.hideFigures ? {} : { figure: rows }),
      hint: "Pass a `limit`, use `paginate`, or raise `maxRows`.",
    });
  }

  private error(
    code: "SCAN_LIMIT" | "SORT_UNBOUNDED",
    message: string,
    limit: string,
    allowed: number,
    figure: number,
  ): OrmError {
    const indexes = this.options.suggestions();
    const add = indexes.length === 0 ? "" : `Add ${indexes.join(" or ")}; or `;
    const details: OrmErrorDetails = {
      table: this.options.table,
      limit,
      allowed,
      ...(this.options.hideFigures ? {} : { figure }),
      ...(indexes.length === 0 ? {} : { suggestions: [...indexes] }),
      hint: `${add}${add === "" ? "N" : "n"}arrow the filter, or raise \`${limit}\`.`,
    };
    return new OrmError(code, message, details);
  }

  // Several readers may wait at once, and the first ones may spend what was granted.
  private async renewQuery(): Promise<void> {
    await this.renew(() => this.purse.pool.takeQuery());
  }

  private async renewDocument(): Promise<void> {
    await this.renew(() => this.purse.pool.reserve());
  }

  private async renew(take: () => boolean): Promise<void> {
    for (let tries = 1; ; tries++) {
      await this.ask();
      if (take()) return;
      // What is under way comes back soon, unless its reader failed.
      if (tries === patience) this.purse.pool.forgetReserved();
    }
  }

  private async ask(): Promise<void> {
    this.purse.asked = true;
    const shortage = await this.purse.pool.ask(this.options.limits.headroom);
    if (shortage !== null) throw this.dry(shortage);
  }

  private dry({ resource, metric, left }: Shortage): OrmError {
    const { headroom } = this.options.limits;
    const total = metric.used + metric.remaining;
    const figure = this.options.hideFigures
      ? {}
      : { left: Math.max(left, 0), remaining: metric.remaining, used: metric.used };
    const said = this.options.hideFigures ? "" : `: ${metric.remaining} of ${total} ${words[resource]} are left`;
    return new OrmError(
      "BUDGET",
      `the query would run the transaction's ${words[resource]} dry but for the headroom of ${headroom}${said}`,
      {
        table: this.options.table,
        resource: words[resource],
        allowed: total,
        ...figure,
        hint: "Read less in one function: pass a `limit`, page the query, or split the work over several functions.",
      },
    );
  }
}
