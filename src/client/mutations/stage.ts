import type { Document } from "../executor/env.js";
import { keyText } from "../predicate/values.js";
import type { ForeignKey, TableInfo } from "../schema/catalog.js";
import { entriesTouched } from "./aggregates.js";
import { keyOf, sameKey, textOfKey } from "./keys.js";
import type { Pending } from "./meter.js";
import type { Fields } from "./paths.js";

/** A stored row that the statement changes, as it was and as it will be (null: deleted). */
export interface StagedRow {
  readonly table: TableInfo;
  readonly before: Document;
  after: Document | null;
  /** What this transaction writes; undefined for rows that a walk has only looked at: a job will write them. */
  write: Document | null | undefined;
  /** Named by the statement itself; referential actions reach the others. */
  readonly root: boolean;
  /** What writing it costs its aggregates. */
  entries: number;
}

/**
 * What a statement will write, before anything is written. Everything that can refuse is judged on it: the stored rows
 * overlaid with the staged ones are the tables as the statement leaves them.
 */
export class Stage {
  private readonly rows = new Map<string, StagedRow>();
  private readonly inserts = new Map<string, Fields[]>();
  /** Staged rows by table that are there afterwards: the only ones that can hold or reference a key unlike before. */
  private readonly updated = new Map<string, Map<string, StagedRow>>();

  /** How many staged rows will be written. */
  writes = 0;
  private entries = 0;

  /** What writing all of it will cost. */
  get pending(): Pending {
    return { rows: this.writes, entries: this.entries };
  }

  all(): IterableIterator<StagedRow> {
    return this.rows.values();
  }
  get(id: string): StagedRow | undefined {
    return this.rows.get(id);
  }

  /** A stored row as the statement leaves it so far; null when deleted. */
  current(stored: Document): Document | null {
    const staged = this.rows.get(stored._id);
    return staged === undefined ? stored : staged.after;
  }

  /**
   * Stages a change of a row. A row staged before keeps what it was before the statement. Not `written`, the change is
   * only known of: what the row was staged as before is what is written.
   */
  put(table: TableInfo, stored: Document, after: Document | null, root = false, written = true): StagedRow {
    let staged = this.rows.get(stored._id);
    if (staged === undefined) {
      staged = { table, before: stored, after, write: undefined, root, entries: 0 };
      this.rows.set(stored._id, staged);
    }
    staged.after = after;
    if (written) {
      if (staged.write === undefined) this.writes++;
      staged.write = after;
      const entries = entriesTouched(table, staged.before, after);
      this.entries += entries - staged.entries;
      staged.entries = entries;
    }
    let updated = this.updated.get(table.name);
    if (after === null) {
      updated?.delete(stored._id);
    } else {
      if (updated === undefined) this.updated.set(table.name, (updated = new Map()));
      updated.set(stored._id, staged);
    }
    return staged;
  }

  insert(table: TableInfo, row: Fields): void {
    const rows = this.inserts.get(table.name);
    if (rows === undefined) this.inserts.set(table.name, [row]);
    else rows.push(row);
  }

  /** Rows of the table that the statement adds or leaves changed, as they will be. */
  *changed(table: string): Generator<Fields> {
    for (const staged of this.updated.get(table)?.values() ?? []) yield staged.after!;
    yield* this.inserts.get(table) ?? [];
  }

  /**
   * Staged rows that reference a key now and did not when stored, by the key's text: an index range of stored rows
   * misses them.
   */
  movedBy(foreignKey: ForeignKey): Map<string, Document[]> {
    const moved = new Map<string, Document[]>();
    for (const { before, after } of this.updated.get(foreignKey.table)?.values() ?? []) {
      const key = keyOf(after!, foreignKey.fields);
      if (key === null || sameKey(keyOf(before, foreignKey.fields), key)) continue;
      const text = textOfKey(key);
      const rows = moved.get(text);
      if (rows === undefined) moved.set(text, [after!]);
      else rows.push(after!);
    }
    return moved;
  }
}

/** Whether the row has the key, given as {@link textOfKey} gives it. */
export function hasKey(row: Fields, fields: readonly string[], text: string): boolean {
  const own = keyOf(row, fields);
  return own !== null && textOfKey(own) === text;
}

/** The top-level fields in which two versions of a row differ, with their new values; `undefined` where removed. */
export function difference(before: Document, after: Document): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const value = after[field];
    if (keyText(value as never) !== keyText(before[field] as never)) patch[field] = value;
  }
  return patch;
}
