/** Planning effort is bounded, whatever the filter: each of these plans or is refused within 20 ms. */
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { expect, test } from "vitest";
import { normalize } from "../predicate/normalize.js";
import { parseWhere } from "../predicate/parse.js";
import { always } from "../predicate/types.js";
import { buildCatalog } from "../schema/build.js";
import { defineRelations } from "../schema/relations.js";
import { defaultLimits } from "./limits.js";
import { parseOrder } from "./order.js";
import { planQuery } from "./plan-query.js";
import type { QueryPlan } from "./plan.js";

const schema = defineSchema({
  posts: defineTable({
    status: v.string(),
    title: v.string(),
    n: v.number(),
    pinned: v.boolean(),
    likes: v.optional(v.number()),
  })
    .index("by_status_n", ["status", "n"])
    .index("by_n_title", ["n", "title"])
    .index("by_pinned_n", ["pinned", "n"])
    .index("by_title", ["title"])
    .index("by_likes", ["likes"]),
});
type Filter = Readonly<Record<string, unknown>>;

/** Plans in a catalog of its own, so that no choice is remembered. Processor time, for the machine may be shared; the best of several runs. */
function plan(where: Filter, orderBy?: Filter): { plan: QueryPlan; ms: number } {
  let best = Infinity;
  let last: QueryPlan | null = null;
  for (let run = 0; run < 15; run++) {
    const catalog = buildCatalog(
      schema,
      defineRelations(schema, () => ({})),
    );
    const table = catalog.tables["posts"]!;
    const started = process.cpuUsage();
    const scope = {
      catalog,
      code: "INVALID_WHERE",
      visible: () => always,
      session: null,
      unrestricted: false,
    } as const;
    const predicate = normalize(parseWhere(scope, table, where, "where"));
    last = planQuery(catalog, {
      table: "posts",
      where: predicate,
      order: parseOrder(table, orderBy),
      limit: 10,
      offset: 0,
      paged: false,
      allowFullScan: false,
      limits: defaultLimits,
    });
    const { user, system } = process.cpuUsage(started);
    best = Math.min(best, (user + system) / 1_000);
  }
  return { plan: last!, ms: best };
}

const chain = (levels: number, link: (i: number, inner: Filter) => Filter): Filter => {
  let filter: Filter = { n: 1 };
  for (let i = 0; i < levels; i++) filter = link(i, filter);
  return filter;
};

test("an OR of 1,000 values of one field", () => {
  const { plan: made, ms } = plan({ OR: Array.from({ length: 1_000 }, (_, i) => ({ n: i })) });
  expect(made.refusal).toMatchObject({ code: "TOO_MANY_PROBES", probes: 1_000 });
  expect(ms).toBeLessThan(20);
});

test("an OR of 1,000 branches across fields", () => {
  const { plan: made, ms } = plan({
    OR: Array.from({ length: 1_000 }, (_, i) =>
      i % 2 === 0 ? { title: `x${i}`, status: "q" } : { n: i, status: "r" },
    ),
  });
  expect(made.refusal?.code).toBe("TOO_MANY_PROBES");
  expect(ms).toBeLessThan(20);
});

test("a tree of 30 levels plans", () => {
  const { plan: made, ms } = plan(
    chain(30, (i, inner) => (i % 2 === 0 ? { AND: [{ title: { gte: "a" } }, inner] } : { OR: [{ n: i }, inner] })),
  );
  expect(made.refusal).toBeNull();
  expect(made.probes.length).toBe(16);
  expect(ms).toBeLessThan(20);
});

test("a tree of 30 levels with an OR in every branch plans by its outermost", () => {
  const nasty = chain(30, (i, inner) => ({
    OR: [{ n: i, status: "s" }, { AND: [{ OR: [{ title: `t${i}` }, { likes: i }] }, inner] }],
  }));
  const { plan: made, ms } = plan(nasty, { n: "asc" });
  expect(made.refusal).toBeNull();
  expect(made.probes.length).toBe(5);
  expect(ms).toBeLessThan(20);
});

test("plans are frozen all the way down", () => {
  const { plan: made } = plan(
    {
      OR: [
        { status: "a", n: { gt: 3 } },
        { title: { contains: "x" }, n: 4 },
      ],
    },
    { n: "asc" },
  );
  const frozen = (value: unknown): boolean =>
    typeof value !== "object" ||
    value === null ||
    value instanceof ArrayBuffer ||
    (Object.isFrozen(value) && Object.values(value).every(frozen));
  expect(frozen(made)).toBe(true);
});

test("a remembered choice gives the plan that comparing all gave", () => {
  const catalog = buildCatalog(
    schema,
    defineRelations(schema, () => ({})),
  );
  const table = catalog.tables["posts"]!;
  const scope = { catalog, code: "INVALID_WHERE", visible: () => always, session: null, unrestricted: false } as const;
  const request = (where: Filter) => ({
    table: "posts",
    where: normalize(parseWhere(scope, table, where, "where")),
    order: parseOrder(table, { n: "asc" }),
    limit: 10,
    offset: 0,
    paged: false,
    allowFullScan: false,
    limits: defaultLimits,
  });
  const first = planQuery(catalog, request({ status: "a", OR: [{ n: { gt: 3 } }, { title: "x", n: 4 }] }));
  const again = planQuery(catalog, request({ status: "a", OR: [{ n: { gt: 3 } }, { title: "x", n: 4 }] }));
  expect(again).toEqual(first);
  const other = planQuery(catalog, request({ status: "b", OR: [{ n: { gt: 8 } }, { title: "y", n: 1 }] }));
  expect(other.probes.map((p) => p.kind === "range" && p.index)).toEqual(
    first.probes.map((p) => p.kind === "range" && p.index),
  );
});
