import type { Predicate } from "../predicate/types.js";
import type { PlanPolicies, PlanRequest, Probe } from "./plan.js";

/** The policies named anywhere in a predicate. */
export function policyNames(predicate: Predicate | null, into = new Set<string>()): Set<string> {
  if (predicate === null) return into;
  switch (predicate.kind) {
    case "field":
    case "exists":
      for (const name of predicate.policies ?? []) into.add(name);
      break;
    case "and":
    case "or":
      for (const part of predicate.of) policyNames(part, into);
      break;
    case "not":
      policyNames(predicate.of, into);
      break;
    case "const":
      break;
  }
  return into;
}

/** Which policies the probes' bounds serve, and which are tested on the rows. */
export function policiesOf(request: PlanRequest, probes: readonly Probe[]): PlanPolicies {
  const all = policyNames(request.where);
  const filter = new Set<string>();
  // Probes of one path share their residual.
  for (const residual of new Set(probes.map((probe) => probe.residual))) policyNames(residual, filter);
  return {
    bound: [...all].filter((name) => !filter.has(name)),
    filter: [...filter],
    dropped: request.dropped ?? [],
  };
}
