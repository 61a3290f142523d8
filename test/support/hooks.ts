/**
 * The state machines of `usePaginatedQuery`: the stock one (convex/react) and the one of convex-helpers, without React.
 * What they keep, when they split a page in two pinned ones, and how they ask for more is theirs, line by line.
 */
export interface AskedPage {
  readonly numItems: number;
  readonly cursor: string | null;
  readonly endCursor?: string;
}
export interface AnsweredPage<Row> {
  readonly page: readonly Row[];
  readonly isDone: boolean;
  readonly continueCursor: string;
  readonly splitCursor?: string | null;
  readonly pageStatus?: string | null;
}
export type HookKind = "stock" | "helpers";
export type Status = "Loading" | "CanLoadMore" | "Exhausted";

export class PaginatedHook<Row> {
  private nextKey = 1;
  private pageKeys = [0];
  private queries = new Map<number, AskedPage>();
  private splits = new Map<number, readonly [number, number]>();
  private results = new Map<number, AnsweredPage<Row> | Error>();
  shown: readonly Row[] = [];
  status: Status = "Loading";
  restarts = 0;
  splitsMade = 0;

  constructor(
    private readonly kind: HookKind,
    private readonly initialNumItems: number,
    private readonly ask: (options: AskedPage) => Promise<AnsweredPage<Row>>,
  ) {
    this.restart();
  }

  private restart(): void {
    this.nextKey = 1;
    this.pageKeys = [0];
    this.queries = new Map([[0, { numItems: this.initialNumItems, cursor: null }]]);
    this.splits = new Map();
    this.results = new Map();
  }

  get settled(): boolean {
    return this.splits.size === 0 && this.status !== "Loading";
  }

  /** One transition: every subscribed page is asked again on the data of now, then the hook renders. */
  async transition(): Promise<void> {
    const asked = [...this.queries];
    const answers = await Promise.all(asked.map(([, options]) => this.ask(options).catch((error: Error) => error)));
    this.results = new Map(asked.map(([key], i) => [key, answers[i]!]));
    // Each change of state renders again.
    while (this.render());
  }

  private render(): boolean {
    const items: Row[] = [];
    let last: AnsweredPage<Row> | undefined;
    for (const key of this.pageKeys) {
      const result = this.results.get(key);
      last = undefined;
      if (result === undefined) break;
      if (result instanceof Error) {
        // In production the message is gone; the data is what the hook goes by.
        const data = (result as { data?: { isConvexSystemError?: boolean; paginationError?: string } }).data;
        if (data?.isConvexSystemError !== true || data.paginationError !== "InvalidCursor") throw result;
        this.restarts++;
        this.restart();
        this.shown = [];
        this.status = "Loading";
        return false;
      }
      last = result;
      const split = this.splits.get(key);
      const most = this.kind === "stock" ? 2 * this.initialNumItems : this.initialNumItems;
      if (split !== undefined) {
        if (split.every((part) => this.results.has(part))) {
          this.pageKeys = this.pageKeys.flatMap((k) => (k === key ? split : [k]));
          this.splits.delete(key);
          this.queries.delete(key);
          return true;
        }
      } else if (
        result.splitCursor &&
        (result.pageStatus === "SplitRecommended" || result.pageStatus === "SplitRequired" || result.page.length > most)
      ) {
        const options = this.queries.get(key)!;
        const parts = [this.nextKey++, this.nextKey++] as const;
        this.queries.set(parts[0], { ...options, endCursor: result.splitCursor });
        this.queries.set(parts[1], { ...options, cursor: result.splitCursor, endCursor: result.continueCursor });
        this.splits.set(key, parts);
        this.splitsMade++;
        return true;
      }
      if (result.pageStatus === "SplitRequired") {
        last = undefined;
        break;
      }
      items.push(...result.page);
    }
    this.shown = items;
    this.status = last === undefined ? "Loading" : last.isDone ? "Exhausted" : "CanLoadMore";
    return false;
  }

  /** As a user does it when the list is there. */
  loadMore(numItems: number): void {
    if (!this.settled || this.status !== "CanLoadMore") return;
    const lastKey = this.pageKeys.at(-1)!;
    const { continueCursor } = this.results.get(lastKey) as AnsweredPage<Row>;
    this.status = "Loading";
    if (this.kind === "stock") {
      this.queries.set(this.nextKey, { numItems, cursor: continueCursor });
      this.pageKeys = [...this.pageKeys, this.nextKey++];
      return;
    }
    // The last page is pinned where the next one begins.
    const parts = [this.nextKey++, this.nextKey++] as const;
    this.queries.set(parts[0], { ...this.queries.get(lastKey)!, endCursor: continueCursor });
    this.queries.set(parts[1], { numItems, cursor: continueCursor });
    this.splits.set(lastKey, parts);
  }
}
