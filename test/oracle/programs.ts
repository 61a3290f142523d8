/**
 * Random whole reads: a filter with an order, a cut, columns and relations. A third of them are cut to a declared
 * index, for that is where a planner makes its choices.
 */
import fc from "fast-check";
import type { Arbitrary } from "fast-check";
import schema from "../support/schema.js";
import { TABLES } from "../support/catalog.js";
import { bare, condition, direction, fieldsOf, memo, merge, order, TABLE_NAMES, where } from "./arbitrary.js";
import type { Condition, Dialect } from "./arbitrary.js";
import type { Where } from "./predicate.js";
import type { Load, Loads, Order, Query } from "./query.js";

type Shape = { where: Where; orderBy: Order };

/** Filters and orders cut to an index: a pinned prefix, perhaps a range, an order by what follows, perhaps more. */
const indexShaped = memo((table: string, dialect: Dialect): Arbitrary<Shape> | null => {
  const specs = new Map(fieldsOf(table, dialect));
  const tables = schema.tables as unknown as Record<string, { " indexes"(): { fields: string[] }[] }>;
  const declared = tables[table]![" indexes"]();
  const indexes = declared
    .map((index) => index.fields.filter((field) => field !== "_creationTime" && field !== "_id"))
    .filter((fields) => fields.every((field) => specs.has(field)));
  if (indexes.length === 0) return null;
  return fc.constantFrom(...indexes).chain((fields) =>
    fc.integer({ min: 0, max: fields.length }).chain((pinned) => {
      const pins = fields.slice(0, pinned).map((field) => {
        const value = fc.constantFrom(...specs.get(field)!.operands);
        const given: Arbitrary<Condition> = fc.oneof(
          { weight: 4, arbitrary: value.map((x) => (bare(x) ? x : { eq: x })) },
          { weight: 2, arbitrary: fc.array(value, { minLength: 1, maxLength: 4 }).map((list) => ({ in: list })) },
          { weight: 1, arbitrary: fc.constant({ isNull: true }) },
        );
        return given.map((x): Where => ({ [field]: x }));
      });
      const next = fields[pinned];
      const range =
        next === undefined
          ? fc.constant<Where>({})
          : fc.oneof(
              fc.constant<Where>({}),
              condition(specs.get(next)!, dialect).map((x): Where => ({ [next]: x })),
            );
      const rest = fc.oneof(
        { weight: 3, arbitrary: fc.constant<Where>({}) },
        { weight: 1, arbitrary: where(table, dialect, 1) },
      );
      const wanted = fc
        .tuple(fc.nat(fields.length), fc.integer({ min: 0, max: fields.length + 1 }), direction)
        .map(([from, until, way]) =>
          [...fields, "_creationTime", "_id"].slice(from, until + 1).map((key) => ({ [key]: way })),
        );
      return fc
        .tuple(range, fc.tuple(...pins), rest, fc.oneof(wanted, order(table, dialect)), fc.integer({ min: 0, max: 2 }))
        .map(([between, pinnedParts, also, orderBy, way]): Shape => {
          // Keys are written in another order than the index has, and sometimes under AND: it must not matter.
          const parts = [between, ...[...pinnedParts].reverse()];
          if (way === 0) return { where: { AND: [...parts, also] }, orderBy };
          return { where: way === 1 ? { ...also, ...merge(parts) } : { ...merge(parts), AND: [also] }, orderBy };
        });
    }),
  );
});

const seldom = <T>(arbitrary: Arbitrary<T>): Arbitrary<T | undefined> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary });

/** The columns that come back: never none. */
const columns = memo((table: string): Arbitrary<{ readonly [field: string]: true }> =>
  fc
    .subarray(["_id", "_creationTime", ...TABLES[table]!.fields], { minLength: 1 })
    .map((names) => Object.fromEntries(names.map((name) => [name, true as const]))),
);

/** Relations to load, two levels deep at most. A limit comes with an order: without one any subset would do. */
const loads: (table: string, dialect: Dialect, depth: number) => Arbitrary<Loads> = memo((table, dialect, depth) => {
  const relations = Object.entries(TABLES[table]!.relations);
  const one = relations.map(([name, relation]) => {
    const part = {
      where: seldom(where(relation.table, dialect, 1, 1)),
      columns: seldom(columns(relation.table)),
      with: depth > 1 ? loads(relation.table, dialect, depth - 1) : fc.constant({}),
    };
    const keys = order(relation.table, dialect);
    const whole: Arbitrary<Load> = fc.record({ ...part, orderBy: keys });
    const cut: Arbitrary<Load> = fc.record({
      ...part,
      orderBy: keys.filter((order) => order.length > 0),
      limit: fc.nat(3),
      offset: seldom(fc.nat(2)),
    });
    const inner = (relation.kind === "one" ? whole : fc.oneof(whole, cut)).map(tidy);
    return fc.oneof(fc.constant<true>(true), inner).map((given): Loads => ({ [name]: given }));
  });
  return fc.array(fc.oneof(...one), { maxLength: 2 }).map((parts) => Object.assign({}, ...parts) as Loads);
});

/** A load without the parts that ask nothing. */
function tidy<T extends Load>(load: T): T {
  const asked = Object.entries(load).filter(([, value]) => {
    if (value === undefined) return false;
    return Array.isArray(value)
      ? value.length > 0
      : typeof value !== "object" || Object.keys(value as object).length > 0;
  });
  return Object.fromEntries(asked) as T;
}

/** One whole read. Tables with many indexes come oftener. */
export function query(dialect: Dialect): Arbitrary<Query> {
  const busy = ["users", "users", "users", "posts", "posts", "posts", "comments", ...TABLE_NAMES];
  return fc.constantFrom(...busy).chain((table) => queryOf(table, dialect));
}

const queryOf = memo((table: string, dialect: Dialect): Arbitrary<Query> => {
  const free = fc.record({ where: where(table, dialect), orderBy: order(table, dialect) });
  const shaped = indexShaped(table, dialect);
  const both = shaped === null ? free : fc.oneof(free, shaped);
  return fc
    .record({
      asked: both,
      limit: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(12) }),
      offset: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(6) }),
      columns: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: columns(table) }),
      with: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: loads(table, dialect, 2) }),
    })
    .map(({ asked, ...rest }) => tidy({ table, ...asked, ...rest }));
});
