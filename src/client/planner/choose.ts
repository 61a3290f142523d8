import { hidesSoftDeleted, pointShare, testReads } from "./estimate.js";
import type { Path, Planning } from "./paths.js";
import type { Combine, QueryPlan, Sorting } from "./plan.js";

/** A path with its probes combined and its order settled. */
export interface Finished {
  readonly path: Path;
  readonly combine: Combine;
  readonly sorting: Sorting;
  readonly delivered: number;
  readonly documents: number;
  readonly queries: number;
  readonly rows: number;
  readonly cost: number;
  readonly scan: QueryPlan["scan"];
}

/** Every page is planned as one of this many rows. */
const assumedPage = 20;

/** Settles how a path meets the wanted order, and what that is expected to cost (see README, "The cost model"). */
export function finish(planning: Planning, path: Path, page = assumedPage): Finished {
  const { request, order, table } = planning;
  const wanted = request.limit === null ? (request.paged ? page : null) : request.limit + request.offset;
  const many = path.probes.length > 1 || path.keySets.length > 0;
  const full = path.inSequence >= order.length;
  const sorting: Sorting =
    order.length === 0
      ? "any"
      : full || path.each
        ? "index"
        : path.inSequence > 0 && !path.overlapping
          ? "partial"
          : "memory";
  const combine: Combine = !many ? "single" : sorting === "index" && !full ? "merge" : "concat";
  // Rows to read until enough of them match.
  const stopsAt =
    wanted === null || path.yield <= 0 ? path.rows : Math.min(path.rows, (wanted * path.rows) / path.yield);
  let documents = path.rows;
  if (sorting === "any" || sorting === "index") documents = stopsAt;
  if (sorting === "partial") {
    const group = order.slice(0, path.inSequence).reduce((rows, key) => rows * pointShare(table, key.field), path.rows);
    documents = Math.min(path.rows, stopsAt + Math.max(1, group));
  }
  const heads = combine === "merge" ? path.queries : 0;
  documents = Math.min(path.rows, documents + heads);
  const tests = path.probes.reduce(
    (n, probe) => n + testReads(table, probe.residual, documents / path.probes.length),
    0,
  );
  documents += tests + path.overhead;
  const queries = path.queries + tests;
  const sortWork = sorting === "memory" ? path.rows * 0.05 : 0;
  const residual = path.probes.some((probe) => {
    const parts = probe.residual === null ? [] : probe.residual.kind === "and" ? probe.residual.of : [probe.residual];
    return parts.some((part) => !hidesSoftDeleted(table, part));
  });
  const limited = wanted !== null && !residual && sorting !== "memory";
  return {
    path,
    combine,
    sorting,
    delivered: full ? order.length : sorting === "partial" ? path.inSequence : 0,
    documents,
    queries,
    rows: Math.min(path.yield, wanted ?? path.yield),
    cost: documents + queries + sortWork,
    scan: path.bounded ? "bounded" : limited ? "limited" : "full",
  };
}

/** Deterministic: cost, then fewer probes, then the longer prefix, then the order of declaration. */
export function cheaper(a: Finished, b: Finished): boolean {
  if (Math.abs(a.cost - b.cost) > 1e-9) return a.cost < b.cost;
  if (a.path.probes.length !== b.path.probes.length) return a.path.probes.length < b.path.probes.length;
  return a.path.depth > b.path.depth;
}
