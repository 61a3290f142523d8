import { compareValues, convexToJson, jsonToConvex, type Value } from "convex/values";
import { typeBit, type TypeName } from "../schema/catalog.js";

/** A stored value, or `undefined` for an absent field. */
export type Stored = Value | undefined;

export const compare: (a: Stored, b: Stored) => number = compareValues;

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  // Objects of another realm (a vm context) are plain too.
  return (prototype as { constructor?: { name?: string } }).constructor?.name === "Object";
}

/** The Convex type of a present value. */
export function typeOf(value: Value): TypeName {
  if (value === null) return "null";
  switch (typeof value) {
    case "bigint":
      return "int64";
    case "number":
      return "float64";
    case "boolean":
      return "boolean";
    case "string":
      return "string";
    default:
      return Array.isArray(value) ? "array" : value instanceof ArrayBuffer ? "bytes" : "object";
  }
}

export const typeMask = (value: Value): number => typeBit[typeOf(value)];

/** Reads a field or dotted path as Convex's indexes do: anything that is no object on the way is absent. */
export function readPath(document: Readonly<Record<string, unknown>>, path: string): Stored {
  if (!path.includes(".")) return document[path] as Stored;
  let at: unknown = document;
  for (const part of path.split(".")) {
    if (!isPlainObject(at)) return undefined;
    at = at[part];
  }
  return at as Stored;
}

const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** True when some string in the value is not well-formed Unicode: the backend cannot store such a string. */
export function hasLoneSurrogate(value: unknown): boolean {
  if (typeof value === "string") return loneSurrogate.test(value);
  if (Array.isArray(value)) return value.some(hasLoneSurrogate);
  if (isPlainObject(value)) return Object.entries(value).some(([k, v]) => hasLoneSurrogate(k) || hasLoneSurrogate(v));
  return false;
}

/**
 * The value as the backend would store it (a `convexToJson` round trip).
 * Throws the library's own error when it is no Convex value.
 */
export function canonical(value: Value): Value {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  if (typeof value === "number" && !Number.isNaN(value)) return value;
  return jsonToConvex(convexToJson(value));
}

/** A text that is equal exactly for equal values, for maps and cache keys. */
export function keyText(value: Stored): string {
  if (value === undefined) return "u";
  if (typeof value === "string") return `s${value}`;
  return JSON.stringify(convexToJson(value), (_key, inner: unknown) =>
    isPlainObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

/** The least string above every string that begins with `prefix`, or null when there is none. */
export function prefixEnd(prefix: string): string | null {
  const points = Array.from(prefix, (c) => c.codePointAt(0)!);
  while (points.length > 0) {
    const last = points.pop()!;
    if (last < 0x10ffff) {
      const next = last + 1;
      points.push(next >= 0xd800 && next <= 0xdfff ? 0xe000 : next);
      return String.fromCodePoint(...points);
    }
  }
  return null;
}
