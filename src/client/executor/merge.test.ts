import { expect, test } from "vitest";
import type { Document } from "./env.js";
import { Merge } from "./merge.js";
import { orderValues } from "./order.js";
import type { Reader } from "./scan.js";

const order = [
  { field: "n", direction: "asc" },
  { field: "_creationTime", direction: "asc" },
  { field: "_id", direction: "asc" },
] as const;
const row = (n: number): Document => ({ _id: `r${n}`, _creationTime: n, n }) as unknown as Document;

/** Delivers `rows`; then it has ended, or stopped after a row that is none of its own. */
function reader(rows: readonly Document[], stoppedAt: Document | null = null): Reader {
  let at = 0;
  return {
    get last() {
      return at >= rows.length ? (stoppedAt ?? rows.at(-1) ?? null) : (rows[at - 1] ?? null);
    },
    get stopped() {
      return at >= rows.length && stoppedAt !== null;
    },
    next: () => Promise.resolve(rows[at++] ?? null),
    close: () => undefined,
  };
}

async function read(readers: readonly Reader[]): Promise<{ rows: Document[]; stoppedAfter: Document | null }> {
  const merge = new Merge(readers, order, (_nth, last) => orderValues(last, order));
  const rows: Document[] = [];
  for (let next = await merge.next(); next !== null; next = await merge.next()) rows.push(next);
  return { rows, stoppedAfter: merge.stoppedAfter };
}

test("rows of several readers come in order, shared ones once", async () => {
  const { rows, stoppedAfter } = await read([reader([row(1), row(4)]), reader([row(2), row(4), row(5)]), reader([])]);
  expect(rows).toEqual([row(1), row(2), row(4), row(5)]);
  expect(stoppedAfter).toBeNull();
});

test("beyond the place where a reader stopped nothing is decided", async () => {
  const { rows, stoppedAfter } = await read([reader([row(1)], row(3)), reader([row(2), row(4)])]);
  expect(rows).toEqual([row(1), row(2)]);
  expect(stoppedAfter).toEqual(row(3));
});

test("the row at that very place is decided: another reader may deliver it", async () => {
  // The place is known before the row is, or after.
  for (const readers of [
    [reader([], row(3)), reader([row(2), row(3), row(4)])],
    [reader([row(2)], row(3)), reader([row(3), row(4)])],
  ]) {
    const { rows, stoppedAfter } = await read(readers);
    expect(rows).toEqual([row(2), row(3)]);
    expect(stoppedAfter).toEqual(row(3));
  }
});

test("of two that stopped the earlier place counts", async () => {
  const { rows, stoppedAfter } = await read([reader([row(1)], row(9)), reader([], row(5)), reader([row(3), row(7)])]);
  expect(rows).toEqual([row(1), row(3)]);
  expect(stoppedAfter).toEqual(row(5));
});
