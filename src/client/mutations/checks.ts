import { OrmError } from "../errors.js";
import { matchesWith, type ExistsProbe } from "../predicate/evaluate.js";
import { idTest, type IdTest } from "../predicate/ids.js";
import { normalizeNegated } from "../predicate/normalize.js";
import { parseWhere, type ParseScope } from "../predicate/parse.js";
import { always, type Predicate } from "../predicate/types.js";
import type { Catalog, TableInfo } from "../schema/catalog.js";
import type { WriteEnv } from "./env.js";
import type { Fields } from "./paths.js";

/** The rows that break each check. */
type Broken = readonly (readonly [name: string, predicate: Predicate])[];

/** Parsed once a catalog, or once a database where a check names an `_id`: what is an id is the database's to say. */
const broken = new WeakMap<TableInfo, Broken | WeakMap<object, Broken>>();

function brokenBy({ catalog, db }: Pick<WriteEnv, "catalog" | "db">, table: TableInfo): Broken {
  const known = broken.get(table);
  const found = known instanceof WeakMap ? known.get(db) : known;
  if (found !== undefined) return found;
  let namesIds = false;
  const ofDatabase = idTest(db)!;
  const parsed = parseChecks(catalog, table, (target, text) => {
    namesIds = true;
    return ofDatabase(target, text);
  });
  if (namesIds) broken.set(table, (known instanceof WeakMap ? known : new WeakMap<object, Broken>()).set(db, parsed));
  else broken.set(table, parsed);
  return parsed;
}

function parseChecks(catalog: Catalog, table: TableInfo, isId: IdTest): Broken {
  const scope: ParseScope = {
    catalog,
    code: "INVALID_SCHEMA",
    visible: () => always,
    session: null,
    unrestricted: true,
    isId,
  };
  return Object.entries(table.rules.checks).map(([name, filter]) => {
    const predicate = parseWhere(scope, table, filter, `tables -> ${table.name} -> checks -> ${name}`);
    return [name, normalizeNegated(predicate)] as const;
  });
}

/**
 * Judges a row by its table's checks. A check is broken when it is plainly false: unknown passes, as in PostgreSQL
 * (https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS).
 *
 * @throws OrmError `CHECK_VIOLATION`, naming the check.
 */
export async function passChecks(
  env: Pick<WriteEnv, "catalog" | "db" | "exists">,
  table: TableInfo,
  row: Fields,
): Promise<void> {
  for (const [name, predicate] of brokenBy(env, table)) {
    if (!(await holds(predicate, row, env.exists))) continue;
    throw new OrmError("CHECK_VIOLATION", `a row of "${table.name}" violates the check "${name}"`, {
      table: table.name,
      check: name,
      path: `tables -> ${table.name} -> checks -> ${name}`,
    });
  }
}

const holds = (predicate: Predicate, row: Fields, exists: ExistsProbe): Promise<boolean> =>
  matchesWith(predicate, row, exists);
