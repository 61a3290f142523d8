import { stream } from "convex-helpers/server/stream";
import type { Way } from "./case.js";
import type { TableName } from "./data.js";
import { betterMany } from "./products/better.js";
import { entsOf } from "./products/ents.js";
import { ormMany, type Args, type ArgsOf } from "./products/orm.js";
import schema from "./schema.js";

interface Bounds {
  eq(field: string, value: unknown): Bounds;
  gt(field: string, value: unknown): Bounds;
  gte(field: string, value: unknown): Bounds;
  lt(field: string, value: unknown): Bounds;
  lte(field: string, value: unknown): Bounds;
}
interface Rows {
  order(direction: "asc" | "desc"): Rows;
  take(count: number): Promise<{ _id: string }[]>;
  collect(): Promise<{ _id: string }[]>;
}
interface Tables {
  query(table: string): { withIndex(index: string, range: (q: Bounds) => Bounds): Rows };
}
type EntsFactory = (
  table: string,
  index: string,
  range: (q: Bounds) => Bounds,
) => Rows & PromiseLike<{ _id: string }[]>;

/** One index range, for the three that name their index themselves. */
export interface Range {
  readonly table: TableName;
  readonly index: string;
  readonly range?: (q: Bounds) => Bounds;
  readonly order?: "asc" | "desc";
  /** All without it. */
  readonly take?: number;
}

type Named = "by hand" | "convex-helpers" | "convex-ents";

/** The ways of those who name the index. */
export function ranged({ table, index, range = (q) => q, order = "asc", take }: Range): Readonly<Record<Named, Way>> {
  const read = async (rows: Rows) => {
    const ordered = rows.order(order);
    return (take === undefined ? await ordered.collect() : await ordered.take(take)).map((row) => row._id);
  };
  const from = (db: unknown) => read((db as Tables).query(table).withIndex(index, range));
  return {
    "by hand": (ctx) => from(ctx.db),
    "convex-helpers": (ctx) => from(stream(ctx.db, schema)),
    "convex-ents": async (ctx) => {
      const ordered = (entsOf(ctx) as unknown as EntsFactory)(table, index, range).order(
        order,
      ) as ReturnType<EntsFactory>;
      return (await (take === undefined ? ordered : ordered.take(take))).map((row) => row._id);
    },
  };
}

/** better-convex says `id` for `_id`, and several order keys in one object. */
const betterArgs = ({ orderBy, ...args }: Args): Args =>
  orderBy === undefined ? args : { ...args, orderBy: Array.isArray(orderBy) ? Object.assign({}, ...orderBy) : orderBy };

/** The ways of the two that are asked what is wanted; `better` where the words differ. */
export const asked = (table: TableName, args: ArgsOf, better: ArgsOf = args) => ({
  "convex-orm": ormMany(table, args),
  "better-convex": betterMany(table, (world) => betterArgs(typeof better === "function" ? better(world) : better)),
});
