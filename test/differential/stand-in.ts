/**
 * Subjects that stand in for the product: one that is right by construction, and many that each have a bug of the
 * kind that planners have. The harness must pass the first and find every other.
 */
import { compareValues } from "convex/values";
import type { Value } from "convex/values";
import { isNullish, semantics, valueAt } from "../oracle/predicate.js";
import type { Row, Semantics, TableMeta, World } from "../oracle/predicate.js";
import { comparator, count, exists, findMany, matching } from "../oracle/query.js";
import type { Load, Order, Query, Shaped } from "../oracle/query.js";
import type { Subject } from "./judge.js";

/** Answers from the oracle, pages by position. */
export function standIn(world: World): Subject {
  const walked = new WeakMap<Query, Shaped[]>();
  return {
    findMany: async (query) => findMany(world, query),
    findFirst: async (query) => findMany(world, { ...query, limit: 1 })[0] ?? null,
    count: async (query) => count(world, query),
    exists: async (query) => exists(world, query),
    paginate: async (query, numItems, cursor) => {
      const from = Number(cursor ?? 0);
      const rows = walked.get(query) ?? findMany(world, query);
      walked.set(query, rows);
      return {
        page: rows.slice(from, from + numItems),
        isDone: from + numItems >= rows.length,
        continueCursor: String(from + numItems),
      };
    },
  };
}

type Bug = (world: World) => Subject;
const over =
  (make: (world: World, good: Subject) => Partial<Subject>): Bug =>
  (world) => {
    const good = standIn(world);
    return { ...good, ...make(world, good) };
  };

/** Wrong meaning of a filter: the rows come from a predicate with other semantics. */
const misread = (meaning: Partial<Semantics>): Bug =>
  over((world) => ({
    findMany: async (query) => {
      const ids = new Set(matching(world, query, { ...semantics, ...meaning }).map((row) => row["_id"]));
      const rows = (world.rows[query.table] ?? []).filter((row) => ids.has(row["_id"]));
      const { where: _, ...rest } = query;
      return findMany({ ...world, rows: { ...world.rows, [query.table]: rows } }, rest);
    },
  }));
const operators = (changed: Semantics["operators"]): Bug =>
  misread({ operators: { ...semantics.operators, ...changed } });

/** Wrong order: all rows are read as the oracle reads them and sorted by another comparison. */
const missort = (compare: (left: Row, right: Row, order: Order) => number): Bug =>
  over((world) => ({
    findMany: async (query) => {
      if (!query.orderBy?.length) return findMany(world, query);
      const { limit, offset = 0, orderBy, columns: _, with: __, ...bare } = query;
      const rows = findMany(world, bare).sort((a, b) => compare(a as Row, b as Row, orderBy));
      const ids = rows.slice(offset, limit === undefined ? undefined : offset + limit).map((row) => row["_id"]);
      const shaped = findMany(world, {
        ...bare,
        ...(query.columns && { columns: query.columns }),
        with: query.with ?? {},
      });
      const plain = findMany(world, bare);
      return ids.map((id) => shaped[plain.findIndex((row) => row["_id"] === id)]!);
    },
  }));
const byKeys =
  (order: Order, compare: (left: Value | undefined, right: Value | undefined) => number) =>
  (left: Row, right: Row): number => {
    const keys = order.flatMap((key) => Object.entries(key));
    const ways = [...keys, ["_creationTime", keys.at(-1)![1]] as const];
    for (const [field, way] of ways) {
      const sign = compare(valueAt(left, field), valueAt(right, field));
      if (sign !== 0) return way === "asc" ? sign : -sign;
    }
    return 0;
  };

const withMeta = (world: World, change: (meta: TableMeta) => TableMeta): World => ({
  ...world,
  tables: Object.fromEntries(Object.entries(world.tables).map(([name, meta]) => [name, change(meta)])),
});

