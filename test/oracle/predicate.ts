/**
 * The first judge: a brute-force, three-valued evaluator of the `where` language.
 *
 * Written from the contract's text alone, without a look at the product's own predicate code: two independent
 * readings that agree are the proof. Nothing here is fast, cached or clever; a row is looked at, and the answer is
 * true, false or unknown (`null`).
 */
import { compareValues } from "convex/values";
import type { Value } from "convex/values";

/** SQL's three truth values; `null` is "unknown". */
export type Truth = boolean | null;
/** A stored document. An absent field is a missing key (or `undefined`). */
export type Row = { readonly [field: string]: Value | undefined };
/** Raw filter JSON, as a user writes it. */
export type Where = { readonly [key: string]: unknown };

/** How one table reaches another. `from` is on this side, `to` on the other; `through` is a junction table. */
export interface RelationMeta {
  readonly kind: "one" | "many";
  readonly table: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** `through.from` are the junction's fields that hold our `from`, `through.to` those that hold their `to`. */
  readonly through?: { readonly table: string; readonly from: readonly string[]; readonly to: readonly string[] };
  /** Only these rows of the other table belong to the relation. */
  readonly where?: Where;
}

/** What the oracle must know of a table: which names are fields, and which are relations. */
export interface TableMeta {
  readonly fields: readonly string[];
  readonly relations: { readonly [name: string]: RelationMeta };
  /** The field of a soft delete: a row where it is present and not null is hidden from every read. */
  readonly soft?: string;
}

/** A whole database in memory, with its relations. */
export interface World {
  readonly tables: { readonly [table: string]: TableMeta };
  readonly rows: { readonly [table: string]: readonly Row[] };
  /** Could this string be an id of the table? Without it every string could. */
  readonly isId?: (table: string, id: string) => boolean;
}

/** The pieces that carry meaning, in one table, so that a test can break one and see that it is noticed. */
export interface Semantics {
  not(truth: Truth): Truth;
  and(truths: readonly Truth[]): Truth;
  or(truths: readonly Truth[]): Truth;
  /** Does an absent or null field make this operator unknown? The two null tests and empty lists are the exceptions. */
  isUnknown(operator: string, value: Value | undefined, operand: unknown): boolean;
  /** Do two keys join? Null and absent ones never do. */
  joins(left: Value | undefined, right: Value | undefined): boolean;
  readonly operators: { readonly [operator: string]: (value: Value, operand: unknown) => boolean };
}

export const isNullish = (value: unknown): value is null | undefined => value === null || value === undefined;

/** Convex's own types: an operand is compared with values of its own type only. */
export function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (value instanceof ArrayBuffer) return "bytes";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

/** The value at a dotted path; a step through something that is no object is absent. */
export function valueAt(row: Row, path: string): Value | undefined {
  let value: Value | undefined = row as unknown as Value;
  for (const step of path.split(".")) {
    if (typeOf(value) !== "object") return undefined;
    const object = value as { [key: string]: Value | undefined };
    value = Object.hasOwn(object, step) ? object[step] : undefined;
  }
  return value;
}

const compare = (left: unknown, right: unknown): number => compareValues(left as Value, right as Value);
const equal = (left: unknown, right: unknown): boolean => compare(left, right) === 0;
const ranked = (value: Value, operand: unknown, test: (sign: number) => boolean): boolean =>
  typeOf(value) === typeOf(operand) && test(compare(value, operand));

type Token = "any" | "one" | { readonly literal: string };

function likeTokens(pattern: string): Token[] {
  const points = [...pattern];
  const tokens: Token[] = [];
  for (let at = 0; at < points.length; at++) {
    const point = points[at]!;
    if (point === "\\" && at + 1 < points.length) tokens.push({ literal: points[++at]! });
    else if (point === "%") tokens.push("any");
    else if (point === "_") tokens.push("one");
    else tokens.push({ literal: point });
  }
  return tokens;
}

