import { OrmError } from "../errors.js";
import type { Document } from "../executor/env.js";
import type { ForeignKey, TableInfo } from "../schema/catalog.js";
import type { WriteEnv } from "./env.js";
import type { Refusal } from "./fanout.js";
import { foreignKeyViolation, parentExists } from "./foreign-keys.js";
import { nameOf, referencingRows, textOfKey } from "./keys.js";
import type { Meter } from "./meter.js";
import { hasKey, type Stage } from "./stage.js";
import { inBatches } from "./unique.js";

/** Tells that a row which would refuse is on its way out too, beyond what is staged: then it does not refuse. */
export type IsDoomed = (table: TableInfo, row: Document) => Promise<boolean>;

/** The rows read at first: most keys that may not be referenced are not. */
const firstLook = 4;
const nextLooks = 256;
const looksUnmetered = 64;

/**
 * Judges the refusing actions of a statement on the tables as it leaves them, so that rows which it deletes or turns
 * away itself never restrict it, in whatever order its actions come. `no action` is content when another row holds the
 * key by then; `restrict` is not.
 *
 * @throws OrmError `RESTRICT_VIOLATION`, `FOREIGN_KEY_VIOLATION`; `BUDGET` when finding out does not fit.
 */
export async function judgeRefusals(
  env: WriteEnv,
  stage: Stage,
  refusals: readonly Refusal[],
  meter: Meter,
  isDoomed: IsDoomed | null,
): Promise<void> {
  const once = new Map<ForeignKey, Set<string>>();
  const asked = refusals.filter(({ foreignKey, change }) => {
    let keys = once.get(foreignKey);
    if (keys === undefined) once.set(foreignKey, (keys = new Set()));
    const text = `${change.next === null} ${textOfKey(change.key)}`;
    if (keys.has(text)) return false;
    keys.add(text);
    return true;
  });
  const moved = new Map<ForeignKey, Map<string, Document[]>>();
  let unmetered = 0;
  await inBatches(asked, async ({ foreignKey, change }) => {
    if (unmetered++ % looksUnmetered === 0 && !(await meter.canLook(stage.pending, nextLooks))) {
      throw walkTooLarge(env.catalog.tables[foreignKey.target]!);
    }
    let rows = moved.get(foreignKey);
    if (rows === undefined) moved.set(foreignKey, (rows = stage.movedBy(foreignKey)));
    await judgeOne(env, stage, { foreignKey, change }, rows.get(textOfKey(change.key)) ?? [], isDoomed);
  });
}

async function judgeOne(
  env: WriteEnv,
  stage: Stage,
  { foreignKey, change }: Refusal,
  moved: readonly Document[],
  isDoomed: IsDoomed | null,
): Promise<void> {
  const child = env.catalog.tables[foreignKey.table]!;
  const action = change.next === null ? foreignKey.onDelete : foreignKey.onUpdate;
  const refusing = async (rows: readonly Document[]): Promise<boolean> => {
    const text = textOfKey(change.key);
    for (const row of rows) {
      const now = stage.current(row);
      if (now === null || !hasKey(now, foreignKey.fields, text)) continue;
      if (isDoomed === null || !(await isDoomed(child, now))) return true;
    }
    return false;
  };
  let found = await refusing(moved);
  let after: Document | null = null;
  for (let limit = firstLook; !found; limit = nextLooks) {
    const rows: Document[] = await referencingRows(env.db, child, foreignKey, change.key, limit, after);
    found = await refusing(rows);
    if (rows.length < limit) break;
    after = rows.at(-1)!;
  }
  if (!found || (action === "no action" && (await parentExists(env, stage, foreignKey, change.key)))) return;
  throw refusal(foreignKey, child, action === "restrict");
}

function refusal(foreignKey: ForeignKey, child: TableInfo, restrict: boolean): OrmError {
  const message = `rows of "${child.name}" still reference "${foreignKey.target}" by ${nameOf(foreignKey)}`;
  if (!restrict) return foreignKeyViolation(child, foreignKey, message);
  return new OrmError("RESTRICT_VIOLATION", message, {
    table: child.name,
    foreignKey: nameOf(foreignKey),
    fields: [...foreignKey.fields],
    path: `relations -> ${foreignKey.table} -> ${foreignKey.name}`,
    hint: "Delete or turn away the referencing rows first.",
  });
}

export function walkTooLarge(table: TableInfo): OrmError {
  return new OrmError(
    "BUDGET",
    `whether a refusing foreign key is met below "${table.name}" cannot be found out in one transaction`,
    {
      table: table.name,
      hint: "Delete the rows below in portions first (bottom up), or declare a cascade instead of the refusing action.",
    },
  );
}
