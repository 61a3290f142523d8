import { OrmError } from "../errors.js";

/** The guardrails of section 6; each can be overridden by the query. */
export interface Limits {
  /** Rows that a query without `limit` may return. Default 1,000. */
  readonly maxRows: number;
  /** Documents that one query may read. Default 4,096. */
  readonly maxScan: number;
  /** Index ranges and point gets of the root's access path. Default 128. */
  readonly maxProbes: number;
  /** Distinct keys of one relation level, or of a semi-join. Default 1,000. */
  readonly relationKeys: number;
  /** Related rows of one parent. Default 1,000. */
  readonly relationRows: number;
  /** Levels of `with`. Default 6. */
  readonly relationDepth: number;
  /** Rows that a statement's referential actions change inside the mutation. Default 500. */
  readonly inlineRows: number;
  /** The share of each transaction budget that a query leaves untouched. Default 0.1. */
  readonly headroom: number;
}

export const defaultLimits: Limits = Object.freeze({
  maxRows: 1_000,
  maxScan: 4_096,
  maxProbes: 128,
  relationKeys: 1_000,
  relationRows: 1_000,
  relationDepth: 6,
  inlineRows: 500,
  headroom: 0.1,
});

const names = Object.keys(defaultLimits) as (keyof Limits)[];
export const limitNames: readonly (keyof Limits)[] = names;

/** The limits with the overrides that `args` holds among other keys. Throws `INVALID_VALUE` on one that is no limit. */
export function withOverrides(base: Limits, args: Readonly<Record<string, unknown>>): Limits {
  let out: { -readonly [K in keyof Limits]: number } | null = null;
  for (const name of names) {
    const value = args[name];
    if (value === undefined) continue;
    const ok =
      typeof value === "number" &&
      (name === "headroom" ? value >= 0 && value < 1 : Number.isInteger(value) && value >= 0);
    if (!ok) {
      throw new OrmError(
        "INVALID_VALUE",
        `the limit ${name} is no ${name === "headroom" ? "share of 1" : "whole number"}`,
        {
          path: name,
          hint: "Pass a number, or leave it out for the default.",
        },
      );
    }
    out ??= { ...base };
    out[name] = value;
  }
  return out ?? base;
}