export const BUGS: { readonly [what: string]: Bug } = {
  "the last row is lost": over((_, good) => ({ findMany: async (q) => (await good.findMany(q)).slice(0, -1) })),
  "a row comes twice": over((_, good) => ({
    findMany: async (q) => {
      const rows = await good.findMany(q);
      return rows.length > 2 ? [...rows.slice(0, -1), rows[0]!] : rows;
    },
  })),
  "the limit comes before the filter": over((world) => ({
    findMany: async (query) => {
      if (query.limit === undefined) return findMany(world, query);
      const { where: _, with: __, columns: ___, ...all } = query;
      const ids = new Set(findMany(world, all).map((row) => row["_id"]));
      const rows = world.rows[query.table]!.filter((row) => ids.has(row["_id"]!));
      return findMany({ ...world, rows: { ...world.rows, [query.table]: rows } }, query);
    },
  })),
  "the offset is forgotten": over((world) => ({ findMany: async ({ offset: _, ...q }) => findMany(world, q) })),
  "no limit means ten": over((world) => ({ findMany: async (q) => findMany(world, { limit: 10, ...q }) })),
  "the second order key is dropped": missort((a, b, order) => comparator(order.slice(0, 1))!(a, b)),
  "ties ascend under a descending key": missort((a, b, order) => {
    const keys = [...order, { _creationTime: "asc" as const }];
    return comparator(keys)!(a, b);
  }),
  "absent and null tie": missort((a, b, order) => byKeys(order, (x, y) => compareValues(x ?? null, y ?? null))(a, b)),
  "strings sort by UTF-16": missort((a, b, order) =>
    byKeys(order, (x, y) =>
      typeof x === "string" && typeof y === "string" ? (x < y ? -1 : x > y ? 1 : 0) : compareValues(x, y),
    )(a, b),
  ),
  "0 and -0 tie": missort((a, b, order) =>
    byKeys(order, (x, y) => (x === 0 && y === 0 ? 0 : compareValues(x, y)))(a, b),
  ),
  "int64 and float64 interleave": missort((a, b, order) =>
    byKeys(order, (x, y) => {
      const numeric = (value: unknown): boolean => typeof value === "bigint" || typeof value === "number";
      return numeric(x) && numeric(y) && x! != y! ? (x! < y! ? -1 : 1) : compareValues(x, y);
    })(a, b),
  ),
  "NOT unknown is true": misread({ not: (truth) => truth !== true }),
  "an absent field is unequal": misread({
    isUnknown: (operator, value, operand) => operator !== "ne" && semantics.isUnknown(operator, value, operand),
    operators: {
      ...semantics.operators,
      ne: (value, operand) => isNullish(value) || semantics.operators["ne"]!(value, operand),
    },
  }),
  "gt crosses types": operators({ gt: (value, operand) => compareValues(value, operand as Value) > 0 }),
  "lt crosses types": operators({ lt: (value, operand) => compareValues(value, operand as Value) < 0 }),
  "ne sees its own type only": operators({
    ne: (value, operand) => typeof value === typeof operand && compareValues(value, operand as Value) !== 0,
  }),
  "eq takes 0 for -0": operators({ eq: (v, o) => v === o || compareValues(v, o as Value) === 0 }),
  "NaN differs from itself": operators({ eq: (v, o) => !Number.isNaN(v) && compareValues(v, o as Value) === 0 }),
  "isNull misses absent fields": operators({ isNull: (value) => value === null }),
  "startsWith is contains": operators({ startsWith: semantics.operators["contains"]! }),
  "null joins null": misread({ joins: (a, b) => semantics.joins(a, b) || (isNullish(a) && isNullish(b)) }),
  "soft-deleted rows show": (world) => standIn(withMeta(world, ({ fields, relations }) => ({ fields, relations }))),
  "a limit on related rows is for all parents": over((world) => ({
    findMany: async (query) => {
      const left = new Map<string, number>();
      return findMany(world, query).map((row) => {
        const cut: Record<string, unknown> = { ...row };
        for (const [name, asked] of Object.entries(query.with ?? {})) {
          const { limit } = (asked === true ? {} : asked) as Load;
          if (limit === undefined || !Array.isArray(cut[name])) continue;
          cut[name] = (cut[name] as Shaped[]).slice(0, left.get(name) ?? limit);
          left.set(name, (left.get(name) ?? limit) - (cut[name] as Shaped[]).length);
        }
        return cut;
      });
    },
  })),
  "_id comes unasked": over((_, good) => ({
    findMany: async (query) =>
      query.columns === undefined || query.with !== undefined
        ? good.findMany(query)
        : good.findMany({ ...query, columns: { ...query.columns, _id: true } }),
  })),
  "count stops at five": over((_, good) => ({ count: async (q: Query) => Math.min(5, await good.count(q)) })),
  "exists sees the unfiltered table": over((_, good) => ({ exists: ({ table }) => good.exists({ table }) })),
  "findFirst forgets the order": over((_, good) => ({ findFirst: ({ orderBy: __, ...q }) => good.findFirst(q) })),
  "pages after the first start one late": over((_, good) => ({
    paginate: (query, size, cursor) => good.paginate(query, size, cursor === null ? null : String(Number(cursor) + 1)),
  })),
  "pages after the first repeat a row": over((_, good) => ({
    paginate: (query, size, cursor) =>
      good.paginate(query, size, cursor === null || size === 1 ? cursor : String(Math.max(0, Number(cursor) - 1))),
  })),
  "a page resumes after the order key's ties": over((world, good) => ({
    paginate: async (query, size, cursor) => {
      const rows = matching(world, query);
      let from = Number(cursor ?? 0);
      const field = Object.keys(query.orderBy?.[0] ?? {})[0];
      while (field !== undefined && from > 0 && from < rows.length) {
        if (compareValues(valueAt(rows[from - 1]!, field), valueAt(rows[from]!, field)) !== 0) break;
        from++;
      }
      return good.paginate(query, size, String(from));
    },
  })),
  "pages never end": over((_, good) => ({
    paginate: async (query, size, cursor) => ({ ...(await good.paginate(query, size, cursor)), isDone: false }),
  })),
};
