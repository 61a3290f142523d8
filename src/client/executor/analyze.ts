import { OrmError } from "../errors.js";
import type { Explanation } from "../planner/explain.js";
import type { Probe } from "../planner/plan.js";
import type { Env } from "./env.js";
import { executePlan } from "./execute.js";
import { totalReads, type ReadCount, type Trace } from "./execution.js";
import { explainSelection } from "./explain.js";
import { touchedTables } from "../policies/touched.js";
import { paginatePlan } from "./pages.js";
import type { RowShape } from "./relations/parse.js";
import { shapeRows } from "./relations/load.js";
import { Reads, startRun } from "./run.js";
import { runSelection } from "./reader.js";
import type { Selection } from "./select.js";

/** What one node of a plan read. */
export interface NodeReads {
  readonly node: string;
  readonly documentsRead: number;
  readonly databaseQueries: number;
}

export interface AnalysisResult extends Explanation {
  readonly rows: number;
  readonly documentsRead: number;
  readonly databaseQueries: number;
  readonly nodes: readonly NodeReads[];
}

/**
 * Runs a selection and says what each of its nodes read.
 *
 * @throws OrmError `POLICY_VIOLATION` where a protected table is touched: figures would count rows that the session
 * cannot see.
 */
export async function analyzeSelection(
  env: Env,
  selection: Selection,
  args: Readonly<Record<string, unknown>>,
  shape: RowShape,
  page: unknown,
): Promise<AnalysisResult> {
  refuseProtected(env, selection, args);
  const reads = new Reads();
  const run = startRun(env, selection.access, selection.limits, reads);
  let root: Trace | null = null;
  const rows = await runSelection(run, selection, async (execution, plan) => {
    root = execution.trace;
    return page === undefined ? await executePlan(execution, plan) : (await paginatePlan(execution, plan, page)).page;
  });
  await shapeRows(run, rows, shape);
  const trace = root!;
  const nodes: NodeReads[] = [
    ...traceNodes(selection.plan.probes, trace),
    ...[...reads.total()].map(([node, count]) => toNode(node, count)),
  ];
  const sum = (of: (node: NodeReads) => number): number => nodes.reduce((total, node) => total + of(node), 0);
  return {
    ...explainSelection(env, selection, shape),
    rows: rows.length,
    documentsRead: sum((n) => n.documentsRead),
    databaseQueries: sum((n) => n.databaseQueries),
    nodes,
  };
}

const toNode = (node: string, { documents, queries }: ReadCount): NodeReads => ({
  node,
  documentsRead: documents,
  databaseQueries: queries,
});

function traceNodes(probes: readonly Probe[], trace: Trace): NodeReads[] {
  const own = trace.probes.map((count, i) => {
    const probe = probes[i];
    return toNode(
      probe === undefined ? `probe ${i}` : probe.kind === "get" ? `get ${i}` : `range ${probe.index}`,
      count,
    );
  });
  const keys = trace.keySets.map((set, i) => toNode(`keys ${i}`, totalReads(set)));
  const { filters } = trace;
  return [...own, ...keys, ...(filters.queries > 0 ? [toNode("relation filters", filters)] : [])];
}

/**
 * Refuses to count what a session may not see: a protected table that the read looks at anywhere, as root, in a load or
 * its junction, in a relation filter.
 *
 * @throws OrmError `POLICY_VIOLATION`
 */
export function refuseProtected(
  { catalog }: Pick<Env, "catalog">,
  { access, table }: Pick<Selection, "access" | "table">,
  args: Readonly<Record<string, unknown>>,
): void {
  const hidden = touchedTables(catalog, table, args).find((name) => access.isProtected(catalog.tables[name]!));
  if (hidden === undefined) return;
  throw new OrmError("POLICY_VIOLATION", `"${hidden}" is protected, and what analyze counts would tell of hidden rows`, {
    table: hidden,
    hint: "Analyze with orm.system(ctx).",
  });
}
