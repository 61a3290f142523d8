import { never, type Predicate } from "../predicate/types.js";
import type { Catalog } from "../schema/catalog.js";
import { cheaper, finish, type Finished } from "./choose.js";
import { completeOrder } from "./order.js";
import { takeApart, type Path, type Planning } from "./paths.js";
import { deepFreeze, type PlanRequest, type QueryPlan, type Refusal } from "./plan.js";
import { policiesOf } from "./policies.js";
import { indexPaths, noteExcess, walkPath } from "./ranges.js";
import { semiJoinPaths } from "./semijoin.js";
import { shapeOf } from "./shape.js";
import { unionPaths } from "./union.js";

/** Sub-plans that one query may try; what is left over stays a residual, or meets `TOO_MANY_PROBES`. */
const maxWork = 80;
/** ORs of one conjunction that may drive the scan; the others are residuals of each. */
const maxDisjunctions = 4;
const shapesByCatalog = new WeakMap<Catalog, Map<string, string>>();
const maxShapes = 1_000;

/**
 * Plans one query: pure, deterministic, without I/O. The plan says itself when it must not run (`refusal`), so that
 * `explain` can show what a refused query would have done.
 */
export function planQuery(catalog: Catalog, request: PlanRequest, work = { left: maxWork }): QueryPlan {
  const table = catalog.tables[request.table]!;
  let shapes = shapesByCatalog.get(catalog);
  if (shapes === undefined) shapesByCatalog.set(catalog, (shapes = new Map()));
  const planning: Planning = {
    catalog,
    table,
    request,
    order: completeOrder(request.order),
    work,
    excess: { probes: 0, byWhere: false },
    planRelated: (related) => planQuery(catalog, related, work),
    shapes,
  };
  if (request.where === never) return toPlan(planning, null, null);
  const best = remembered(planning, request.where, "root");
  return toPlan(planning, best, refusalOf(planning, best));
}

type Flavour = "root" | "branch" | "ordered";

/** The best path, by the choice made before for a query of this shape when there was one. */
function remembered(planning: Planning, where: Predicate, flavour: Flavour): Finished | null {
  const text = shapeOf(planning, where);
  const shape = text === null ? null : `${flavour}|${text}`;
  const known = shape === null ? undefined : planning.shapes.get(shape);
  if (known !== undefined) {
    const path = pathsOf(planning, where, flavour, known).find((p) => p.key === known);
    if (path !== undefined) return finish(planning, path);
  }
  const best = search(planning, where, flavour);
  // A choice cut short is not one to remember: the next query must find out why by itself.
  const complete = planning.work.left > 0 && planning.excess.probes === 0;
  if (best !== null && shape !== null && complete && planning.shapes.size < maxShapes)
    planning.shapes.set(shape, best.path.key);
  return best;
}

function search(planning: Planning, where: Predicate, flavour: Flavour): Finished | null {
  let best: Finished | null = null;
  let fallback: Finished | null = null;
  for (const path of pathsOf(planning, where, flavour, null)) {
    if (flavour === "ordered" && !path.each) continue;
    const finished = finish(planning, path);
    const allowed = planning.request.allowFullScan || finished.scan !== "full";
    if (allowed && (best === null || cheaper(finished, best))) best = finished;
    if (fallback === null || cheaper(finished, fallback)) fallback = finished;
  }
  return best ?? fallback;
}

/** Every path, or only those that may bear the key `only`. */
function pathsOf(planning: Planning, where: Predicate, flavour: Flavour, only: string | null): Path[] {
  if (--planning.work.left === 0) noteExcess(planning, planning.request.limits.maxProbes + 1, where);
  const conjunction = takeApart(where);
  const paths: Path[] = [];
  const wants = (prefix: string): boolean => only === null || only.startsWith(prefix);
  if (wants("index:")) {
    const name = only?.split(":", 2)[1];
    for (const index of planning.table.indexes) {
      if (name === undefined || index.name === name) paths.push(...indexPaths(planning, index, conjunction));
    }
    if (only !== null) return paths;
  }
  if (planning.work.left > 0) {
    const flavours =
      flavour === "ordered" ? [true] : flavour === "branch" || planning.order.length === 0 ? [false] : [true, false];
    conjunction.ors.slice(0, maxDisjunctions).forEach((disjunction, nth) => {
      if (!wants(`or${nth}`)) return;
      const choose = (branch: Predicate, ordered: boolean): Path | null =>
        planning.work.left <= 0 ? null : (remembered(planning, branch, ordered ? "ordered" : "branch")?.path ?? null);
      paths.push(...unionPaths(planning, conjunction, disjunction, nth, flavours, choose));
    });
    if (planning.request.semiJoins !== false && wants("semi ")) paths.push(...semiJoinPaths(planning, conjunction));
  }
  // The table's own order comes first, so that it wins where no order is asked for.
  const own = planning.table.indexes.filter((index) => index.name === "by_creation_time");
  for (const index of [...own, ...planning.table.indexes]) {
    if (wants(`walk:${index.name}`)) paths.push(walkPath(planning, index, conjunction));
  }
  return paths;
}

function refusalOf({ request, excess }: Planning, best: Finished | null): Refusal | null {
  if (best === null || best.scan !== "full" || request.allowFullScan) return null;
  if (excess.probes > 0) {
    // A policy or relation filter with many values is tested row by row instead, within maxScan.
    if (!excess.byWhere) return null;
    return {
      code: "TOO_MANY_PROBES",
      probes: excess.probes,
      reason: `the filter needs ${excess.probes} index ranges or more`,
    };
  }
  const bare = request.where.kind === "const" && request.limit === null && !request.paged;
  return {
    code: "FULL_SCAN",
    reason: bare
      ? "the query has neither a filter nor a limit"
      : best.sorting === "memory" || best.sorting === "partial"
        ? "no index bounds the scan or delivers its order"
        : "no index bounds the scan",
  };
}

function toPlan(planning: Planning, best: Finished | null, refusal: Refusal | null): QueryPlan {
  const { request, order } = planning;
  const probes = best?.path.probes ?? [];
  const empty = best === null || probes.length === 0;
  const expected =
    best === null || request.pageSize === undefined ? best : finish(planning, best.path, request.pageSize);
  return deepFreeze({
    kind: "query",
    table: request.table,
    probes,
    combine: empty ? "none" : best.combine,
    overlapping: best?.path.overlapping ?? false,
    order,
    sorting: empty ? "any" : best.sorting,
    delivered: best?.delivered ?? 0,
    limit: request.limit,
    offset: request.offset,
    keySets: best?.path.keySets ?? [],
    scan: empty ? "bounded" : best.scan,
    refusal: empty ? null : refusal,
    estimate: {
      documents: whole(expected?.documents),
      queries: whole(expected?.queries),
      rows: whole(expected?.rows),
    },
    policies: policiesOf(request, probes),
    where: request.where,
  } satisfies QueryPlan);
}

/** Rounded up, but for what only the arithmetic of shares adds. */
const whole = (estimate = 0): number => Math.ceil(estimate - 1e-6);