/** SQL's LIKE by code points: `reach` holds the token positions that the text read so far can stand at. */
export function likeMatches(text: string, pattern: string): boolean {
  const tokens = likeTokens(pattern);
  const spread = (positions: Set<number>): Set<number> => {
    for (const at of positions) if (tokens[at] === "any") positions.add(at + 1);
    return positions;
  };
  let reach = spread(new Set([0]));
  for (const point of text) {
    const next = new Set<number>();
    for (const at of reach) {
      const token = tokens[at];
      if (token === undefined) continue;
      if (token === "any") next.add(at);
      else if (token === "one" || token.literal === point) next.add(at + 1);
    }
    reach = spread(next);
  }
  return reach.has(tokens.length);
}

const text = (test: (value: string, operand: string) => boolean) => (value: Value, operand: unknown) =>
  typeof value === "string" && test(value, operand as string);
const list = (test: (value: Value[], operand: Value[]) => boolean) => (value: Value, operand: unknown) =>
  Array.isArray(value) && test(value, operand as Value[]);
const holds = (values: readonly Value[], wanted: unknown): boolean => values.some((value) => equal(value, wanted));
const inside = (value: Value, operand: unknown): boolean => holds(operand as Value[], value);
const between = (value: Value, operand: unknown): boolean => {
  const [low, high] = operand as [Value, Value];
  return ranked(value, low, (sign) => sign >= 0) && ranked(value, high, (sign) => sign <= 0);
};
const like = text(likeMatches);
const ilike = text((value, pattern) => likeMatches(value.toLowerCase(), pattern.toLowerCase()));

export const semantics: Semantics = {
  not: (truth) => (truth === null ? null : !truth),
  and: (truths) => (truths.includes(false) ? false : truths.includes(null) ? null : true),
  or: (truths) => (truths.includes(true) ? true : truths.includes(null) ? null : false),
  isUnknown: (operator, value, operand) => {
    if (operator === "isNull" || operator === "isNotNull") return false;
    // Nothing is in an empty list, not even an unknown value.
    if ((operator === "in" || operator === "notIn") && (operand as Value[]).length === 0) return false;
    return isNullish(value);
  },
  joins: (left, right) => !isNullish(left) && !isNullish(right) && equal(left, right),
  operators: {
    eq: equal,
    ne: (value, operand) => !equal(value, operand),
    gt: (value, operand) => ranked(value, operand, (sign) => sign > 0),
    gte: (value, operand) => ranked(value, operand, (sign) => sign >= 0),
    lt: (value, operand) => ranked(value, operand, (sign) => sign < 0),
    lte: (value, operand) => ranked(value, operand, (sign) => sign <= 0),
    between,
    notBetween: (value, operand) => !between(value, operand),
    in: inside,
    notIn: (value, operand) => !inside(value, operand),
    isNull: (value) => isNullish(value),
    isNotNull: (value) => !isNullish(value),
    like,
    notLike: (value, operand) => !like(value, operand),
    ilike,
    notIlike: (value, operand) => !ilike(value, operand),
    startsWith: text((value, operand) => value.slice(0, operand.length) === operand),
    endsWith: text((value, operand) => operand === "" || value.slice(-operand.length) === operand),
    contains: text((value, operand) => value.indexOf(operand) >= 0),
    arrayContains: list((value, operand) => operand.every((wanted) => holds(value, wanted))),
    arrayContained: list((value, operand) => value.every((item) => holds(operand, item))),
    arrayOverlaps: list((value, operand) => value.some((item) => holds(operand, item))),
  },
};

/** The rows of a table that a read can see. */
export function visibleRows(world: World, table: string): readonly Row[] {
  const { soft } = world.tables[table]!;
  const rows = world.rows[table] ?? [];
  return soft === undefined ? rows : rows.filter((row) => isNullish(valueAt(row, soft)));
}

function keysJoin(
  left: Row,
  leftFields: readonly string[],
  right: Row,
  rightFields: readonly string[],
  meaning: Semantics,
): boolean {
  return leftFields.every((field, at) => meaning.joins(valueAt(left, field), valueAt(right, rightFields[at]!)));
}

