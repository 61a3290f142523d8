import type { Value } from "convex/values";
import { drawn, numbers, type TableName, type World } from "./data.js";
import { holds, type Interval } from "./store/interval.js";
import type { Store } from "./store/store.js";

/** How many writes to other rows are tried on each query. */
export const writesTried = 1_000;

type Stored = Readonly<Record<string, Value | undefined>>;
interface Write {
  readonly table: string;
  /** The row before and the row after: what an index loses and what it gains. */
  readonly rows: readonly Stored[];
}

/** What other people write: inserts, changes of one field and deletions, of rows that are not in the answer. */
export function otherWrites(world: World, tables: readonly TableName[], answer: readonly string[]): Write[] {
  const random = numbers(11);
  const mine = new Set(answer.flatMap((key) => key.split("|")));
  const others = new Map(tables.map((table) => [table, world[table].filter((row) => !mine.has(row._id))]));
  return Array.from({ length: writesTried }, (_, at): Write => {
    const table = tables[at % tables.length] as TableName;
    const rows = others.get(table) ?? [];
    const drawnRow = drawn[table](random, world) as Stored;
    const before = rows[random(rows.length)] as unknown as Stored;
    const fresh: Stored = { ...drawnRow, _id: `99999999;${table}`, _creationTime: 1_800_000_000_000 };
    const kind = random(3);
    if (kind === 0) return { table, rows: [fresh] };
    if (kind === 1) return { table, rows: [before] };
    const fields = Object.keys(drawnRow);
    const field = fields[random(fields.length)] as string;
    return { table, rows: [before, { ...before, [field]: drawnRow[field] }] };
  });
}

/** How many of the writes fall into a stretch that was read: each re-runs the query for every client that shows it. */
export function rerunsBy(store: Store, writes: readonly Write[], intervals: readonly Interval[]): number {
  const byTable = grouped(intervals);
  return writes.filter(({ table, rows }) =>
    (byTable.get(table) ?? []).some((interval) =>
      rows.some((row) => holds(interval, store.keyOf(table, interval.index, row))),
    ),
  ).length;
}

function grouped(intervals: readonly Interval[]): Map<string, Interval[]> {
  const groups = new Map<string, Interval[]>();
  for (const interval of intervals) {
    const group = groups.get(interval.table);
    if (group === undefined) groups.set(interval.table, [interval]);
    else group.push(interval);
  }
  return groups;
}
