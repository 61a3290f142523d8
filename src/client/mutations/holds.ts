import { OrmError } from "../errors.js";
import type { ForeignKey, TableInfo } from "../schema/catalog.js";
import { callQuery } from "../jobs/component.js";
import type { WriteEnv } from "./env.js";
import { isIdKey, keyOf, sameKey, textOfKey, type Key } from "./keys.js";
import type { Changed } from "./unique.js";

const acts = (action: ForeignKey["onDelete"]): boolean => action !== "restrict" && action !== "no action";

/** Whether unfinished work on the foreign key must keep its key taken: an id never comes again, a natural key can. */
export const holdsKeys = (key: ForeignKey): boolean =>
  !isIdKey(key.targetFields) && (acts(key.onDelete) || acts(key.onUpdate));

/** The text by which the component knows a key of a table as taken, whatever order its fields are named in. */
export function holdText(target: string, fields: readonly string[], key: Key): string {
  const order = fields.map((field, i) => ({ field, value: key[i]! })).sort((a, b) => (a.field < b.field ? -1 : 1));
  return `${target}(${order.map((each) => each.field).join(",")})=${textOfKey(order.map((each) => each.value))}`;
}

/** The natural keys that the rows take anew, as parents or as children of a foreign key that does not ask for its parent. */
function wantedKeys(rows: readonly Changed[]): Map<string, TableInfo> {
  const wanted = new Map<string, TableInfo>();
  const want = (row: Changed, fields: readonly string[], target: string, targetFields: readonly string[]): void => {
    const key = keyOf(row.after, fields);
    if (key === null || (row.before !== null && sameKey(keyOf(row.before, fields), key))) return;
    wanted.set(holdText(target, targetFields, key), row.table);
  };
  for (const row of rows) {
    for (const key of row.table.referencedBy)
      if (holdsKeys(key)) want(row, key.targetFields, key.target, key.targetFields);
    for (const key of row.table.foreignKeys) {
      if (!key.enforce && holdsKeys(key)) want(row, key.fields, key.target, key.targetFields);
    }
  }
  return wanted;
}

/**
 * Refuses natural keys that an unfinished job still works on: its referential actions would take the new rows too. The
 * component is asked only where the schema has such keys.
 *
 * @throws OrmError `FOREIGN_KEY_VIOLATION`
 */
export async function checkHolds(env: WriteEnv, rows: readonly Changed[]): Promise<void> {
  const wanted = wantedKeys(rows);
  if (wanted.size === 0) return;
  const held = await callQuery(env, (api) => api.jobs.held, { keys: [...wanted.keys()] });
  const first = held[0];
  if (first === undefined) return;
  const table = wanted.get(first)!;
  throw new OrmError("FOREIGN_KEY_VIOLATION", `a key of "${table.name}" is held by an unfinished job: ${first}`, {
    table: table.name,
    hint: "Its referential actions are not done yet: wait for the job, or retry it when it has failed.",
  });
}
