import type { beginCount } from "../executor/analyze.js";
import { refuseProtected, type AnalysisResult, type NodeReads } from "../executor/analyze.js";
import type { Document, Env } from "../executor/env.js";
import { explainSelection } from "../executor/explain.js";
import type { ReadArgs } from "../executor/reader.js";
import type { RowShape } from "../executor/relations/parse.js";
import { shapeRows } from "../executor/relations/load.js";
import { Reads, startRun, type ReadRun } from "../executor/run.js";
import type { Selection } from "../executor/select.js";
import type { Explanation } from "../planner/explain.js";
import { always } from "../predicate/types.js";
import { mostResults } from "./parse.js";
import { betterIndex, searchLines, type SearchPlan } from "./plan.js";

/** Explains a search: how the index is asked, what is tested on each result, and the relations that it loads. */
export function explainSearch(env: Env, selection: Selection, plan: SearchPlan, shape: RowShape): Explanation {
  // The advisor of ranges has nothing to say here.
  const told = explainSelection(env, { ...selection, plan: { ...plan, where: always } }, shape);
  const [head, ...below] = told.text.split("\n");
  const more = below[0]?.startsWith("├─") === true || below[0]?.startsWith("└─") === true;
  const lines = plan.combine === "none" ? [] : searchLines(plan.search);
  const own = lines.map((line, i) => (i > 0 ? `${more ? "│" : " "}${line.slice(1)}` : `${more ? "├─" : "└─"} ${line}`));
  const better = betterIndex(env.catalog.tables[plan.table]!, plan);
  const watched = {
    table: plan.table,
    index: plan.search.index,
    text: `${plan.table}.${plan.search.index} ${JSON.stringify(plan.search.query)}`,
    untilLimit: false,
  };
  return {
    plan: { ...told.plan, ...plan, watches: [watched, ...told.plan.watches], loads: told.plan.loads },
    text: [head, ...own, ...below].join("\n"),
    warnings: [
      ...told.warnings,
      ...(plan.search.residual === null ? [] : [`tests up to ${mostResults} results one by one`]),
    ],
    suggestions: better === null ? told.suggestions : [better, ...told.suggestions],
  };
}

/** A search's analysis; `truncated` when the platform's 1,024 results ended before the rows that were asked for. */
export interface SearchAnalysis extends AnalysisResult {
  readonly truncated: boolean;
}

/** @throws OrmError `POLICY_VIOLATION` where a protected table is touched, as `analyze` does for any query. */
export async function analyzeSearch(
  env: Env,
  { selection, plan, shape }: { readonly selection: Selection; readonly plan: SearchPlan; readonly shape: RowShape },
  args: ReadArgs,
  read: (run: ReadRun) => Promise<{ readonly rows: readonly Document[]; readonly truncated: boolean }>,
  count: Awaited<ReturnType<typeof beginCount>>,
): Promise<SearchAnalysis> {
  refuseProtected(env, selection, args);
  const reads = new Reads();
  const run = startRun(env, selection.access, selection.limits, reads);
  const { rows, truncated } = await read(run);
  await shapeRows(run, rows, shape);
  const nodes = [...reads.total()].map(([node, { documents, queries }]): NodeReads => ({
    node,
    documentsRead: documents,
    databaseQueries: queries,
  }));
  const explained = explainSearch(env, selection, plan, shape);
  return {
    ...explained,
    warnings: truncated
      ? [...explained.warnings, `the platform's ${mostResults} results ended before the limit was filled`]
      : explained.warnings,
    rows: rows.length,
    ...(await count(nodes)),
    truncated,
  };
}
