import type { Value } from "convex/values";
import { matchesLike, parseLike, type LikePattern } from "./like.js";
import { contains } from "./sets.js";
import type { ExistsPredicate, FieldPredicate, Predicate, Test, TestOperator } from "./types.js";
import { keyText, readPath, type Stored } from "./values.js";

export type Row = Readonly<Record<string, unknown>>;

const patterns = new WeakMap<Test, LikePattern>();
function patternOf(test: Test, fold: boolean): LikePattern {
  let pattern = patterns.get(test);
  if (pattern === undefined) {
    const text = test.operand as string;
    pattern = parseLike(fold ? text.toLowerCase() : text)!;
    patterns.set(test, pattern);
  }
  return pattern;
}

const elementSets = new WeakMap<Test, Set<string>>();
function elementsOf(test: Test): Set<string> {
  let set = elementSets.get(test);
  if (set === undefined) elementSets.set(test, (set = new Set((test.operand as Value[]).map(keyText))));
  return set;
}

const onText =
  (check: (test: Test, value: string) => boolean) =>
  (test: Test, value: Stored): boolean =>
    typeof value === "string" && check(test, value);
const onArray =
  (check: (wanted: Set<string>, held: Set<string>) => boolean) =>
  (test: Test, value: Stored): boolean =>
    Array.isArray(value) && check(elementsOf(test), new Set(value.map(keyText)));
const subset = (a: Set<string>, b: Set<string>): boolean => [...a].every((x) => b.has(x));

const tests: Record<TestOperator, (test: Test, value: Stored) => boolean> = {
  like: onText((test, value) => matchesLike(patternOf(test, false), value)),
  ilike: onText((test, value) => matchesLike(patternOf(test, true), value.toLowerCase())),
  endsWith: onText((test, value) => value.endsWith(test.operand as string)),
  contains: onText((test, value) => value.includes(test.operand as string)),
  arrayContains: onArray((wanted, held) => subset(wanted, held)),
  arrayContained: onArray((wanted, held) => subset(held, wanted)),
  arrayOverlaps: onArray((wanted, held) => [...wanted].some((x) => held.has(x))),
};

/** Whether a normalised literal matches a value. */
export function literalMatches(literal: FieldPredicate, value: Stored): boolean {
  return contains(literal.set, value) && literal.tests.every((test) => tests[test.op](test, value) !== test.negated);
}

/** Whether a normalised predicate without relation filters matches a row. */
export function matches(predicate: Predicate, row: Row): boolean {
  switch (predicate.kind) {
    case "const":
      return predicate.value === true;
    case "field":
      return literalMatches(predicate, readPath(row, predicate.field));
    case "and":
      return predicate.of.every((part) => matches(part, row));
    case "or":
      return predicate.of.some((part) => matches(part, row));
    case "not":
    case "exists":
      throw new Error(`a ${predicate.kind} predicate cannot be evaluated on the row alone`);
  }
}

/** Answers one relation filter for one row; `negated` is not its concern. */
export type ExistsProbe = (predicate: ExistsPredicate, row: Row) => Promise<boolean>;

/** As {@link matches}, with relation filters: the cheap parts decide first, so that fewer of them are asked. */
export async function matchesWith(predicate: Predicate, row: Row, probe: ExistsProbe): Promise<boolean> {
  if (!hasExists(predicate)) return matches(predicate, row);
  switch (predicate.kind) {
    case "exists":
      return (await probe(predicate, row)) !== predicate.negated;
    case "and":
    case "or": {
      const stop = predicate.kind === "or";
      const parts = [...predicate.of].sort((a, b) => Number(hasExists(a)) - Number(hasExists(b)));
      for (const part of parts) if ((await matchesWith(part, row, probe)) === stop) return stop;
      return !stop;
    }
    default:
      return matches(predicate, row);
  }
}

const withExists = new WeakMap<Predicate, boolean>();
/** Whether some relation filter stands in the predicate. */
export function hasExists(predicate: Predicate): boolean {
  if (predicate.kind === "exists") return true;
  if (predicate.kind !== "and" && predicate.kind !== "or") return predicate.kind === "not" && hasExists(predicate.of);
  let answer = withExists.get(predicate);
  if (answer === undefined) withExists.set(predicate, (answer = predicate.of.some(hasExists)));
  return answer;
}
