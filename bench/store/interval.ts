import { compareValues } from "convex/values";
import type { Value } from "convex/values";

export type Key = readonly (Value | undefined)[];

/** A place between keys: before or after all keys that begin with `values`. */
export interface Place {
  readonly values: Key;
  readonly after: boolean;
}

/** What one read has seen: a stretch of an index, or a point of `by_id`. */
export interface Interval {
  readonly table: string;
  readonly index: string;
  readonly lower: Place;
  readonly upper: Place;
}

export function compareKeys(a: Key, b: Key, fields = Math.min(a.length, b.length)): number {
  for (let at = 0; at < fields; at++) {
    const sign = compareValues(a[at], b[at]);
    if (sign !== 0) return sign;
  }
  return 0;
}

/** Whether a key lies above a place. */
export function above(key: Key, { values, after }: Place): boolean {
  const sign = compareKeys(key, values, values.length);
  return sign > 0 || (sign === 0 && !after);
}

export const holds = ({ lower, upper }: Interval, key: Key): boolean => above(key, lower) && !above(key, upper);
