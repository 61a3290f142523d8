import { OrmError } from "../errors.js";
import { matchesWith, type ExistsProbe } from "../predicate/evaluate.js";
import { normalizeNegated } from "../predicate/normalize.js";
import { parseWhere } from "../predicate/parse.js";
import { always, type Predicate } from "../predicate/types.js";
import type { Catalog, TableInfo } from "../schema/catalog.js";
import type { WriteEnv } from "./env.js";
import type { Fields } from "./paths.js";

/** The rows that break each check, parsed once a catalog. */
const broken = new WeakMap<TableInfo, readonly (readonly [name: string, predicate: Predicate])[]>();

function brokenBy(catalog: Catalog, table: TableInfo): readonly (readonly [string, Predicate])[] {
  let parsed = broken.get(table);
  if (parsed === undefined) {
    const scope = { catalog, code: "INVALID_SCHEMA", visible: () => always, session: null, unrestricted: true } as const;
    parsed = Object.entries(table.rules.checks).map(([name, filter]) => {
      const predicate = parseWhere(scope, table, filter, `tables -> ${table.name} -> checks -> ${name}`);
      return [name, normalizeNegated(predicate)] as const;
    });
    broken.set(table, parsed);
  }
  return parsed;
}

/**
 * Judges a row by its table's checks. A check is broken when it is plainly false: unknown passes, as in PostgreSQL
 * (https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS).
 *
 * @throws OrmError `CHECK_VIOLATION`, naming the check.
 */
export async function passChecks(env: Pick<WriteEnv, "catalog" | "exists">, table: TableInfo, row: Fields): Promise<void> {
  for (const [name, predicate] of brokenBy(env.catalog, table)) {
    if (!(await holds(predicate, row, env.exists))) continue;
    throw new OrmError("CHECK_VIOLATION", `a row of "${table.name}" violates the check "${name}"`, {
      table: table.name,
      check: name,
      path: `tables -> ${table.name} -> checks -> ${name}`,
    });
  }
}

const holds = (predicate: Predicate, row: Fields, exists: ExistsProbe): Promise<boolean> => matchesWith(predicate, row, exists);
