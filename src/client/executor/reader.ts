import { OrmError } from "../errors.js";
import { describe } from "../predicate/parse.js";
import { isPlainObject } from "../predicate/values.js";
import { limitNames } from "../planner/limits.js";
import { planQuery } from "../planner/plan-query.js";
import type { QueryPlan } from "../planner/plan.js";
import type { TableInfo } from "../schema/catalog.js";
import { countByAggregate, explainCount } from "./aggregate.js";
import { analyzeSelection, beginCount } from "./analyze.js";
import type { Document, Env } from "./env.js";
import { countPlan, executePlan, existsPlan } from "./execute.js";
import { TooManyKeys, type Execution } from "./execution.js";
import { explainSelection } from "./explain.js";
import { parsePageOptions } from "./page-options.js";
import { paginatePlan, type PageResult } from "./pages.js";
import { parseShape, type RowShape } from "./relations/parse.js";
import { shapeRows } from "./relations/load.js";
import type { ShapedRow } from "./relations/shape.js";
import { executionOf, startRun, suggestionsFor, type ReadRun } from "./run.js";
import { admitted, planSelect, type SelectArgs, type Selection, type SelectOptions } from "./select.js";

/** Arguments as users write them. */
export type ReadArgs = Readonly<Record<string, unknown>>;

const filterKeys = ["where", "allowFullScan", "withDeleted", ...limitNames];
const shapeKeys = ["columns", "extras", "with"];
/** The arguments that each method takes. */
export const known = {
  findMany: new Set([...filterKeys, ...shapeKeys, "orderBy", "limit", "offset"]),
  findFirst: new Set([...filterKeys, ...shapeKeys, "orderBy", "offset"]),
  findUnique: new Set([...filterKeys, ...shapeKeys]),
  paginate: new Set([...filterKeys, ...shapeKeys, "orderBy", "paginationOpts"]),
  count: new Set(filterKeys),
};

/** `db.query.T` in a query or mutation: the methods of the contract's section 3. */
export class TableReader {
  constructor(
    protected readonly env: Env,
    protected readonly table: TableInfo,
  ) {}

  async findMany(args: ReadArgs = {}): Promise<ShapedRow[]> {
    this.check(args, known.findMany);
    return await this.rows(args);
  }

  async findFirst(args: ReadArgs = {}): Promise<ShapedRow | null> {
    this.check(args, known.findFirst);
    const rows = await this.rows({ ...args, limit: 1 });
    return rows[0] ?? null;
  }

  async findFirstOrThrow(args: ReadArgs = {}): Promise<ShapedRow> {
    const row = await this.findFirst(args);
    if (row !== null) return row;
    throw new OrmError("NOT_FOUND", `no row of "${this.table.name}" matches`, {
      table: this.table.name,
      hint: "Use findFirst for null instead.",
    });
  }

  async findUnique(args: ReadArgs): Promise<ShapedRow | null> {
    this.check(args, known.findUnique);
    this.checkUnique(args["where"]);
    const rows = await this.rows({ ...args, limit: 1 });
    return rows[0] ?? null;
  }

  async paginate(args: ReadArgs): Promise<PageResult<ShapedRow>> {
    this.check(args, known.paginate);
    const { paginationOpts, ...rest } = args;
    const selection = await this.select(rest, { paged: true });
    const run = startRun(this.env, selection.access, selection.limits);
    const shape = this.shape(rest, selection);
    const result = await pageOf(run, selection, paginationOpts);
    return { ...result, page: await shapeRows(run, result.page, shape) };
  }

  async count(args: ReadArgs = {}): Promise<number> {
    this.check(args, known.count);
    const selection = await planSelect(this.env, this.table, args);
    const run = startRun(this.env, selection.access, selection.limits);
    const counted = await countByAggregate(run, selection);
    if (counted !== null) return counted;
    return await this.run(run, this.admit(selection), countPlan);
  }

  async exists(args: ReadArgs = {}): Promise<boolean> {
    this.check(args, known.count);
    const selection = await this.select({ ...args, limit: 1 });
    return await this.run(startRun(this.env, selection.access, selection.limits), selection, existsPlan);
  }

  async explain(args: ReadArgs = {}): Promise<Awaited<ReturnType<typeof explainSelection>>> {
    const { rest, options } = this.explainable(args);
    const selection = await planSelect(this.env, this.table, rest, options);
    const explanation = explainSelection(this.env, selection, this.shape(rest, selection));
    return explainCount(this.env, selection, explanation);
  }

  async analyze(args: ReadArgs = {}): Promise<Awaited<ReturnType<typeof analyzeSelection>>> {
    const { rest, options, page } = this.explainable(args);
    const count = await beginCount(this.env);
    const selection = await planSelect(this.env, this.table, rest, options);
    const shape = this.shape(rest, selection);
    admitted(this.env, selection, suggestionsFor(this.env, selection.plan));
    return await analyzeSelection(this.env, selection, rest, shape, page, count);
  }

