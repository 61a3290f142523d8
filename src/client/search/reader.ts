import { OrmError } from "../errors.js";
import { describe, parseWhere } from "../predicate/parse.js";
import type { TableInfo } from "../schema/catalog.js";
import { beginCount } from "../executor/analyze.js";
import { parsePageOptions } from "../executor/page-options.js";
import type { PageResult } from "../executor/pages.js";
import { known, TableReader, type ReadArgs } from "../executor/reader.js";
import { parseShape, type RowShape } from "../executor/relations/parse.js";
import { shapeRows } from "../executor/relations/load.js";
import type { ShapedRow } from "../executor/relations/shape.js";
import { startRun } from "../executor/run.js";
import { planSelectWith, userScope, type Selection } from "../executor/select.js";
import { searchRows, type OnTruncated } from "./execute.js";
import { analyzeSearch, explainSearch } from "./explain.js";
import { searchPage } from "./page.js";
import { parseSearch } from "./parse.js";
import { OrmStream } from "./stream.js";
import { planSearch, type SearchPlan } from "./plan.js";

const streamKeys = new Set([...known.count, "orderBy"]);

/** A search with everything decided but the values that it will find. */
export interface Search {
  readonly selection: Selection;
  readonly plan: SearchPlan;
  readonly shape: RowShape;
  readonly onTruncated: OnTruncated;
}

/** `db.query.T` with `search`: everything else is the table reader's own. */
export class SearchReader extends TableReader {
  override async findMany(args: ReadArgs = {}): Promise<ShapedRow[]> {
    if (!isSearch(this.table, args)) return await super.findMany(args);
    return await this.found(args);
  }

  override async findFirst(args: ReadArgs = {}): Promise<ShapedRow | null> {
    if (!isSearch(this.table, args)) return await super.findFirst(args);
    this.check(searchless(args), known.findFirst);
    return (await this.found({ ...args, limit: 1 }))[0] ?? null;
  }

  override async paginate(args: ReadArgs): Promise<PageResult<ShapedRow>> {
    if (!isSearch(this.table, args)) return await super.paginate(args);
    const { paginationOpts, ...rest } = args;
    this.check(searchless(args), known.paginate);
    const search = await this.search(rest);
    const { plan, selection } = search;
    const run = startRun(this.env, selection.access, selection.limits);
    const options = parsePageOptions(this.table.name, paginationOpts);
    const page = await searchPage(run, plan, options, search.onTruncated);
    return { ...page, page: await shapeRows(run, page.page, search.shape) };
  }

  override async explain(args: ReadArgs = {}): ReturnType<TableReader["explain"]> {
    if (!isSearch(this.table, args)) return await super.explain(args);
    const { plan, selection, shape } = await this.explained(args);
    return explainSearch(this.env, selection, plan, shape);
  }

  override async analyze(args: ReadArgs = {}): ReturnType<TableReader["analyze"]> {
    if (!isSearch(this.table, args)) return await super.analyze(args);
    const { paginationOpts, ...rest } = args;
    const count = await beginCount(this.env);
    const search = await this.explained(args);
    return await analyzeSearch(
      this.env,
      search,
      rest,
      async (run) => {
        if (!("paginationOpts" in args)) return await searchRows(run, search.plan, search.onTruncated);
        const options = parsePageOptions(this.table.name, paginationOpts);
        const page = await searchPage(run, search.plan, options, search.onTruncated);
        return { rows: page.page, truncated: false };
      },
      count,
    );
  }

  /** The rows as a convex-helpers stream. Reads nothing, and but for unknown arguments throws nothing, before it is used. */
  stream(args: ReadArgs = {}): OrmStream {
    this.check(args, streamKeys);
    return new OrmStream(this.env, this.table, args);
  }

  private async found(args: ReadArgs): Promise<ShapedRow[]> {
    this.check(searchless(args), known.findMany);
    const { plan, selection, shape, onTruncated } = await this.search(args);
    const run = startRun(this.env, selection.access, selection.limits);
    const { rows } = await searchRows(run, plan, onTruncated);
    return await shapeRows(run, rows, shape);
  }

  private async explained(args: ReadArgs): Promise<Search> {
    const { paginationOpts, ...rest } = args;
    const paged = "paginationOpts" in args;
    this.check(searchless(args), paged ? known.paginate : known.findMany);
    return await this.search(rest, paged ? parsePageOptions(this.table.name, paginationOpts).numItems : undefined);
  }

  /** `pageSize` is for the estimate that `explain` shows. */
  private async search(args: ReadArgs, pageSize?: number): Promise<Search> {
    const { env, table } = this;
    refuseOrder(table, args["orderBy"]);
    const request = parseSearch(table, args["search"]);
    const onTruncated = onTruncatedOf(table, args["onTruncated"]);
    const access = await env.access({ table, args });
    const also = parseWhere(userScope(env, access), table, request.filters, "search -> filters");
    const selection = planSelectWith(env, access, table, searchless(args), {
      also,
      ...(pageSize === undefined ? {} : { pageSize }),
    });
    const plan = planSearch(table, request, selection.request);
    return { selection, plan, shape: parseShape(env, selection.access, table, args, selection.limits), onTruncated };
  }
}

/** Arguments without those that only a search has. */
function searchless({ search: _search, onTruncated: _onTruncated, ...rest }: ReadArgs): ReadArgs {
  return rest;
}

function isSearch(table: TableInfo, args: unknown): args is ReadArgs {
  if (typeof args !== "object" || args === null) return false;
  if ("vectorSearch" in args) {
    throw new OrmError("INVALID_VALUE", "vector search runs in actions only", {
      table: table.name,
      path: "vectorSearch",
      hint: "Call findMany({ vectorSearch }) with the context of an action.",
    });
  }
  return "search" in args;
}

function refuseOrder(table: TableInfo, orderBy: unknown): void {
  if (orderBy === undefined) return;
  throw new OrmError("INVALID_ORDER", "search results come in relevance order", {
    table: table.name,
    path: "orderBy",
    hint: "Leave orderBy out, or sort the rows that come back.",
  });
}

function onTruncatedOf(table: TableInfo, value: unknown): OnTruncated {
  if (value === undefined || value === "return" || value === "throw") return value ?? "return";
  throw new OrmError("INVALID_VALUE", `onTruncated is "return" or "throw", not ${describe(value)}`, {
    table: table.name,
    path: "onTruncated",
  });
}
