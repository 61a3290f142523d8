import type { WriteEnv } from "./env.js";
import { passChecks } from "./checks.js";
import type { Fanout } from "./fanout.js";
import { checkForeignKeys, foreignKeyViolation, parentExists } from "./foreign-keys.js";
import { checkHolds } from "./holds.js";
import { textOfKey } from "./keys.js";
import type { Meter } from "./meter.js";
import { judgeRefusals, type IsDoomed } from "./restrict.js";
import { hasKey, type Stage } from "./stage.js";
import { checkUniques, inBatches, type Changed } from "./unique.js";

/**
 * Judges everything that is staged, before any of it is written: checks, then uniques, then foreign keys, then the
 * actions that refuse. What it lets pass, only the platform or a wrapped database can still refuse.
 *
 * @param inserted new rows, on the stage too; their checks have been judged.
 */
export async function judge(
  env: WriteEnv,
  stage: Stage,
  fanout: Fanout,
  meter: Meter,
  { inserted = [], isDoomed = null }: { inserted?: readonly Changed[]; isDoomed?: IsDoomed | null } = {},
): Promise<void> {
  const changed: Changed[] = [...inserted];
  for (const { table, before, write } of stage.all()) {
    if (write !== undefined && write !== null) changed.push({ table, before, after: write });
  }
  for (const { table, after } of changed.slice(inserted.length)) await passChecks(env, table, after);
  await checkUniques(env.db, stage, changed);
  await checkForeignKeys(env, stage, changed);
  await inBatches(fanout.defaulted, async ({ foreignKey, key, row }) => {
    const now = stage.current(row);
    if (now === null || !hasKey(now, foreignKey.fields, textOfKey(key))) return;
    if (await parentExists(env, stage, foreignKey, key)) return;
    const table = env.catalog.tables[foreignKey.table]!;
    throw foreignKeyViolation(
      table,
      foreignKey,
      `the default of "${table.name}" (${foreignKey.fields.join(", ")}) references no row`,
    );
  });
  await checkHolds(env, changed);
  await judgeRefusals(env, stage, fanout.refusals, meter, isDoomed);
}
