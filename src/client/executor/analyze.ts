import { OrmError } from "../errors.js";
import type { Explanation } from "../planner/explain.js";
import type { Probe, QueryPlan } from "../planner/plan.js";
import type { Env } from "./env.js";
import { executePlan } from "./execute.js";
import { totalReads, type Execution, type ReadCount, type Trace } from "./execution.js";
import { explainSelection } from "./explain.js";
import { touchedTables } from "../policies/touched.js";
import type { RowShape } from "./relations/parse.js";
import { shapeRows } from "./relations/load.js";
import { Reads, startRun } from "./run.js";
import { pageOf, runSelection } from "./reader.js";
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

/** What the nodes of an analysis read, and all of it together. */
export type Figures = Pick<AnalysisResult, "documentsRead" | "databaseQueries" | "nodes">;

/**
 * Begins to count what an analysis costs the transaction. What no node of the plan read is told as a node of its own,
 * `other reads`: the look-up of policies and of the cursors' key, once a function, and rows that the filter of a native
 * page drops. (What others read meanwhile would be taken for it.)
 */
export async function beginCount({
  metrics,
}: Pick<Env, "metrics">): Promise<(nodes: readonly NodeReads[]) => Promise<Figures>> {
  const before = metrics === null ? null : await metrics();
  return async (nodes) => {
    const sum = (of: (node: NodeReads) => number): number => nodes.reduce((total, node) => total + of(node), 0);
    const [documents, queries] = [sum((n) => n.documentsRead), sum((n) => n.databaseQueries)];
    const after = before === null ? null : await metrics!();
    const beside = (name: "documentsRead" | "databaseQueries", counted: number): number =>
      before === null ? 0 : Math.max(0, after![name].used - before[name].used - counted);
    const rest = { documents: beside("documentsRead", documents), queries: beside("databaseQueries", queries) };
    return {
      documentsRead: documents + rest.documents,
      databaseQueries: queries + rest.queries,
      nodes: rest.queries + rest.documents === 0 ? nodes : [...nodes, toNode("other reads", rest)],
    };
  };
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
  count: Awaited<ReturnType<typeof beginCount>>,
): Promise<AnalysisResult> {
  refuseProtected(env, selection, args);
  const reads = new Reads();
  const run = startRun(env, selection.access, selection.limits, reads);
  // A key set that outgrows its limit ends the first attempt, and the plan without it is run.
  const attempts: { readonly plan: QueryPlan; readonly trace: Trace }[] = [];
  const note = (execution: Execution, plan: QueryPlan): void => void attempts.push({ plan, trace: execution.trace! });
  const rows =
    page === undefined
      ? await runSelection(run, selection, async (execution, plan) => {
          note(execution, plan);
          return await executePlan(execution, plan);
        })
      : (await pageOf(run, selection, page, note)).page;
  await shapeRows(run, rows, shape);
  const last = attempts.pop()!;
  const nodes: NodeReads[] = [
    ...attempts.map(({ trace }) => toNode("keys given up", totalReads(trace))),
    ...traceNodes(last.plan.probes, last.trace),
    ...[...reads.total()].map(([node, count]) => toNode(node, count)),
  ];
  const explanation = explainSelection(env, selection, shape);
  return {
    ...explanation,
    warnings: last.plan === selection.plan ? explanation.warnings : [...explanation.warnings, givenUp],
    rows: rows.length,
    ...(await count(nodes)),
  };
}

const givenUp = "a key set outgrew maxProbes, or could not be read within maxScan: its filter was tested row by row";

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
  throw new OrmError(
    "POLICY_VIOLATION",
    `"${hidden}" is protected, and what analyze counts would tell of hidden rows`,
    {
      table: hidden,
      hint: "Analyze with orm.system(ctx).",
    },
  );
}
