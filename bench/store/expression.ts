import { compareValues } from "convex/values";
import type { Value } from "convex/values";

type Document = Readonly<Record<string, Value | undefined>>;
/** An operand or a condition of a native `.filter`. */
type Expression = (row: Document) => Value | undefined;

const valueAt = (row: Document, path: string): Value | undefined => {
  let value: unknown = row;
  for (const part of path.split(".")) value = (value as Record<string, unknown> | undefined)?.[part];
  return value as Value | undefined;
};

const operand = (given: unknown): Expression =>
  typeof given === "function" ? (given as Expression) : () => given as Value | undefined;
const comparison =
  (test: (sign: number) => boolean) =>
  (a: unknown, b: unknown): Expression => {
    const [left, right] = [operand(a), operand(b)];
    return (row) => test(compareValues(left(row), right(row)));
  };
const arithmetic =
  (work: (a: number, b: number) => number) =>
  (a: unknown, b: unknown): Expression => {
    const [left, right] = [operand(a), operand(b)];
    return (row) => work(left(row) as number, right(row) as number);
  };

/** The `q` of a native `.filter`: builds functions of a row. */
export const expressions = {
  field:
    (path: string): Expression =>
    (row) =>
      valueAt(row, path),
  eq: comparison((sign) => sign === 0),
  neq: comparison((sign) => sign !== 0),
  lt: comparison((sign) => sign < 0),
  lte: comparison((sign) => sign <= 0),
  gt: comparison((sign) => sign > 0),
  gte: comparison((sign) => sign >= 0),
  add: arithmetic((a, b) => a + b),
  sub: arithmetic((a, b) => a - b),
  mul: arithmetic((a, b) => a * b),
  div: arithmetic((a, b) => a / b),
  mod: arithmetic((a, b) => a % b),
  neg:
    (a: unknown): Expression =>
    (row) =>
      -(operand(a)(row) as number),
  and:
    (...all: unknown[]): Expression =>
    (row) =>
      all.every((one) => operand(one)(row) === true),
  or:
    (...all: unknown[]): Expression =>
    (row) =>
      all.some((one) => operand(one)(row) === true),
  not:
    (a: unknown): Expression =>
    (row) =>
      operand(a)(row) !== true,
};

/** The test that a native `.filter(given)` makes of each row. */
export function testOf(given: (q: typeof expressions) => unknown): (row: Document) => boolean {
  const condition = operand(given(expressions));
  return (row) => condition(row) === true;
}
