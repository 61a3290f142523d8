import { convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";
import { isPlainObject } from "./predicate/values.js";

/**
 * Arguments on their way from an action to a transaction: Convex's own JSON, but `undefined` travels too. Convex would
 * drop `{ where: { teamId: undefined } }` to `{ where: {} }`, and a filter that was meant would match everything.
 */
export function toJson(value: unknown): JSONValue {
  if (value === undefined) return { $undefined: true };
  if (Array.isArray(value)) return value.map(toJson);
  if (!isPlainObject(value)) return convexToJson(value as Value);
  const out: Record<string, JSONValue> = {};
  for (const [name, inner] of Object.entries(value)) {
    // Names that would read as encoded values are Convex's to refuse.
    if (name.startsWith("$")) return convexToJson(value as Value);
    out[name] = toJson(inner);
  }
  return out;
}

/** The arguments that {@link toJson} wrote. */
export function fromJson(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(fromJson);
  if (!isPlainObject(json)) return json;
  const [first] = Object.keys(json);
  if (first === "$undefined") return undefined;
  if (first?.startsWith("$") === true) return jsonToConvex(json as JSONValue);
  return Object.fromEntries(Object.entries(json).map(([name, inner]) => [name, fromJson(inner)]));
}
