import type { GenericId } from "convex/values";
import type { Id, TableNames } from "../_generated/dataModel.js";
import { LOAD_STEPS, type Chinook } from "./chinook.js";

/** Writes one batch of documents to a table and gives their ids in the same order. */
export type InsertBatch = (table: TableNames, documents: Record<string, unknown>[]) => Promise<string[]>;

/** Told after each batch: rows of this table so far, and of all tables. */
export type OnProgress = (table: TableNames, rowsOfTable: number, rowsOfAll: number) => void;

/** The Convex ids of what was loaded, by table and Chinook key. */
export class LoadedIds {
  private readonly byTable = new Map<TableNames, Map<number, string>>();

  /** Throws if no row with that key was loaded, so that a loader's mistake does not become a wrong reference. */
  readonly get = <T extends TableNames>(table: T, key: number): Id<T> => {
    const id = this.byTable.get(table)?.get(key);
    if (id === undefined) throw new Error(`Chinook: no row of ${table} with the key ${key} was loaded`);
    return id as GenericId<T>;
  };

  set(table: TableNames, key: number, id: string): void {
    const ids = this.byTable.get(table) ?? new Map<number, string>();
    this.byTable.set(table, ids.set(key, id));
  }
}

/**
 * Loads Chinook, parents first, in batches that fit one transaction each.
 *
 * `batchRows` is bounded by the 4,096 index ranges of a transaction: the unique key and the two foreign keys of a
 * `playlistTracks` row may cost three.
 */
export async function loadChinook(
  data: Chinook,
  insert: InsertBatch,
  { batchRows = 1_000, onProgress }: { batchRows?: number; onProgress?: OnProgress } = {},
): Promise<LoadedIds> {
  const ids = new LoadedIds();
  let all = 0;
  for (const { table, prepare } of LOAD_STEPS) {
    const rows = prepare(data, ids.get);
    for (let from = 0; from < rows.length; from += batchRows) {
      const batch = rows.slice(from, from + batchRows);
      const inserted = await insert(
        table,
        batch.map((row) => row.document),
      );
      batch.forEach((row, at) => {
        const id = inserted[at];
        if (row.key !== undefined && id !== undefined) ids.set(table, row.key, id);
      });
      all += batch.length;
      onProgress?.(table, from + batch.length, all);
    }
  }
  return ids;
}
