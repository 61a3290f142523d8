import { Base64 } from "convex/values";
import type { ExistsPredicate, Predicate } from "../predicate/types.js";
import type { Cut } from "../predicate/sets.js";
import { keyText, type Stored } from "../predicate/values.js";
import type { Probe, QueryPlan } from "../planner/plan.js";

/**
 * What a keyset cursor is bound to: the table, the order, the predicate with the session's policies in it, and those
 * policies' versions. A plan without order is bound to its probes too, for its places are places in them. The size of
 * the page is not part of it.
 */
export function bindingText(plan: QueryPlan, fingerprint: string): string {
  return JSON.stringify([
    plan.table,
    plan.order.map(({ field, direction }) => [field, direction]),
    predicateIdentity(plan.where),
    fingerprint,
    plan.order.length > 0 ? null : plan.probes.map(probeText),
  ]);
}

/** The tables whose policies the plan's answer depends on. */
export function tablesOf(plan: QueryPlan): string[] {
  const tables = new Set([plan.table]);
  const visit = (predicate: Predicate): void => {
    if (predicate.kind === "and" || predicate.kind === "or") predicate.of.forEach(visit);
    else if (predicate.kind === "not") visit(predicate.of);
    else if (predicate.kind === "exists") {
      tables.add(predicate.relation.target);
      if (predicate.relation.through !== null) tables.add(predicate.relation.through.table);
      visit(predicate.where);
      visit(predicate.junction);
    }
  };
  visit(plan.where);
  return [...tables].sort();
}

const cutText = (cut: Cut | null): string => (cut === null ? "" : `${cut.after ? ">" : "<"}${keyText(cut.value)}`);
const list = (parts: readonly string[]): string => JSON.stringify(parts);

/** A text that is the same for the same predicate, however its parts were ordered. */
export function predicateIdentity(predicate: Predicate): string {
  switch (predicate.kind) {
    case "const":
      return String(predicate.value);
    case "field": {
      const set = predicate.set.map(({ lower, upper }) => list([cutText(lower), cutText(upper)]));
      const tests = predicate.tests.map(({ op, operand, negated }) => list([op, keyText(operand), String(negated)]));
      return list(["field", predicate.field, ...set, "tests", ...tests.sort()]);
    }
    case "exists":
      return existsText(predicate);
    case "not":
      return list(["not", predicateIdentity(predicate.of)]);
    default:
      return list([predicate.kind, ...predicate.of.map(predicateIdentity).sort()]);
  }
}

function existsText({ relation, where, junction, negated, unrestricted }: ExistsPredicate): string {
  const path = `${relation.table}.${relation.name}`;
  return list([
    "exists",
    path,
    predicateIdentity(where),
    predicateIdentity(junction),
    String(negated),
    String(unrestricted),
  ]);
}

/**
 * A short text that is the same for plans whose unordered places mean the same: those of one access path, whatever is
 * tested on its rows.
 */
export async function pathDigest(plan: QueryPlan): Promise<string> {
  const text = JSON.stringify([plan.table, plan.probes.map(probeText)]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Base64.fromByteArrayUrlSafeNoPadding(new Uint8Array(digest).slice(0, 12));
}

const valueTexts = (values: readonly Stored[]): string => list(values.map(keyText));

function probeText(probe: Probe): string {
  const keys = probe.keys === null ? "" : list([String(probe.keys.set), ...probe.keys.slots.map(String)]);
  if (probe.kind === "get") return list(["get", probe.keys === null ? probe.id : "", keys]);
  return list([probe.index, probe.direction, valueTexts(probe.eq), cutText(probe.lower), cutText(probe.upper), keys]);
}
