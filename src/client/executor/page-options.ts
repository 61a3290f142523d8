import { OrmError } from "../errors.js";
import { describe } from "../predicate/parse.js";
import { isPlainObject } from "../predicate/values.js";

/** Convex's `paginationOpts`, checked. `id` and other keys that hooks add are ignored. */
export interface PageOptions {
  readonly numItems: number;
  readonly cursor: string | null;
  /** Reads up to this cursor, whatever `numItems` says. */
  readonly endCursor: string | null;
  readonly maximumRowsRead: number | null;
  readonly maximumBytesRead: number | null;
}

/** @throws OrmError `INVALID_VALUE`. */
export function parsePageOptions(table: string, options: unknown): PageOptions {
  const fail = (name: string, wanted: string, value: unknown): OrmError =>
    new OrmError("INVALID_VALUE", `${name} is ${wanted}, not ${describe(value)}`, {
      table,
      path: name,
      hint: "Pass Convex's paginationOpts: { numItems, cursor }.",
    });
  if (!isPlainObject(options)) throw fail("paginationOpts", "an object", options);
  const whole = (name: string, least: number): number | null => {
    const value = options[name];
    if (value === undefined || value === null) return null;
    if (typeof value === "number" && Number.isInteger(value) && value >= least) return value;
    throw fail(`paginationOpts.${name}`, `a whole number, ${least} or more`, value);
  };
  const cursor = (name: string): string | null => {
    const value = options[name];
    if (value === undefined || value === null) return null;
    if (typeof value === "string") return value;
    throw fail(`paginationOpts.${name}`, "a cursor or null", value);
  };
  const numItems = whole("numItems", 0);
  if (numItems === null) throw fail("paginationOpts.numItems", "a whole number, 0 or more", options["numItems"]);
  return {
    numItems,
    cursor: cursor("cursor"),
    endCursor: cursor("endCursor"),
    maximumRowsRead: whole("maximumRowsRead", 1),
    maximumBytesRead: whole("maximumBytesRead", 1),
  };
}
