import type { GenericId } from "convex/values";
import type { Document } from "../executor/env.js";
import type { TableInfo, UniqueInfo } from "../schema/catalog.js";
import type { WriteEnv } from "./env.js";
import type { Inline } from "./inline.js";
import { keyOf, textOfKey } from "./keys.js";
import type { RowPolicies } from "./row-policies.js";
import { difference } from "./stage.js";
import { holderOf, uniqueViolation } from "./unique.js";
import { checkPatch, patched, patchFor } from "./values.js";

/** What an insert does when a row is there already: `set: null` does nothing, `target: null` means any unique. */
export interface Conflict {
  readonly target: string | null;
  readonly set: unknown;
}

/** What becomes of one proposed row. */
export type Outcome =
  | { readonly kind: "insert"; readonly row: Record<string, unknown> }
  | { readonly kind: "skip" }
  | { readonly kind: "update"; readonly id: GenericId<string>; readonly fields: readonly string[] };

/**
 * Decides for each proposed row, in order, whether it is inserted, left out, or updates the row that holds its target.
 * Updates are staged. A conflict on another unique than the target is left to the uniques' own check.
 *
 * @throws OrmError `UNIQUE_VIOLATION` when one row would be upserted twice; `POLICY_VIOLATION`, `INVALID_VALUE`.
 */
export async function resolveConflicts(
  env: WriteEnv,
  inline: Inline,
  table: TableInfo,
  rows: readonly Record<string, unknown>[],
  { target, set }: Conflict,
  policies: RowPolicies | null,
): Promise<Outcome[]> {
  const uniques = table.rules.unique.filter((unique) => target === null || unique.name === target);
  if (set !== null && typeof set !== "function") checkPatch(env.db, table, patchFor(table, set, {} as Document));
  const proposed = new Set<string>();
  const outcomes: Outcome[] = [];
  for (const row of rows) {
    const found = await conflictOf(env, inline, table, uniques, row, proposed);
    if (found === null) {
      for (const text of textsOf(uniques, row)) proposed.add(text);
      outcomes.push({ kind: "insert", row });
    } else if (set === null) {
      outcomes.push({ kind: "skip" });
    } else if (found.holder === null || inline.stage.get(found.holder._id) !== undefined) {
      throw uniqueViolation(
        table,
        found.unique,
        `the statement upserts one row of "${table.name}" twice: the unique "${found.unique.name}"`,
      );
    } else {
      for (const text of textsOf(uniques, row)) proposed.add(text);
      outcomes.push(await stageUpdate(env, inline, table, found.unique, found.holder, set, policies));
    }
  }
  return outcomes;
}

const textsOf = (uniques: readonly UniqueInfo[], row: Record<string, unknown>): string[] =>
  uniques.flatMap((unique) => {
    const key = keyOf(row, unique.fields);
    return key === null ? [] : [`${unique.name} ${textOfKey(key)}`];
  });

/** The first unique that the row would break: with the stored row that holds it, or null for a row proposed before. */
async function conflictOf(
  env: WriteEnv,
  inline: Inline,
  table: TableInfo,
  uniques: readonly UniqueInfo[],
  row: Record<string, unknown>,
  proposed: ReadonlySet<string>,
): Promise<{ unique: UniqueInfo; holder: Document | null } | null> {
  for (const unique of uniques) {
    const key = keyOf(row, unique.fields);
    if (key === null) continue;
    if (proposed.has(`${unique.name} ${textOfKey(key)}`)) return { unique, holder: null };
    const holder = await holderOf(env.db, inline.stage, table, unique, key, null);
    if (holder !== null) return { unique, holder };
  }
  return null;
}

async function stageUpdate(
  env: WriteEnv,
  inline: Inline,
  table: TableInfo,
  unique: UniqueInfo,
  holder: Document,
  set: unknown,
  policies: RowPolicies | null,
): Promise<Outcome> {
  await policies?.upserted(table, holder);
  const after = patched(env.db, table, holder, patchFor(table, set, holder));
  const soft = table.rules.softDelete?.field;
  if (soft !== undefined && isSet(holder[soft]) && isSet(after[soft])) {
    throw uniqueViolation(
      table,
      unique,
      `a soft-deleted row of "${table.name}" keeps this (${unique.fields.join(", ")}): restore it, or set ${soft}: undefined`,
    );
  }
  await policies?.updated(table, after);
  inline.stage.put(table, holder, after, true);
  inline.fanout.note(table, holder, after);
  return { kind: "update", id: holder._id, fields: Object.keys(difference(holder, after)) };
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null;
