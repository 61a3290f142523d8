import type { FilterExpression, GenericActionCtx, GenericDataModel, VectorFilterBuilder } from "convex/server";
import { OrmError } from "../errors.js";
import { limitNames } from "../planner/limits.js";
import type { ReadArgs } from "../executor/reader.js";
import type { ShapedRow } from "../executor/relations/shape.js";
import type { TableInfo } from "../schema/catalog.js";
import type { HydratedRow, NearestArgs, NearestPlan } from "./hydrate.js";
import { mostNearest, parseVectorSearch, type VectorFilter } from "./vector.js";

export type VectorCtx = Pick<GenericActionCtx<GenericDataModel>, "vectorSearch">;

/** The transactions that an action's vector search asks for. */
export interface NearestHost {
  plan(index: string, args: NearestArgs): Promise<NearestPlan>;
  rows(ids: readonly string[], limit: number, args: NearestArgs): Promise<HydratedRow[]>;
}

const known = new Set(["vectorSearch", "where", "with", "columns", "withDeleted", ...limitNames]);

/**
 * The rows nearest to a vector, in similarity order, read back in one transaction under the caller's policies. While
 * rows that are gone or filtered out leave the limit unfilled, twice as many are searched for, up to the platform's
 * 256.
 *
 * @throws OrmError `INVALID_VALUE` and `INVALID_ORDER` before the platform is asked.
 */
export async function findNearest(
  ctx: VectorCtx,
  table: TableInfo,
  host: NearestHost,
  args: ReadArgs,
): Promise<ShapedRow[]> {
  checkArguments(table, args);
  const { vectorSearch, ...read } = args;
  const { index, vector, limit, filter, includeScore } = parseVectorSearch(table, vectorSearch);
  const wanted: NearestArgs = { read, filter };
  const plan = await host.plan(index.name, wanted);
  if (plan.empty) return [];
  for (let most = limit; ; most = Math.min(mostNearest, most * 2)) {
    const near = await ctx.vectorSearch(table.name, index.name, {
      vector: [...vector],
      limit: most,
      ...(plan.filter === null ? {} : { filter: (q) => expression(q, plan.filter!) }),
    });
    const rows = await host.rows(
      near.map(({ _id }) => _id),
      limit,
      wanted,
    );
    if (rows.length < limit && near.length >= most && most < mostNearest) continue;
    if (!includeScore) return rows.map(({ row }) => row);
    const scores = new Map<string, number>(near.map(({ _id, _score }) => [_id, _score]));
    return rows.map(({ id, row }) => ({ ...row, _score: scores.get(id)! }));
  }
}

type Builder = VectorFilterBuilder<never, never>;

function expression(q: unknown, filter: VectorFilter): FilterExpression<boolean> {
  const builder = q as Builder;
  const parts = filter.map(([field, value]) => builder.eq(field as never, value as never));
  return parts.length === 1 ? parts[0]! : builder.or(...parts);
}

function checkArguments(table: TableInfo, args: ReadArgs): void {
  for (const key of Object.keys(args)) {
    if (known.has(key)) continue;
    const order = key === "orderBy";
    const hint =
      key === "limit"
        ? "It stands inside vectorSearch: { limit }."
        : order
          ? "Leave orderBy out, or sort the rows that come back."
          : `Arguments: ${[...known].join(", ")}, extras.`;
    throw new OrmError(
      order ? "INVALID_ORDER" : "INVALID_VALUE",
      order ? "vector search gives rows in similarity order" : `a vector search takes no "${key}"`,
      {
        table: table.name,
        path: key,
        hint,
      },
    );
  }
}
