import type { Value } from "convex/values";
import { typeBit, type TypeName } from "../schema/catalog.js";
import { parseLike } from "./like.js";
import {
  above,
  below,
  downFrom,
  emptySet,
  intersect,
  ofType,
  point,
  present,
  unite,
  upFrom,
  withPrefix,
  type ValueSet,
} from "./sets.js";
import { never, not, or, unknown, type FieldPredicate, type Predicate, type TestOperator } from "./types.js";
import { isPlainObject } from "./values.js";

/** What an operator's parser may ask of the place that it stands in. */
export interface OperandReader {
  /** The value of an operand; null stands for a session variable that is null: unknown. Throws on anything invalid. */
  value(operand: unknown, types: number): Value | null;
  /** A list operand; a null in it is a null session variable. Null when the whole list is one. */
  list(operand: unknown, types: number): readonly (Value | null)[] | null;
  fail(message: string, hint?: string): never;
  literal(set: ValueSet, test?: { op: TestOperator; operand: Value }, total?: boolean): FieldPredicate;
  /** Mask of the types that the field can have. */
  readonly types: number;
  /** Mask of the types that elements of the field's arrays can have. */
  elements(): number;
  /** False for an `_id` operand that is no id of the table: it matches nothing, in no comparison. */
  comparable(value: Value): boolean;
}

type Parser = (read: OperandReader, operand: unknown) => Predicate;

const only = (read: OperandReader, type: TypeName): number => {
  if ((read.types & typeBit[type]) === 0) read.fail(`this operator needs a field that can hold ${type} values`);
  return typeBit[type];
};

/** A comparison with one operand: unknown when the operand is. */
const compared =
  (set: (value: Value) => ValueSet): Parser =>
  (read, operand) => {
    const value = read.value(operand, read.types);
    return value === null ? unknown : read.literal(read.comparable(value) ? set(value) : emptySet);
  };

const text =
  (build: (read: OperandReader, value: string) => Predicate): Parser =>
  (read, operand) => {
    const value = read.value(operand, only(read, "string"));
    return value === null ? unknown : build(read, value as string);
  };

const strings = ofType("string");
const like = text((read, pattern) => {
  const parsed = parseLike(pattern);
  if (parsed === null)
    return read.fail(`the pattern ${JSON.stringify(pattern)} ends in a lone escape`, "Write \\\\ for a backslash.");
  if (parsed.shape === "exact") return read.literal(point(parsed.prefix));
  if (parsed.shape === "prefix") return read.literal(withPrefix(parsed.prefix));
  return read.literal(withPrefix(parsed.prefix), { op: "like", operand: pattern });
});
const ilike = text((read, pattern) => {
  if (parseLike(pattern) === null)
    return read.fail(`the pattern ${JSON.stringify(pattern)} ends in a lone escape`, "Write \\\\ for a backslash.");
  return read.literal(strings, { op: "ilike", operand: pattern });
});

const membership: Parser = (read, operand) => {
  const values = read.list(operand, read.types);
  if (values === null) return unknown;
  if (values.length === 0) return never;
  const known = values.filter((v): v is Value => v !== null);
  const found = known.length === 0 ? [] : [read.literal(unite(known.filter((v) => read.comparable(v)).flatMap(point)))];
  // x IN (1, NULL) is true for 1 and unknown, not false, for the rest.
  return known.length === values.length ? found[0]! : or(...found, unknown);
};

const between: Parser = (read, operand) => {
  const ends = read.list(operand, read.types);
  if (ends === null) return unknown;
  if (ends.length !== 2) return read.fail("`between` takes [low, high]");
  const [low, high] = ends as [Value | null, Value | null];
  const from = low === null ? null : upFrom(below(low));
  const to = high === null ? null : downFrom(above(high));
  if (![low, high].every((end) => end === null || read.comparable(end))) return read.literal(emptySet);
  if (from !== null && to !== null) return read.literal(intersect(from, to));
  const known = from ?? to;
  return known === null ? unknown : { kind: "and", of: [read.literal(known), unknown] };
};

const arrays =
  (op: TestOperator): Parser =>
  (read, operand) => {
    only(read, "array");
    const values = read.list(operand, read.elements());
    if (values === null || values.includes(null)) return unknown;
    return read.literal(ofType("array"), { op, operand: values as Value[] });
  };

const nullness =
  (set: ValueSet, name: string, opposite: string): Parser =>
  (read, operand) => {
    if (operand !== true) read.fail(`\`${name}\` takes true only`, `For the opposite write { ${opposite}: true }.`);
    return read.literal(set, undefined, true);
  };

const negated =
  (parser: Parser): Parser =>
  (read, operand) =>
    not(parser(read, operand));

const equality = compared(point);

/** Every operator of the predicate language. A missing one is a compile error where the table is used. */
export const operators = {
  eq: equality,
  ne: negated(equality),
  gt: compared((v) => upFrom(above(v))),
  gte: compared((v) => upFrom(below(v))),
  lt: compared((v) => downFrom(below(v))),
  lte: compared((v) => downFrom(above(v))),
  between,
  notBetween: negated(between),
  in: membership,
  notIn: negated(membership),
  isNull: nullness([{ lower: null, upper: above(null) }], "isNull", "isNotNull"),
  isNotNull: nullness(present, "isNotNull", "isNull"),
  like,
  ilike,
  notLike: negated(like),
  notIlike: negated(ilike),
  startsWith: text((read, value) => read.literal(withPrefix(value))),
  endsWith: text((read, value) => read.literal(strings, { op: "endsWith", operand: value })),
  contains: text((read, value) => read.literal(strings, { op: "contains", operand: value })),
  arrayContains: arrays("arrayContains"),
  arrayContained: arrays("arrayContained"),
  arrayOverlaps: arrays("arrayOverlaps"),
} as const satisfies Record<string, Parser>;

export type OperatorName = keyof typeof operators;
export const isOperator = (name: string): name is OperatorName => Object.hasOwn(operators, name);

/** `{ session: "x" }`: a session variable, in policies only. */
export function sessionOperand(operand: unknown): string | null {
  if (!isPlainObject(operand)) return null;
  const keys = Object.keys(operand);
  return keys.length === 1 && keys[0] === "session" && typeof operand.session === "string" ? operand.session : null;
}
