import { complement, intersect, isEverything, present, subtract, unite } from "./sets.js";
import { always, never, type FieldPredicate, type Predicate } from "./types.js";

/**
 * The negation-free form of a predicate, in which unknown is read as false: NOT is pushed to the literals (Kleene's
 * logic obeys De Morgan), literals of one field are merged, and what is constant disappears. The result has no `not`,
 * no unknown, and no nested node of its parent's kind.
 */
export function normalize(predicate: Predicate): Predicate {
  return push(predicate, false);
}

/**
 * The rows for which the predicate is plainly false: a CHECK is broken by those alone, not by unknown
 * (https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS).
 */
export function normalizeNegated(predicate: Predicate): Predicate {
  return push(predicate, true);
}

function push(predicate: Predicate, negated: boolean): Predicate {
  switch (predicate.kind) {
    case "const":
      return predicate.value !== null && predicate.value !== negated ? always : never;
    case "not":
      return push(predicate.of, !negated);
    case "field":
      return simplifyLiteral(negated ? negateLiteral(predicate) : predicate);
    case "exists": {
      const where = normalize(predicate.where);
      const junction = normalize(predicate.junction);
      const flipped = predicate.negated !== negated;
      if (where === never || junction === never) return flipped ? always : never;
      return { ...predicate, where, junction, negated: flipped };
    }
    case "and":
    case "or": {
      const conjunction = (predicate.kind === "and") !== negated;
      const parts = predicate.of.map((part) => push(part, negated));
      return conjunction ? conjoin(parts) : disjoin(parts);
    }
  }
}

function negateLiteral(literal: FieldPredicate): FieldPredicate {
  if (literal.tests.length > 0) {
    // A test is false outside its own set, so its negation holds there too: on every present value.
    return { ...literal, set: present, tests: literal.tests.map((t) => ({ ...t, negated: !t.negated })) };
  }
  return { ...literal, set: literal.total ? complement(literal.set) : subtract(present, literal.set) };
}

function simplifyLiteral(literal: FieldPredicate): Predicate {
  if (literal.set.length === 0) return never;
  return literal.tests.length === 0 && isEverything(literal.set) ? always : literal;
}

const mergeTags = (a?: readonly string[], b?: readonly string[]): { policies?: readonly string[] } => {
  if (a === undefined && b === undefined) return {};
  return { policies: [...new Set([...(a ?? []), ...(b ?? [])])] };
};

/** AND of normalised predicates. */
export function conjoin(parts: readonly Predicate[]): Predicate {
  const literals = new Map<string, FieldPredicate>();
  const rest: Predicate[] = [];
  const add = (part: Predicate): boolean => {
    if (part.kind === "const") return part.value === true;
    if (part.kind === "and") return part.of.every(add);
    if (part.kind !== "field") {
      if (!rest.includes(part)) rest.push(part);
      return true;
    }
    const other = literals.get(part.field);
    if (other === undefined || other === part) {
      literals.set(part.field, part);
      return true;
    }
    const set = intersect(other.set, part.set);
    if (set.length === 0) return false;
    const tests = [...other.tests, ...part.tests];
    literals.set(part.field, { ...other, set, tests, ...mergeTags(other.policies, part.policies) });
    return true;
  };
  for (const part of parts) if (!add(part)) return never;
  const of = [...literals.values(), ...rest];
  return of.length === 0 ? always : of.length === 1 ? of[0]! : { kind: "and", of };
}

/** OR of normalised predicates. */
export function disjoin(parts: readonly Predicate[]): Predicate {
  const exact = new Map<string, { all: FieldPredicate[]; set: FieldPredicate["set"] | null }>();
  const rest: Predicate[] = [];
  const add = (part: Predicate): boolean => {
    if (part.kind === "const") return part.value !== true;
    if (part.kind === "or") return part.of.every(add);
    if (part.kind === "field" && part.tests.length === 0) {
      const group = exact.get(part.field);
      if (group === undefined) exact.set(part.field, { all: [part], set: null });
      else group.all.push(part);
    } else if (!rest.includes(part)) rest.push(part);
    return true;
  };
  for (const part of parts) if (!add(part)) return always;
  const of: Predicate[] = [];
  for (const { all } of exact.values()) {
    const first = all[0]!;
    if (all.length === 1) {
      of.push(first);
      continue;
    }
    const set = unite(all.flatMap((literal) => literal.set));
    if (isEverything(set)) return always;
    // The merged literal is a policy's only when every part of it is.
    const { policies: _dropped, ...bare } = first;
    const ownedByPolicy = all.every((literal) => literal.policies !== undefined);
    const tags = ownedByPolicy
      ? all.reduce((t, l) => mergeTags(t.policies, l.policies), {} as ReturnType<typeof mergeTags>)
      : {};
    of.push({ ...bare, set, ...tags });
  }
  of.push(...rest);
  return of.length === 0 ? never : of.length === 1 ? of[0]! : { kind: "or", of };
}

/**
 * The rows that a normalised predicate does not match. Unlike NOT this is two-valued: what was unknown, and so did not
 * match, is in the complement.
 */
export function complementOf(predicate: Predicate): Predicate {
  switch (predicate.kind) {
    case "const":
      return predicate.value === true ? never : always;
    case "field": {
      const outside = simplifyLiteral({ ...predicate, set: complement(predicate.set), tests: [] });
      const failing = predicate.tests.map((test): Predicate => ({
        ...predicate,
        tests: [{ ...test, negated: !test.negated }],
      }));
      return disjoin([outside, ...failing]);
    }
    case "exists":
      return { ...predicate, negated: !predicate.negated };
    case "and":
      return disjoin(predicate.of.map(complementOf));
    case "or":
      return conjoin(predicate.of.map(complementOf));
    case "not":
      throw new Error("a normalised predicate holds no NOT");
  }
}
