import type { Value } from "convex/values";
import { testOf, type expressions } from "./expression.js";
import { above, type Interval, type Key, type Place } from "./interval.js";
import type { Document, Entry, Store } from "./store.js";

/** One range while it is read. */
interface Reading {
  readonly table: string;
  readonly index: string;
  readonly bounds: { readonly lower: Place; readonly upper: Place };
  readonly order: "asc" | "desc";
  /** The last key that was consumed, rows that a filter dropped among them. */
  last: Key | null;
  /** Whether the end of the range was reached. */
  exhausted: boolean;
}

/** Native cursors: the platform's are encrypted, these are numbers of places. */
const places: Key[] = [];
const end = "_end_cursor";

/** One function run: what `ctx` is, and what was read through it, counted as the backend counts. */
export class Transaction {
  /** Documents consumed and ranges opened (a get is one of each), without the component's. */
  documents = 0;
  queries = 0;
  /** Calls of the component, each of one range. */
  componentCalls = 0;
  /** Whether a native `.filter` was used: the in-process Convex does not count what it drops. */
  filtered = false;
  readonly #readings: Reading[] = [];
  readonly #points: Interval[] = [];

  constructor(
    readonly store: Store,
    /** Answers the component call of a run: the policies. It reads one document a protected table. */
    readonly component: { readonly snapshot: unknown; readonly documents: number },
  ) {}

  /** The stretches that were read: each ends at the last consumed key when a limit stopped it. */
  intervals(): Interval[] {
    const stretches = this.#readings.flatMap(({ table, index, bounds, order, last, exhausted }): Interval[] => {
      if (exhausted) return [{ table, index, ...bounds }];
      if (last === null) return [];
      return [
        order === "asc"
          ? { table, index, lower: bounds.lower, upper: { values: last, after: true } }
          : { table, index, lower: { values: last, after: false }, upper: bounds.upper },
      ];
    });
    return [...this.#points, ...stretches];
  }

  ctx(): unknown {
    const metric = (used: number, most: number) => ({ used, remaining: most - used });
    return {
      db: {
        get: (id: string, other?: string) => this.#get(other ?? id),
        query: (table: string) => new Query(this, table),
        normalizeId: (table: string, id: string) => (id.endsWith(`;${table}`) ? id : null),
        system: {},
      },
      auth: { getUserIdentity: () => Promise.resolve(null) },
      meta: {
        getTransactionMetrics: () =>
          Promise.resolve({
            documentsRead: metric(this.documents + this.componentCalls * this.component.documents, 32_000),
            databaseQueries: metric(this.queries + this.componentCalls, 4_096),
            bytesRead: metric(0, 16 * 1024 * 1024),
          }),
      },
      runQuery: () => {
        this.componentCalls += 1;
        return Promise.resolve(this.component.snapshot);
      },
    };
  }

  async #get(id: string): Promise<Document | null> {
    this.queries += 1;
    const row = this.store.get(id);
    if (row !== null) this.documents += 1;
    const values = [id as Value];
    const table = id.slice(id.indexOf(";") + 1);
    this.#points.push({ table, index: "by_id", lower: { values, after: false }, upper: { values, after: true } });
    return Promise.resolve(row);
  }

  open(table: string, index: string, bounds: Reading["bounds"], order: "asc" | "desc"): () => Entry | null {
    this.queries += 1;
    const reading: Reading = { table, index, bounds, order, last: null, exhausted: false };
    this.#readings.push(reading);
    const entries = this.store.entries(table, index);
    const step = order === "asc" ? 1 : -1;
    let at = order === "asc" ? first(entries, bounds.lower) : first(entries, bounds.upper) - 1;
    return () => {
      const entry = entries[at];
      const inside = entry !== undefined && above(entry.key, bounds.lower) && !above(entry.key, bounds.upper);
      if (!inside) {
        reading.exhausted = true;
        return null;
      }
      at += step;
      this.documents += 1;
      reading.last = entry.key;
      return entry;
    };
  }
}

/** Where the first entry above a place is. */
function first(entries: readonly Entry[], place: Place): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (above((entries[middle] as Entry).key, place)) high = middle;
    else low = middle + 1;
  }
  return low;
}

type Test = (row: Document) => boolean;
interface RangeBuilder {
  eq(field: string, value: Value | undefined): RangeBuilder;
  gt(field: string, value: Value | undefined): RangeBuilder;
  gte(field: string, value: Value | undefined): RangeBuilder;
  lt(field: string, value: Value | undefined): RangeBuilder;
  lte(field: string, value: Value | undefined): RangeBuilder;
}

/** What `ctx.db.query(table)` gives, as far as anybody here uses it. */
class Query {
  constructor(
    private readonly transaction: Transaction,
    private readonly table: string,
    private readonly index = "by_creation_time",
    private readonly bounds: Reading["bounds"] = {
      lower: { values: [], after: false },
      upper: { values: [], after: true },
    },
    private readonly direction: "asc" | "desc" = "asc",
    private readonly tests: readonly Test[] = [],
    private readonly most = Infinity,
  ) {}