/** The rows that a relation reaches from `row`, each once, in storage order. */
export function relatedRows(
  world: World,
  table: string,
  name: string,
  row: Row,
  meaning: Semantics = semantics,
): readonly Row[] {
  const relation = world.tables[table]!.relations[name]!;
  const { through, where } = relation;
  const reached = (other: Row): boolean =>
    through === undefined
      ? keysJoin(row, relation.from, other, relation.to, meaning)
      : visibleRows(world, through.table).some(
          (junction) =>
            keysJoin(row, relation.from, junction, through.from, meaning) &&
            keysJoin(junction, through.to, other, relation.to, meaning),
        );
  return visibleRows(world, relation.table).filter(
    (other) =>
      reached(other) && (where === undefined || evaluate(world, relation.table, where, other, meaning) === true),
  );
}

function evaluateOperator(value: Value | undefined, operator: string, operand: unknown, meaning: Semantics): Truth {
  const test = meaning.operators[operator];
  if (test === undefined) throw new Error(`oracle: unknown operator "${operator}"`);
  if (meaning.isUnknown(operator, value, operand)) return null;
  // Only a policy can hold a null, by a session variable: it acts as NULL does in SQL.
  if (isNullish(operand)) return null;
  if (Array.isArray(operand) && operand.some(isNullish)) {
    const known = operand.filter((item) => !isNullish(item));
    const again = (name: string, given: unknown): Truth => evaluateOperator(value, name, given, meaning);
    if (operator === "in") return meaning.or([again("in", known), null]);
    if (operator === "notIn") return meaning.not(again("in", operand));
    if (operator === "between") return meaning.and([again("gte", operand[0]), again("lte", operand[1])]);
    if (operator === "notBetween") return meaning.not(again("between", operand));
  }
  return test(value as Value, operand);
}

function evaluateField(value: Value | undefined, condition: unknown, meaning: Semantics): Truth {
  const operators = typeOf(condition) === "object" ? (condition as Where) : { eq: condition };
  return meaning.and(
    Object.entries(operators).map(([operator, operand]) => evaluateOperator(value, operator, operand, meaning)),
  );
}

/** An `_id` operand that is no id of the table matches nothing: no comparison with it is true, its negation is. */
function evaluateId(world: World, table: string, id: Value, condition: unknown, meaning: Semantics): Truth {
  const isId = (given: unknown): boolean => world.isId === undefined || world.isId(table, given as string);
  const operators = typeOf(condition) === "object" ? (condition as Where) : { eq: condition };
  return meaning.and(
    Object.entries(operators).map(([operator, operand]) => {
      const given = Array.isArray(operand) ? operand : [operand];
      if (typeof given[0] !== "string" || given.every(isId)) return evaluateOperator(id, operator, operand, meaning);
      if (operator === "in" || operator === "notIn") return evaluateOperator(id, operator, given.filter(isId), meaning);
      return operator === "ne" || operator === "notBetween";
    }),
  );
}

/** What `where` says of one row of `table`. Keys of one object are ANDed, so `{}` is true. */
export function evaluate(world: World, table: string, where: Where, row: Row, meaning: Semantics = semantics): Truth {
  const meta = world.tables[table];
  if (meta === undefined) throw new Error(`oracle: unknown table "${table}"`);
  const inner = (part: unknown): Truth => evaluate(world, table, part as Where, row, meaning);
  return meaning.and(
    Object.entries(where).map(([key, condition]): Truth => {
      if (key === "AND") return meaning.and((condition as Where[]).map(inner));
      if (key === "OR") return meaning.or((condition as Where[]).map(inner));
      if (key === "NOT") return meaning.not(inner(condition));
      const relation = meta.relations[key];
      if (relation !== undefined) {
        const others = relatedRows(world, table, key, row, meaning);
        if (condition === true) return others.length > 0;
        return others.some((other) => evaluate(world, relation.table, condition as Where, other, meaning) === true);
      }
      const root = key.split(".")[0]!;
      if (root !== "_id" && root !== "_creationTime" && !meta.fields.includes(root)) {
        throw new Error(`oracle: "${key}" is neither a field nor a relation of "${table}"`);
      }
      if (key === "_id") return evaluateId(world, table, row["_id"]!, condition, meaning);
      return evaluateField(valueAt(row, key), condition, meaning);
    }),
  );
}
