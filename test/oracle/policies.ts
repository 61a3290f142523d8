/**
 * SELECT policies by brute force: which rows a session sees. A read under policies is the same read on those alone.
 */
import fc from "fast-check";
import type { Arbitrary } from "fast-check";
import { FIELDS, ref } from "../support/catalog.js";
import { TABLE_NAMES, where } from "./arbitrary.js";
import { evaluate, semantics, typeOf } from "./predicate.js";
import type { Row, Where, World } from "./predicate.js";

export interface Policy {
  readonly as?: "permissive" | "restrictive";
  readonly for: "all" | "select" | "insert" | "update" | "delete";
  readonly to?: readonly string[];
  readonly using?: Where;
}
/** Policies by table and name; a table that is named is protected. */
export type Spec = { readonly [table: string]: { readonly [name: string]: Policy } };
/** Session variables. `roles` is what `to` is held against. */
export interface Session {
  readonly roles: readonly string[];
  readonly [variable: string]: unknown;
}

/** A filter with every `{ session: name }` replaced by the variable's value. */
export function substitute(filter: Where, session: Session): Where {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeOf(value) !== "object") return value;
    const entries = Object.entries(value as object);
    if (entries.length === 1 && entries[0]![0] === "session") return session[entries[0]![1] as string] ?? null;
    return Object.fromEntries(entries.map(([key, inner]) => [key, walk(inner)]));
  };
  // A field that stands for a null variable is `eq` to it: written out, for a bare null is no operator object.
  return walk(filter) as Where;
}

const applies = (policy: Policy, session: Session): boolean =>
  (policy.for === "all" || policy.for === "select") &&
  (policy.to === undefined || policy.to.some((role) => role === "public" || session.roles.includes(role)));

/** PostgreSQL's rule: some permissive policy is true, and no restrictive one is false or unknown. */
function sees(world: World, table: string, policies: readonly Policy[], session: Session, row: Row): boolean {
  const holds = (using: Where): boolean | null => evaluate(world, table, substitute(using, session), row);
  const permissive = policies.filter((policy) => policy.as !== "restrictive" && policy.using !== undefined);
  const restrictive = policies.filter((policy) => policy.as === "restrictive" && policy.using !== undefined);
  return (
    semantics.or(permissive.map((policy) => holds(policy.using!))) === true &&
    restrictive.every((policy) => holds(policy.using!) === true)
  );
}

/** The database as a session sees it. Relation filters inside a policy look at all rows. */
export function visibleWorld(world: World, spec: Spec, session: Session): World {
  const rows = Object.entries(world.rows).map(([table, all]) => {
    const given = spec[table];
    if (given === undefined) return [table, all];
    const policies = Object.values(given).filter((policy) => applies(policy, session));
    return [table, all.filter((row) => sees(world, table, policies, session, row))];
  });
  return { ...world, rows: Object.fromEntries(rows) as World["rows"] };
}

const ROLES = ["member", "staff", "auditor"];

/** Variables of each type that a field may have; any of them may be null. */
export const session: Arbitrary<Session> = fc.record({
  roles: fc.subarray(ROLES),
  me: fc.constantFrom(ref("users", 0), ref("users", 1), ref("users", 2), null),
  amount: fc.constantFrom(0, 1, 2, null),
  word: fc.constantFrom("a", "ab", "abc", "b", null),
  words: fc.array(fc.constantFrom("a", "ab", "abc", "b", null), { maxLength: 3 }),
});

const variable = (name: string): Where => ({ session: name });

/** Conditions that name a session variable of the field's own type. */
function sessionLeaf(table: string): Arbitrary<Where> | null {
  const choices: Arbitrary<Where>[] = [];
  for (const [path, spec] of Object.entries(FIELDS[table]!)) {
    const { operands, pg, text } = spec;
    const put = (condition: Where): void => void choices.push(fc.constant<Where>({ [path]: condition }));
    if (operands[0] === ref("users", 0)) {
      put(variable("me"));
      put({ ne: variable("me") });
      put({ in: [variable("me"), ref("users", 3)] });
    } else if (pg === "float8") {
      put({ gte: variable("amount") });
      put({ notIn: [variable("amount"), 1] });
      put({ between: [0, variable("amount")] });
    } else if (pg === "text" && text === true && operands.includes("abcd")) {
      put({ in: variable("words") });
      put({ notIn: variable("words") });
      put({ startsWith: variable("word") });
      put({ eq: variable("word") });
    }
  }
  if (table === "users") choices.push(fc.constant<Where>({ _id: variable("me") }));
  return choices.length === 0 ? null : fc.oneof(...choices);
}

function policy(table: string): Arbitrary<Policy> {
  const leaf = sessionLeaf(table);
  const plain = where(table, "convex", 1, 1);
  const using =
    leaf === null
      ? plain
      : fc.oneof(
          { weight: 3, arbitrary: leaf },
          { weight: 2, arbitrary: plain },
          { weight: 1, arbitrary: fc.tuple(leaf, plain).map((parts): Where => ({ OR: parts })) },
          { weight: 1, arbitrary: leaf.map((part): Where => ({ NOT: part })) },
          { weight: 1, arbitrary: fc.constant<Where>({}) },
        );
  const optional = <T>(arbitrary: Arbitrary<T>, weight: number): Arbitrary<T | undefined> =>
    fc.oneof({ weight, arbitrary }, { weight: 1, arbitrary: fc.constant(undefined) });
  return fc
    .record({
      as: fc.constantFrom("permissive", "permissive", "restrictive", undefined),
      for: fc.constantFrom("all", "select", "select", "update"),
      to: optional(fc.subarray([...ROLES, "public"], { minLength: 1 }), 1),
      using: optional(using, 9),
    })
    .map(
      (made) =>
        Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined)) as unknown as Policy,
    );
}

/** Policies for some of the tables, up to three each. */
export const spec: Arbitrary<Spec> = fc
  .tuple(
    ...TABLE_NAMES.map((table) =>
      fc.oneof(
        fc.constant(undefined),
        fc
          .array(policy(table), { maxLength: 3, size: "max" })
          .map((list) => Object.fromEntries(list.map((given, at) => [`policy${at}`, given]))),
      ),
    ),
  )
  .map((all) =>
    Object.fromEntries(TABLE_NAMES.flatMap((table, at) => (all[at] === undefined ? [] : [[table, all[at]]]))),
  );