  private explainable(args: ReadArgs): { rest: ReadArgs; options: SelectOptions; page: unknown } {
    const paged = "paginationOpts" in args;
    this.check(args, paged ? known.paginate : known.findMany);
    const { paginationOpts: page, ...rest } = args;
    const options = paged ? { paged, pageSize: parsePageOptions(this.table.name, page).numItems } : {};
    return { rest, options, page };
  }

  /** The rows in their shape. */
  private async rows(args: ReadArgs): Promise<ShapedRow[]> {
    const selection = await this.select(args);
    const shape = this.shape(args, selection);
    const run = startRun(this.env, selection.access, selection.limits);
    return await shapeRows(run, await this.run(run, selection, executePlan), shape);
  }

  private async select(args: SelectArgs, options: SelectOptions = {}): Promise<Selection> {
    return this.admit(await planSelect(this.env, this.table, args, options));
  }

  private admit(selection: Selection): Selection {
    return selection.plan.refusal === null
      ? selection
      : admitted(this.env, selection, suggestionsFor(this.env, selection.plan));
  }

  private shape(args: ReadArgs, selection: Selection): RowShape {
    return parseShape(this.env, selection.access, this.table, args, selection.limits);
  }

  private run<T>(
    run: ReadRun,
    selection: Selection,
    work: (execution: Execution, plan: QueryPlan) => Promise<T>,
  ): Promise<T> {
    return runSelection(run, selection, work);
  }

  protected check(args: unknown, keys: ReadonlySet<string>): void {
    if (!isPlainObject(args)) {
      throw new OrmError("INVALID_VALUE", `arguments are an object, not ${describe(args)}`, { table: this.table.name });
    }
    for (const key of Object.keys(args)) {
      if (keys.has(key)) continue;
      throw new OrmError("INVALID_VALUE", `unknown argument "${key}"`, {
        table: this.table.name,
        path: key,
        hint: this.table.field(key) === null ? `Arguments: ${[...keys].join(", ")}.` : "Fields are named in `where`.",
      });
    }
  }

  private checkUnique(where: unknown): void {
    const fields = isPlainObject(where) ? Object.keys(where) : [];
    const isKey = (key: readonly string[]): boolean =>
      key.every((field) => fields.includes(field) && isEquality((where as ReadArgs)[field]));
    const keys = [["_id"], ...this.table.rules.unique.map((unique) => unique.fields)];
    if (keys.some(isKey)) return;
    const names = keys.map((key) => `{ ${key.join(", ")} }`).join(" or ");
    throw new OrmError("INVALID_WHERE", `findUnique names one row by ${names}`, {
      table: this.table.name,
      path: "where",
      hint: "Declare the fields under `unique`, or use findFirst.",
    });
  }
}

function isEquality(value: unknown): boolean {
  return value !== undefined && value !== null && (!isPlainObject(value) || "eq" in value);
}

/**
 * Runs a selection's plan. When a key set outgrows `maxProbes` the query is planned again with its relation filters
 * tested row by row, within `maxScan`.
 */
export async function runSelection<T>(
  run: ReadRun,
  selection: Selection,
  work: (execution: Execution, plan: QueryPlan) => Promise<T>,
): Promise<T> {
  const { plan } = selection;
  try {
    return await work(executionOf(run, plan), plan);
  } catch (error) {
    if (!(error instanceof TooManyKeys)) throw error;
    const again = withoutSemiJoins(run, selection);
    return await work(executionOf(run, again), again);
  }
}

/**
 * One page of a selection. A page that had to give its semi-joins up wrote its cursor for the plan without them, and a
 * cursor of a plan without order is of that plan alone: what the first plan refuses may be the other's. `attempt` is
 * told of each plan that is tried.
 */
export async function pageOf(
  run: ReadRun,
  selection: Selection,
  options: unknown,
  attempt: (execution: Execution, plan: QueryPlan) => void = () => undefined,
): Promise<PageResult<Document>> {
  const page = (execution: Execution, plan: QueryPlan): Promise<PageResult<Document>> => {
    attempt(execution, plan);
    return paginatePlan(execution, plan, options);
  };
  try {
    return await runSelection(run, selection, page);
  } catch (error) {
    const { plan } = selection;
    const foreign = error instanceof OrmError && error.code === "INVALID_CURSOR";
    if (!foreign || plan.keySets.length === 0 || plan.order.length > 0) throw error;
    const again = withoutSemiJoins(run, selection);
    return await page(executionOf(run, again), again);
  }
}

const withoutSemiJoins = (run: ReadRun, { request }: Selection): QueryPlan =>
  planQuery(run.env.catalog, { ...request, semiJoins: false, allowFullScan: true });

/** The whole documents of a selection. */
export async function selectDocuments(env: Env, selection: Selection): Promise<Document[]> {
  return await runSelection(startRun(env, selection.access, selection.limits), selection, executePlan);
}
