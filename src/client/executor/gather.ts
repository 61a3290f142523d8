import type { Document } from "./env.js";
import type { Reader } from "./scan.js";

/** The platform batches up to this many reads of one function. */
export const together = 16;

/** Runs `work` on every item, at most {@link together} at a time; the first error ends it. */
export async function eachTogether<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        await work(items[index]!, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  if (items.length === 1) return await lane();
  const lanes = Array.from({ length: Math.min(together, items.length) }, lane);
  // Every lane is waited for, so that no read is under way when the query has failed.
  const ends = await Promise.allSettled(lanes);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/** Waits for all of them, so that no read is under way when the query has failed; then throws the first error. */
export async function allSettled<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const ends = await Promise.allSettled(work);
  return ends.map((end) => {
    if (end.status === "rejected") throw end.reason;
    return end.value;
  });
}

export interface Source {
  readonly reader: Reader;
  /** A test that reads other tables, put off by the reader so that many rows are tested together; else null. */
  readonly test: ((row: Document) => boolean | Promise<boolean>) | null;
}

/** Reads every row of all sources, the sources side by side; rows of one source come in its order. */
export async function gather(sources: readonly Source[], each: (row: Document, source: number) => void): Promise<void> {
  await eachTogether(sources, async ({ reader, test }, index) => {
    if (test === null) {
      for (let row = await reader.next(); row !== null; row = await reader.next()) each(row, index);
      return;
    }
    for (let more = true; more;) {
      const rows: Document[] = [];
      while (rows.length < together) {
        const row = await reader.next();
        if (row === null) break;
        rows.push(row);
      }
      more = rows.length === together;
      const passed = await Promise.all(rows.map(test));
      rows.forEach((row, i) => {
        if (passed[i] === true) each(row, index);
      });
    }
  });
}
