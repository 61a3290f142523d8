import { isPoint } from "../predicate/sets.js";
import type { Predicate } from "../predicate/types.js";
import type { Planning } from "./paths.js";

/** Larger predicates are planned anew each time: their text would cost as much. */
const maxNodes = 64;

const sizes = new WeakMap<Predicate, number>();
function sizeOf(predicate: Predicate): number {
  if (predicate.kind !== "and" && predicate.kind !== "or") return 1;
  let size = sizes.get(predicate);
  if (size === undefined) sizes.set(predicate, (size = predicate.of.reduce((sum, part) => sum + sizeOf(part), 1)));
  return size;
}

/**
 * A text that is equal for queries that the planner may treat alike: the predicate's structure with the kinds of its
 * ranges but not their values, the order, the limit and what is allowed. Null for predicates that are too large.
 */
export function shapeOf({ request, order }: Planning, where: Predicate): string | null {
  if (sizeOf(where) > maxNodes) return null;
  const { table, limit, offset, paged, allowFullScan, exclusive, semiJoins, limits } = request;
  const keys = order.map((k) => `${k.field}${k.direction === "asc" ? "+" : "-"}`).join(",");
  const flags = `${limit ?? "-"},${offset},${paged ? "p" : ""}${allowFullScan ? "f" : ""}${exclusive === true ? "e" : ""}${semiJoins === false ? "n" : ""},${limits.maxProbes},${limits.relationKeys}`;
  return `${table}|${keys}|${flags}|${predicateShape(where)}`;
}

const shapes = new WeakMap<Predicate, string>();
function predicateShape(predicate: Predicate): string {
  let known = shapes.get(predicate);
  if (known === undefined) shapes.set(predicate, (known = computeShape(predicate)));
  return known;
}

function computeShape(predicate: Predicate): string {
  switch (predicate.kind) {
    case "const":
      return predicate.value === true ? "T" : "F";
    case "field": {
      let set = "";
      for (const part of predicate.set) {
        set += isPoint(part)
          ? part.lower!.value == null
            ? "0"
            : "."
          : `${part.lower === null ? "" : kindOf(part.lower.value)}~${part.upper === null ? "" : kindOf(part.upper.value)}`;
      }
      const tests = predicate.tests.map((t) => (t.negated ? `!${t.op}` : t.op)).join();
      return `${predicate.field}:${set}${tests}${predicate.policies === undefined ? "" : "@"}`;
    }
    case "exists":
      return `${predicate.negated ? "!" : ""}${predicate.relation.name}(${predicateShape(predicate.where)};${predicateShape(predicate.junction)})`;
    case "and":
      return `(${predicate.of.map(predicateShape).join("&")})`;
    case "or":
      return `[${predicate.of.map(predicateShape).join("|")}]`;
    case "not":
      return `-${predicateShape(predicate.of)}`;
  }
}

/** The edges of type brackets are told from values inside them: they make a range half open. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "0";
  if (typeof value === "bigint") return value === 9223372036854775807n ? "M" : "i";
  if (typeof value === "string") return value === "" ? "S" : "s";
  if (typeof value === "boolean") return value ? "t" : "f";
  if (Array.isArray(value)) return value.length === 0 ? "A" : "a";
  if (value instanceof ArrayBuffer) return value.byteLength === 0 ? "B" : "b";
  return typeof value === "number" ? "n" : Object.keys(value).length === 0 ? "O" : "o";
}
