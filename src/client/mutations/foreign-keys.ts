import { OrmError } from "../errors.js";
import type { ForeignKey, TableInfo } from "../schema/catalog.js";
import type { WriteEnv } from "./env.js";
import { hasKey, type Stage } from "./stage.js";
import { keyOf, nameOf, parentRows, sameKey, textOfKey, type Key } from "./keys.js";
import { inBatches, type Changed } from "./unique.js";

/** Whether some row has the key once the statement is done. Soft-deleted rows count: they are rows. */
export async function parentExists(
  env: Pick<WriteEnv, "db" | "catalog">,
  stage: Stage,
  foreignKey: ForeignKey,
  key: Key,
): Promise<boolean> {
  const target = env.catalog.tables[foreignKey.target]!;
  const text = textOfKey(key);
  for (const row of stage.changed(target.name)) if (hasKey(row, foreignKey.targetFields, text)) return true;
  for (let limit = 2; ; limit *= 4) {
    const rows = await parentRows(env.db, target, foreignKey.targetFields, key, limit);
    for (const row of rows) {
      const now = stage.current(row);
      if (now !== null && hasKey(now, foreignKey.targetFields, text)) return true;
    }
    if (rows.length < limit) return false;
  }
}

export function foreignKeyViolation(table: TableInfo, foreignKey: ForeignKey, message: string): OrmError {
  return new OrmError("FOREIGN_KEY_VIOLATION", message, {
    table: table.name,
    foreignKey: nameOf(foreignKey),
    fields: [...foreignKey.fields],
    path: `relations -> ${foreignKey.table} -> ${foreignKey.name}`,
  });
}

/**
 * Judges the foreign keys of all rows of a statement, on the tables as it leaves them. Only keys that change are
 * looked up, each once; composite keys are MATCH SIMPLE.
 *
 * @throws OrmError `FOREIGN_KEY_VIOLATION`, naming the foreign key and its fields.
 */
export async function checkForeignKeys(env: WriteEnv, stage: Stage, rows: readonly Changed[]): Promise<void> {
  const asked = new Map<ForeignKey, Set<string>>();
  const lookups: { foreignKey: ForeignKey; table: TableInfo; key: Key }[] = [];
  for (const { table, before, after } of rows) {
    for (const foreignKey of table.foreignKeys) {
      if (!foreignKey.enforce) continue;
      const key = keyOf(after, foreignKey.fields);
      if (key === null || (before !== null && sameKey(keyOf(before, foreignKey.fields), key))) continue;
      // What a job is known to delete or change after this transaction is judged as it will be.
      const now = before === null ? after : stage.current(before);
      if (now === null || !sameKey(keyOf(now, foreignKey.fields), key)) continue;
      let keys = asked.get(foreignKey);
      if (keys === undefined) asked.set(foreignKey, (keys = new Set()));
      const text = textOfKey(key);
      if (keys.has(text)) continue;
      keys.add(text);
      lookups.push({ foreignKey, table, key });
    }
  }
  await inBatches(lookups, async ({ foreignKey, table, key }) => {
    if (await parentExists(env, stage, foreignKey, key)) return;
    const fields = foreignKey.fields.join(", ");
    throw foreignKeyViolation(
      table,
      foreignKey,
      `"${table.name}" (${fields}) references no row of "${foreignKey.target}"`,
    );
  });
}
