import { OrmError } from "../errors.js";
import { isPlainObject } from "../predicate/values.js";
import type { Catalog, TableInfo } from "../schema/catalog.js";

/** The last statement that writes through a database, by that database. */
const tails = new WeakMap<object, Promise<void>>();

/**
 * Runs statements through one database one after another, in the order in which they were awaited: what one reads to
 * judge by, such as a unique, must not change before it has written. A trigger's own database is another one, so a
 * statement within a statement does not wait for itself.
 */
function inTurn<T>(db: object, run: () => Promise<T>): Promise<T> {
  const result = (tails.get(db) ?? Promise.resolve()).then(run);
  tails.set(db, result.then(nothing, nothing));
  return result;
}
const nothing = (): void => undefined;

/**
 * A statement that runs once, when it is awaited. Like any promise it gives the same result however often it is
 * awaited; unlike one it does nothing until then.
 */
export class Statement<T> implements PromiseLike<T> {
  private running: Promise<T> | null = null;

  /** @param db what the statement writes through. */
  constructor(
    private readonly db: object,
    private readonly run: () => Promise<T>,
  ) {}

  // A statement is awaited like a promise: that is its interface.
  then<A = T, B = never>(
    resolved?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.running ??= inTurn(this.db, this.run);
    return this.running.then(resolved, rejected);
  }
  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(null, rejected);
  }
  finally(done?: (() => void) | null): Promise<T> {
    return this.then().finally(done);
  }
}

export function tableOf(catalog: Catalog, name: string): TableInfo {
  if (Object.hasOwn(catalog.tables, name)) return catalog.tables[name]!;
  throw new OrmError("INVALID_SCHEMA", `there is no table "${name}" in the schema`, {
    table: name,
    hint: `Tables: ${Object.keys(catalog.tables).join(", ")}.`,
  });
}

/** Which rows a statement names. */
export interface Target {
  readonly where: unknown;
  /** Named by `.all()`. */
  readonly all: boolean;
  readonly allowFullScan: boolean;
  readonly maxScan: number | null;
}

const options = new Set(["allowFullScan", "maxScan"]);

function readOptions(table: TableInfo, given: unknown): Pick<Target, "allowFullScan" | "maxScan"> {
  if (given === undefined) return { allowFullScan: false, maxScan: null };
  if (!isPlainObject(given))
    throw new OrmError("INVALID_VALUE", "the options of a write are an object", { table: table.name, path: "options" });
  for (const name of Object.keys(given)) {
    if (options.has(name)) continue;
    throw new OrmError("INVALID_VALUE", `a write has no option "${name}"`, {
      table: table.name,
      path: name,
      hint: `Options: ${[...options].join(", ")}.`,
    });
  }
  const { allowFullScan = false, maxScan = null } = given;
  if (typeof allowFullScan !== "boolean") {
    throw new OrmError("INVALID_VALUE", "allowFullScan must be true or false", {
      table: table.name,
      path: "allowFullScan",
    });
  }
  if (maxScan !== null && !(typeof maxScan === "number" && Number.isInteger(maxScan) && maxScan >= 0)) {
    throw new OrmError("INVALID_VALUE", "maxScan must be a whole number, 0 or more", {
      table: table.name,
      path: "maxScan",
    });
  }
  return { allowFullScan, maxScan: maxScan as number | null };
}

export function missingWhere(table: TableInfo, command: string): OrmError {
  return new OrmError("INVALID_WHERE", `this ${command} of "${table.name}" names no rows`, {
    table: table.name,
    path: "where",
    hint: "Write .where({...}) with a condition, or .all() for every row.",
  });
}

/** Filters that say nothing: `{}`, and ANDs of nothing else. */
function isEmpty(where: unknown): boolean {
  if (!isPlainObject(where)) return where === undefined || where === null;
  return Object.entries(where).every(([key, value]) => key === "AND" && Array.isArray(value) && value.every(isEmpty));
}

/** @throws OrmError `INVALID_WHERE` for a filter that is missing or empty: "every row" is said out loud. */
export function whereTarget(table: TableInfo, command: string, where: unknown, given: unknown): Target {
  if (isEmpty(where)) throw missingWhere(table, command);
  return { where, all: false, ...readOptions(table, given) };
}

export function allTarget(table: TableInfo, given: unknown): Target {
  return { where: {}, all: true, ...readOptions(table, given), allowFullScan: true };
}
