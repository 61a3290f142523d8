/**
 * Random relation trees: filters three relations deep, under AND, OR and NOT, and loads three levels deep, over the
 * tables of the differential tests. Their rows hold ids of rows that are gone, null keys and absent ones.
 */
import fc from "fast-check";
import type { Arbitrary } from "fast-check";
import { condition, direction, fieldsOf, memo, order, TABLE_NAMES } from "../oracle/arbitrary.js";
import type { Dialect } from "../oracle/arbitrary.js";
import type { Where } from "../oracle/predicate.js";
import type { Load, Loads, Query } from "../oracle/query.js";
import { TABLES } from "../support/catalog.js";

const relationsOf = (table: string) => Object.entries(TABLES[table]!.relations);

const leaf = memo((table: string, dialect: Dialect): Arbitrary<Where> => {
  const own = fieldsOf(table, dialect).map(([path, spec]) =>
    condition(spec, dialect).map((given): Where => ({ [path]: given })),
  );
  return fc.oneof(...own);
});

/** A filter by relations, `hops` deep at most. */
export const relationFilter: (table: string, hops: number, dialect: Dialect) => Arbitrary<Where> = memo(
  (table: string, hops: number, dialect: Dialect) => {
    const choices = relationsOf(table).map(([name, { table: target }]) => {
      const own = leaf(target, dialect);
      const inner: { weight: number; arbitrary: Arbitrary<true | Where> }[] = [
        { weight: 1, arbitrary: fc.constant(true as const) },
        { weight: 3, arbitrary: own },
      ];
      if (hops > 1 && relationsOf(target).length > 0) {
        const deeper = relationFilter(target, hops - 1, dialect);
        inner.push(
          { weight: 4, arbitrary: deeper },
          { weight: 2, arbitrary: fc.tuple(own, deeper).map(([a, b]) => ({ ...a, ...b })) },
        );
      }
      return fc.oneof(...inner).map((given): Where => ({ [name]: given }));
    });
    const one = fc.oneof(...choices);
    const other = fc.oneof(leaf(table, dialect), one);
    return fc.oneof(
      { weight: 4, arbitrary: one },
      { weight: 2, arbitrary: one.map((part): Where => ({ NOT: part })) },
      { weight: 2, arbitrary: fc.array(other, { minLength: 1, maxLength: 3 }).map((parts): Where => ({ OR: parts })) },
      { weight: 2, arbitrary: fc.tuple(one, other, other).map((parts): Where => ({ AND: parts })) },
      { weight: 1, arbitrary: fc.tuple(one, other).map((parts): Where => ({ NOT: { OR: parts } })) },
      { weight: 2, arbitrary: fc.tuple(leaf(table, dialect), one).map(([a, b]): Where => ({ ...a, ...b })) },
    );
  },
);

/** Relations to load, `depth` levels deep at most. A cut comes with an order: without one any subset would do. */
const loads: (table: string, depth: number) => Arbitrary<Loads> = memo((table: string, depth: number) => {
  const one = relationsOf(table).map(([name, { kind, table: target }]) => {
    const filtered =
      relationsOf(target).length === 0
        ? leaf(target, "convex")
        : fc.oneof(leaf(target, "convex"), relationFilter(target, 1, "convex"));
    const inner: Arbitrary<Load> = fc
      .record({
        where: fc.option(filtered, { nil: undefined }),
        orderBy: fc.option(
          fc.oneof(
            order(target, "convex"),
            fc.tuple(fc.constant("_creationTime"), direction).map(([f, d]) => [{ [f]: d }]),
          ),
          { nil: undefined },
        ),
        limit: fc.option(fc.nat(3), { nil: undefined }),
        offset: fc.option(fc.nat(2), { nil: undefined, freq: 3 }),
        with: depth > 1 ? fc.option(loads(target, depth - 1), { nil: undefined, freq: 4 }) : fc.constant(undefined),
      })
      .map(({ limit, offset, ...rest }) => {
        const cut = kind === "many" && (rest.orderBy?.length ?? 0) > 0;
        const load = cut ? { ...rest, limit, offset } : rest;
        return Object.fromEntries(Object.entries(load).filter(([, value]) => value !== undefined)) as Load;
      });
    return fc
      .oneof({ weight: 1, arbitrary: fc.constant<true>(true) }, { weight: 3, arbitrary: inner })
      .map((given): Loads => ({ [name]: given }));
  });
  return fc
    .array(fc.oneof(...one), { minLength: 1, maxLength: 2 })
    .map((parts) => Object.assign({}, ...parts) as Loads);
});

const roots = TABLE_NAMES.filter((table) => relationsOf(table).length > 0);

/** Reads by relation filters, in an order, perhaps cut. */
export const filteredQuery: Arbitrary<Query> = fc.constantFrom(...roots).chain((table) =>
  fc
    .record({
      where: relationFilter(table, 3, "convex"),
      orderBy: fc.option(order(table, "convex"), { nil: undefined }),
      limit: fc.option(fc.nat(8), { nil: undefined, freq: 2 }),
    })
    .map((asked) => ({ table, ...asked }) as Query),
);

/** Reads that load relations. */
export const loadedQuery: Arbitrary<Query> = fc.constantFrom(...roots).chain((table) =>
  fc
    .record({
      where: fc.option(leaf(table, "convex"), { nil: undefined, freq: 2 }),
      orderBy: fc.option(order(table, "convex"), { nil: undefined }),
      with: loads(table, 3),
    })
    .map(
      (asked) =>
        Object.fromEntries(
          Object.entries({ table, ...asked }).filter(([, value]) => value !== undefined),
        ) as unknown as Query,
    ),
);

/** Filters that mean the same in PostgreSQL. */
export const portableFilter: Arbitrary<{ table: string; where: Where }> = fc
  .constantFrom(...roots)
  .chain((table) => relationFilter(table, 3, "portable").map((where) => ({ table, where })));
