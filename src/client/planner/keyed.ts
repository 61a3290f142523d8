import { conjoin } from "../predicate/normalize.js";
import { literalMatches } from "../predicate/evaluate.js";
import { equalities } from "../predicate/parse.js";
import { point } from "../predicate/sets.js";
import { always, never, type FieldPredicate, type Predicate } from "../predicate/types.js";
import type { Stored } from "../predicate/values.js";
import type { Catalog } from "../schema/catalog.js";
import { deepFreeze, type PlanRequest, type Probe, type QueryPlan } from "./plan.js";
import { planQuery } from "./plan-query.js";

/**
 * A plan made once and run for many keys: the rows of one table whose `fields` equal a key that is known when the query
 * runs (a parent's, for a relation load; the tested row's, for a relation filter). Frozen plain data.
 */
export interface KeyedPlan {
  readonly fields: readonly string[];
  /** What the key itself must pass; a key that does not has no rows, and costs no read. */
  readonly keyTests: readonly FieldPredicate[];
  /** Its probes' `keys.slots` say where the key goes; `keys.set` is {@link suppliedKey}. */
  readonly plan: QueryPlan;
  /** Set when an OR of the filter names the key's fields: then every key is planned by itself. */
  readonly each: PlanRequest | null;
}

/** Stands for a key set: the key comes from whoever runs the plan. */
export const suppliedKey = -1;

/** Holds the key's place. No plan depends on the value of an equality, only on there being one. */
const placeholder = "(key)";

/** Plans for any key; `request.where` says nothing of it. Relation filters stay residuals: they are memoised by key. */
export function planKeyed(catalog: Catalog, request: PlanRequest, fields: readonly string[]): KeyedPlan {
  const parts = request.where.kind === "and" ? request.where.of : [request.where];
  const keyTests = parts.filter((part): part is FieldPredicate => part.kind === "field" && fields.includes(part.field));
  const rest = parts.filter((part) => !keyTests.includes(part as FieldPredicate));
  const names = rest.some((part) => mentions(part, fields));
  const where = conjoin(rest.filter((part) => !mentions(part, fields)));
  const own: PlanRequest = { ...request, semiJoins: false };
  const plan = planQuery(catalog, {
    ...own,
    where: conjoin([
      equalities(
        fields,
        fields.map(() => placeholder),
      ),
      where,
    ]),
  });
  const template = { ...plan, probes: plan.probes.map((probe) => toTemplate(probe, fields)) };
  return deepFreeze({ fields, keyTests, plan: template, each: names ? { ...own, where: conjoin(rest) } : null });
}

/** The plan of one key, or null when the key alone tells that no row matches. */
export function planForKey(catalog: Catalog, keyed: KeyedPlan, key: readonly Stored[]): QueryPlan | null {
  const { fields, keyTests, plan, each } = keyed;
  if (!keyTests.every((test) => literalMatches(test, key[fields.indexOf(test.field)]))) return null;
  if (each === null) return { ...plan, probes: plan.probes.map((probe) => filled(probe, fields, key)) };
  const where = conjoin([equalities(fields, key), each.where]);
  return where === never ? null : planQuery(catalog, { ...each, where });
}

/** Whether a part of the predicate is a literal on one of the fields; those in relation filters are other tables'. */
function mentions(predicate: Predicate, fields: readonly string[]): boolean {
  if (predicate.kind === "field") return fields.includes(predicate.field);
  return (predicate.kind === "and" || predicate.kind === "or") && predicate.of.some((part) => mentions(part, fields));
}

function toTemplate(probe: Probe, fields: readonly string[]): Probe {
  if (probe.kind === "get") {
    const part = fields.indexOf("_id");
    return part < 0 ? probe : { ...probe, keys: { set: suppliedKey, slots: [part] } };
  }
  const slots = fields.map((field) => probe.fields.indexOf(field)).filter((at) => at >= 0 && at < probe.eq.length);
  return slots.length === 0 ? probe : { ...probe, keys: { set: suppliedKey, slots } };
}

function filled(probe: Probe, fields: readonly string[], key: readonly Stored[]): Probe {
  const residual = probe.residual === null ? null : fill(probe.residual, fields, key);
  if (probe.kind === "get") {
    const id = key[fields.indexOf("_id")];
    return { ...probe, residual, keys: null, ...(probe.keys === null ? {} : { id: typeof id === "string" ? id : "" }) };
  }
  const eq = probe.eq.map((value, i) => {
    const part = fields.indexOf(probe.fields[i]!);
    return part < 0 ? value : key[part];
  });
  return { ...probe, eq, residual, keys: null };
}

/** The predicate with the key in its place; parts that do not name it are the very same objects, as memos know them. */
function fill(predicate: Predicate, fields: readonly string[], key: readonly Stored[]): Predicate {
  if (!mentions(predicate, fields)) return predicate;
  if (predicate.kind === "field") return { ...predicate, set: point(key[fields.indexOf(predicate.field)]) };
  return predicate.kind === "and" || predicate.kind === "or"
    ? { ...predicate, of: predicate.of.map((part) => fill(part, fields, key)) }
    : predicate;
}

/** The key's tests as one predicate, for explain. */
export const keyTest = ({ keyTests }: KeyedPlan): Predicate => (keyTests.length === 0 ? always : conjoin(keyTests));
