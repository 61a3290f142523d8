/**
 * A database in memory with the parts of `ctx.db` that the executor uses. It counts documents and index ranges as the
 * platform does: a document when it is consumed, a range when it is opened, a get whether it finds something or not.
 */
import type { TransactionMetrics } from "convex/server";
import type { GenericId, Value } from "convex/values";
import { compareValues } from "convex/values";
import type { Database, Document, OrderedRows, RangeBuilder, Rows, TableQuery } from "../../src/client/executor/env.js";
import { readPath } from "../../src/client/predicate/values.js";

interface Bound {
  readonly op: "eq" | "gt" | "gte" | "lt" | "lte";
  readonly field: string;
  readonly value: Value | undefined;
}

/** One range as it was asked for. */
export interface OpenedRange {
  readonly table: string;
  readonly index: string;
  readonly bounds: readonly Bound[];
  readonly direction: "asc" | "desc";
  readonly limit: number | null;
  readonly consumed: { documents: number };
}

export class FakeDatabase implements Database {
  documents = 0;
  queries = 0;
  /** The most reads that were under way at once. */
  widest = 0;
  readonly ranges: OpenedRange[] = [];
  private running = 0;
  private readonly rows = new Map<string, Map<string, Document>>();
  private nextId = 1;
  private clock = 1_000;

  /** `indexes[table][name]` lists the declared fields. */
  constructor(private readonly indexes: { readonly [table: string]: { readonly [index: string]: readonly string[] } }) {
    for (const table of Object.keys(indexes)) this.rows.set(table, new Map());
  }

  insert(table: string, fields: Record<string, unknown>, time = this.clock++): string {
    const _id = `${String(this.nextId++).padStart(8, "0")};${table}` as GenericId<string>;
    this.rows.get(table)!.set(_id, { ...fields, _id, _creationTime: time });
    return _id;
  }
  patch(table: string, id: string, fields: Record<string, unknown>): void {
    const rows = this.rows.get(table)!;
    rows.set(id, { ...rows.get(id)!, ...fields });
  }
  delete(table: string, id: string): void {
    this.rows.get(table)!.delete(id);
  }
  all(table: string): Document[] {
    return [...this.rows.get(table)!.values()];
  }
  resetCounts(): void {
    this.documents = this.queries = this.widest = 0;
    this.ranges.length = 0;
  }
  /** The whole key of an index. */
  fields(table: string, index: string): readonly string[] {
    if (index === "by_id") return ["_id"];
    if (index === "by_creation_time") return ["_creationTime", "_id"];
    const declared = this.indexes[table]![index];
    if (declared === undefined) throw new Error(`no index ${index} on ${table}`);
    return [...declared, "_creationTime", "_id"];
  }

  async metrics(limits = { documents: 32_000, bytes: 16 * 1024 * 1024, queries: 4_096 }): Promise<TransactionMetrics> {
    await Promise.resolve();
    const metric = (used: number, total: number) => ({ used, remaining: total - used });
    return {
      documentsRead: metric(this.documents, limits.documents),
      bytesRead: metric(0, limits.bytes),
      databaseQueries: metric(this.queries, limits.queries),
    } as TransactionMetrics;
  }

  normalizeId(table: string, id: string): GenericId<string> | null {
    return id.endsWith(`;${table}`) ? (id as GenericId<string>) : null;
  }
  async get(id: GenericId<string>): Promise<Document | null> {
    this.queries++;
    await this.turn();
    const found = this.rows.get(id.split(";")[1]!)?.get(id) ?? null;
    if (found !== null) this.documents++;
    return found;
  }
  query(table: string): TableQuery {
    return {
      withIndex: (index, range) => this.ordered(table, index, range),
      withSearchIndex: () => {
        throw new Error("the fake has no search");
      },
    };
  }

  private async turn(): Promise<void> {
    this.running++;
    this.widest = Math.max(this.widest, this.running);
    await Promise.resolve();
    await Promise.resolve();
    this.running--;
  }

  private ordered(table: string, index: string, range?: (q: RangeBuilder) => RangeBuilder): OrderedRows {
    const bounds: Bound[] = [];
    const say = (op: Bound["op"]) => (field: string, value: unknown) => {
      bounds.push({ op, field, value: value as Value | undefined });
      return builder;
    };
    const builder: RangeBuilder = { eq: say("eq"), gt: say("gt"), gte: say("gte"), lt: say("lt"), lte: say("lte") };
    range?.(builder);
    const fields = this.fields(table, index);
    validate(bounds, fields);
    const make = (direction: "asc" | "desc", limit: number | null): Rows => ({
      [Symbol.asyncIterator]: () => this.iterate(table, index, fields, bounds, direction, limit),
      take: async (n) => await drain(make(direction, Math.min(n, limit ?? n))),
      collect: async () => await drain(make(direction, limit)),
      limit: (n) => make(direction, n),
      filter: () => {
        throw new Error("the fake has no filter");
      },
      paginate: () => Promise.reject(new Error("the fake has no native pages")),
    });
    return { ...make("asc", null), order: (direction) => make(direction, null) };
  }

  private iterate(
    table: string,
    index: string,
    fields: readonly string[],
    bounds: readonly Bound[],
    direction: "asc" | "desc",
    limit: number | null,
  ): AsyncIterator<Document> {
    this.queries++;
    const range: OpenedRange = { table, index, bounds, direction, limit, consumed: { documents: 0 } };
    this.ranges.push(range);
    const sign = direction === "asc" ? 1 : -1;
    const rows = this.all(table)
      .filter((row) => bounds.every((bound) => inBound(row, bound)))
      .sort((a, b) => sign * compareKeys(a, b, fields));
    let nth = 0;
    return {
      next: async () => {
        await this.turn();
        const row = limit !== null && nth >= limit ? undefined : rows[nth++];
        if (row === undefined) return { done: true, value: undefined };
        this.documents++;
        range.consumed.documents++;
        return { done: false, value: row };
      },
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }
}

async function drain(rows: Rows): Promise<Document[]> {
  const out: Document[] = [];
  for await (const row of rows) out.push(row);
  return out;
}

function inBound(row: Document, { op, field, value }: Bound): boolean {
  const sign = compareValues(readPath(row, field), value);
  return op === "eq"
    ? sign === 0
    : op === "gt"
      ? sign > 0
      : op === "gte"
        ? sign >= 0
        : op === "lt"
          ? sign < 0
          : sign <= 0;
}

export function compareKeys(a: Document, b: Document, fields: readonly string[]): number {
  for (const field of fields) {
    const sign = compareValues(readPath(a, field), readPath(b, field));
    if (sign !== 0) return sign;
  }
  return 0;
}

/** What the platform demands of an index range. */
function validate(bounds: readonly Bound[], fields: readonly string[]): void {
  let at = 0;
  const rest = [...bounds];
  while (rest[0]?.op === "eq") if (rest.shift()!.field !== fields[at++]) throw new Error("an eq out of index order");
  if (rest[0]?.op === "gt" || rest[0]?.op === "gte")
    if (rest.shift()!.field !== fields[at]) throw new Error("a lower bound out of place");
  if (rest[0]?.op === "lt" || rest[0]?.op === "lte")
    if (rest.shift()!.field !== fields[at]) throw new Error("an upper bound out of place");
  if (rest.length > 0) throw new Error("more bounds than an index range can have");
}
