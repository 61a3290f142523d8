import type { Document } from "../executor/env.js";
import type { Stored } from "../predicate/values.js";
import { typeBit, type ForeignKey, type TableInfo } from "../schema/catalog.js";
import type { WriteDatabase } from "./env.js";
import type { Key } from "./keys.js";
import { withPath } from "./paths.js";
import { checkRow, defaultOf, emptyOf } from "./values.js";

/** A key that is gone (`next: null`) or has become another one. */
export interface KeyChange {
  readonly key: Key;
  readonly next: readonly Stored[] | null;
}

/** A referencing row as the foreign key's action leaves it; null when it is deleted with its parent. */
export function acted(
  db: WriteDatabase,
  table: TableInfo,
  foreignKey: ForeignKey,
  change: KeyChange,
  row: Document,
): Document | null {
  const action = change.next === null ? foreignKey.onDelete : foreignKey.onUpdate;
  switch (action) {
    case "cascade":
      return change.next === null ? null : withKey(db, table, foreignKey, row, change.next);
    case "set null":
      return withKey(
        db,
        table,
        foreignKey,
        row,
        foreignKey.fields.map((field) => emptyOf(table, field)),
      );
    case "set default":
      return withKey(
        db,
        table,
        foreignKey,
        row,
        foreignKey.fields.map((field) => defaultOf(table, field) ?? emptyOf(table, field)),
      );
    case "restrict":
    case "no action":
      throw new Error(`${action} changes no row`);
  }
}

function withKey(
  db: WriteDatabase,
  table: TableInfo,
  foreignKey: ForeignKey,
  row: Document,
  key: readonly Stored[],
): Document {
  let after: Record<string, unknown> = row;
  foreignKey.fields.forEach((field, i) => (after = withPath(after, field, fitting(table, field, key[i]))));
  const { _id, _creationTime, ...own } = after;
  checkRow(db, table, own, `relations -> ${foreignKey.table} -> ${foreignKey.name}`);
  return { ...own, _id: row._id, _creationTime: row._creationTime };
}

/** An empty key part, as this side writes one: a parent may lack a field that its child holds null in. */
function fitting(table: TableInfo, field: string, value: Stored): Stored {
  if (value !== undefined && value !== null) return value;
  const info = table.field(field);
  if (value === null && info !== null && (info.types & typeBit.null) !== 0) return null;
  return emptyOf(table, field);
}