  withIndex(index: string, range?: (q: RangeBuilder) => unknown): Query {
    const fields = this.transaction.store.fields(this.table, index);
    const equal: (Value | undefined)[] = [];
    let lower: Place | null = null;
    let upper: Place | null = null;
    const expect = (field: string, why: string) => {
      if (fields[equal.length] !== field) throw new Error(`${index}: ${why} of ${field} is out of index order`);
    };
    const builder: RangeBuilder = {
      eq: (field, value) => (expect(field, "eq"), equal.push(value), builder),
      gt: (field, value) => (expect(field, "gt"), (lower = { values: [...equal, value], after: true }), builder),
      gte: (field, value) => (expect(field, "gte"), (lower = { values: [...equal, value], after: false }), builder),
      lt: (field, value) => (expect(field, "lt"), (upper = { values: [...equal, value], after: false }), builder),
      lte: (field, value) => (expect(field, "lte"), (upper = { values: [...equal, value], after: true }), builder),
    };
    range?.(builder);
    const bounds = { lower: lower ?? { values: equal, after: false }, upper: upper ?? { values: equal, after: true } };
    return new Query(this.transaction, this.table, index, bounds, this.direction, this.tests, this.most);
  }

  fullTableScan(): Query {
    return this;
  }
  withSearchIndex(): never {
    throw new Error("the bench has no search index");
  }
  order(direction: "asc" | "desc"): Query {
    return new Query(this.transaction, this.table, this.index, this.bounds, direction, this.tests, this.most);
  }
  filter(given: (q: typeof expressions) => unknown): Query {
    this.transaction.filtered = true;
    const tests = [...this.tests, testOf(given) as Test];
    return new Query(this.transaction, this.table, this.index, this.bounds, this.direction, tests, this.most);
  }
  limit(most: number): Query {
    return new Query(this.transaction, this.table, this.index, this.bounds, this.direction, this.tests, most);
  }

  /** Rows one by one, each read when it is asked for. */
  #pull(bounds = this.bounds): () => Entry | null {
    const next = this.transaction.open(this.table, this.index, bounds, this.direction);
    return () => {
      for (let entry = next(); entry !== null; entry = next()) {
        const { row } = entry;
        if (this.tests.every((test) => test(row))) return entry;
      }
      return null;
    };
  }

  async take(count: number): Promise<Document[]> {
    const most = Math.min(count, this.most);
    const next = this.#pull();
    const rows: Document[] = [];
    while (rows.length < most) {
      const entry = next();
      if (entry === null) break;
      rows.push(entry.row);
    }
    return Promise.resolve(rows);
  }
  collect(): Promise<Document[]> {
    return this.take(Infinity);
  }
  async first(): Promise<Document | null> {
    return (await this.take(1))[0] ?? null;
  }
  async unique(): Promise<Document | null> {
    const [row, second] = await this.take(2);
    if (second !== undefined) throw new Error("unique() query returned more than one result");
    return row ?? null;
  }

  [Symbol.asyncIterator](): AsyncIterator<Document> {
    let next: (() => Entry | null) | null = null;
    let left = this.most;
    return {
      next: async () => {
        const entry = left-- > 0 ? (next ??= this.#pull())() : null;
        return Promise.resolve(entry === null ? { done: true, value: undefined } : { done: false, value: entry.row });
      },
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  async paginate(options: { numItems: number; cursor: string | null; endCursor?: string | null }): Promise<unknown> {
    const { numItems, cursor, endCursor } = options;
    if (cursor === end) return Promise.resolve({ page: [], isDone: true, continueCursor: end });
    const after = (given: string): Key => {
      const key = places[Number(given)];
      if (key === undefined) throw new Error("Failed to parse cursor");
      return key;
    };
    let { lower, upper } = this.bounds;
    if (cursor !== null && this.direction === "asc") lower = { values: after(cursor), after: true };
    if (cursor !== null && this.direction === "desc") upper = { values: after(cursor), after: false };
    const pinned = endCursor !== undefined && endCursor !== null && endCursor !== end;
    if (pinned && this.direction === "asc") upper = { values: after(endCursor), after: true };
    if (pinned && this.direction === "desc") lower = { values: after(endCursor), after: false };
    const next = this.#pull({ lower, upper });
    const page: Document[] = [];
    let last: Key | null = null;
    while (pinned || page.length < numItems) {
      const entry = next();
      if (entry === null) {
        return Promise.resolve({ page, isDone: !pinned, continueCursor: pinned ? endCursor : end });
      }
      page.push(entry.row);
      last = entry.key;
    }
    return Promise.resolve({
      page,
      isDone: false,
      continueCursor: last === null ? cursor : String(places.push(last) - 1),
    });
  }
}
