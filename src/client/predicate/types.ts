import type { Value } from "convex/values";
import type { RelationInfo } from "../schema/catalog.js";
import type { ValueSet } from "./sets.js";

/** Operators that a set of values cannot express: what is left to test on the value itself. */
export type TestOperator =
  "like" | "ilike" | "endsWith" | "contains" | "arrayContains" | "arrayContained" | "arrayOverlaps";

export interface Test {
  readonly op: TestOperator;
  readonly operand: Value;
  readonly negated: boolean;
}

/** true, false or unknown (null): only before normalisation, which reads unknown as false. */
export interface ConstPredicate {
  readonly kind: "const";
  readonly value: boolean | null;
}

/** The value lies in `set` and passes every test. */
export interface FieldPredicate {
  readonly kind: "field";
  readonly field: string;
  readonly set: ValueSet;
  readonly tests: readonly Test[];
  /** Two-valued (`isNull`): its negation is the whole complement, absent and null included. */
  readonly total: boolean;
  /** The policies that the literal comes from, by name; absent when the query wrote it. */
  readonly policies?: readonly string[];
}

/** Some related row passes `where`: two-valued, as EXISTS in SQL. */
export interface ExistsPredicate {
  readonly kind: "exists";
  readonly relation: RelationInfo;
  readonly where: Predicate;
  /** What a junction row must pass, for a relation through one. */
  readonly junction: Predicate;
  readonly negated: boolean;
  /** Looks at all rows, whatever the session may see: inside policies. */
  readonly unrestricted: boolean;
  readonly policies?: readonly string[];
}

export interface AndPredicate {
  readonly kind: "and";
  readonly of: readonly Predicate[];
}
export interface OrPredicate {
  readonly kind: "or";
  readonly of: readonly Predicate[];
}
/** Only before normalisation. */
export interface NotPredicate {
  readonly kind: "not";
  readonly of: Predicate;
}

export type Predicate = ConstPredicate | FieldPredicate | ExistsPredicate | AndPredicate | OrPredicate | NotPredicate;

export const always: ConstPredicate = Object.freeze({ kind: "const", value: true });
export const never: ConstPredicate = Object.freeze({ kind: "const", value: false });
export const unknown: ConstPredicate = Object.freeze({ kind: "const", value: null });

export const and = (...of: readonly Predicate[]): Predicate => (of.length === 1 ? of[0]! : { kind: "and", of });
export const or = (...of: readonly Predicate[]): Predicate => (of.length === 1 ? of[0]! : { kind: "or", of });
export const not = (of: Predicate): Predicate => ({ kind: "not", of });
