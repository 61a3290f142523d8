import { convexToJson, type Value } from "convex/values";
import {
  above,
  below,
  bracketOf,
  compareCuts,
  complement,
  intersect,
  isPoint,
  present,
  sameSet,
  absentOrNull,
  type Cut,
  type Interval,
  type ValueSet,
} from "../predicate/sets.js";
import type { Predicate, Test } from "../predicate/types.js";
import type { Stored } from "../predicate/values.js";

/** A value as a reader would write it. */
export function valueText(value: Stored): string {
  if (value === undefined) return "absent";
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof ArrayBuffer) return `bytes(${value.byteLength})`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  return JSON.stringify(convexToJson(value as Value));
}

/** Whether a cut is only the edge of the other end's type, which a comparison implies. */
function impliedLower(part: Interval): boolean {
  if (part.lower === null) return true;
  const anchor = part.upper;
  if (anchor === null || anchor.value === undefined || anchor.value === null) return false;
  const bracket = bracketOf(anchor.value);
  return bracket.lower !== null && compareCuts(bracket.lower, part.lower) === 0;
}
function impliedUpper(part: Interval): boolean {
  if (part.lower === null || part.lower.value === undefined || part.lower.value === null) return part.upper === null;
  const bracket = bracketOf(part.lower.value);
  return bracket.upper === null
    ? part.upper === null
    : part.upper !== null && compareCuts(bracket.upper, part.upper) === 0;
}

export function boundsText(field: string, lower: Cut | null, upper: Cut | null): string {
  const part = { lower, upper };
  if (isPoint(part)) return `${field} = ${valueText(lower!.value)}`;
  if (sameSet([part], absentOrNull)) return `${field} is null`;
  if (sameSet([part], present)) return `${field} is not null`;
  const from = lower === null ? null : `${field} ${lower.after ? ">" : ">="} ${valueText(lower.value)}`;
  const to = upper === null ? null : `${field} ${upper.after ? "<=" : "<"} ${valueText(upper.value)}`;
  if (from !== null && impliedUpper(part)) return from;
  if (to !== null && impliedLower(part)) return to;
  return [from, to].filter((t) => t !== null).join(" and ") || field;
}

function setText(field: string, set: ValueSet): string {
  if (set.length > 1) {
    if (set.every(isPoint)) return `${field} in [${set.map((p) => valueText(p.lower!.value)).join(", ")}]`;
    const missing = intersect(complement(set), present);
    if (
      missing.length > 0 &&
      missing.every(isPoint) &&
      compareCuts(set[0]!.lower ?? below(undefined), above(null)) >= 0
    ) {
      const values = missing.map((p) => valueText(p.lower!.value));
      return values.length === 1 ? `${field} != ${values[0]}` : `${field} not in [${values.join(", ")}]`;
    }
  }
  const texts = set.map((part) => boundsText(field, part.lower, part.upper));
  return texts.length === 1 ? texts[0]! : `(${texts.join(" or ")})`;
}

const testText = (field: string, test: Test): string =>
  `${field} ${test.negated ? "not " : ""}${test.op} ${valueText(test.operand)}`;

/** A normalised predicate as text: for explain, and as what cursors are bound to. */
export function predicateText(predicate: Predicate, nested = false): string {
  switch (predicate.kind) {
    case "const":
      return String(predicate.value);
    case "field": {
      const tests = predicate.tests.map((test) => testText(predicate.field, test));
      // A positive test implies its own set, which only serves the index.
      const shown =
        predicate.tests.some((t) => !t.negated) || (predicate.tests.length > 0 && sameSet(predicate.set, present));
      const unconstrained =
        predicate.set.length === 1 && predicate.set[0]!.lower === null && predicate.set[0]!.upper === null;
      const set = unconstrained || shown ? [] : [setText(predicate.field, predicate.set)];
      return [...set, ...tests].join(" and ");
    }
    case "exists": {
      const inner = predicateText(predicate.where);
      const junction = predicate.junction.kind === "const" ? "" : ` via ${predicateText(predicate.junction)}`;
      return `${predicate.negated ? "no" : "some"} ${predicate.relation.name}${inner === "true" ? "" : `(${inner})`}${junction}`;
    }
    case "and":
    case "or": {
      const text = predicate.of.map((part) => predicateText(part, true)).join(` ${predicate.kind} `);
      return nested ? `(${text})` : text;
    }
    case "not":
      return `not (${predicateText(predicate.of)})`;
  }
}
