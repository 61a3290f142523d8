import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import { normalize } from "../predicate/normalize.js";
import { parseWhere } from "../predicate/parse.js";
import { always } from "../predicate/types.js";
import { buildCatalog } from "../schema/build.js";
import { defineRelations } from "../schema/relations.js";
import { explainPlan } from "./explain.js";
import { defaultLimits } from "./limits.js";
import { parseOrder } from "./order.js";
import { planQuery } from "./plan-query.js";

const schema = defineSchema({
  people: defineTable({ email: v.string(), org: v.string(), age: v.number(), name: v.string() })
    .index("by_email", ["email"])
    .index("by_email_and_org", ["email", "org"])
    .index("by_org", ["org"]),
});
const catalog = buildCatalog(
  schema,
  defineRelations(schema, () => ({})),
  { people: { unique: { email: ["email"] } } },
);
const people = catalog.tables["people"]!;

function explained(where: object, orderBy?: object, limit: number | null = null) {
  const scope = { catalog, code: "INVALID_WHERE", visible: () => always, session: null, unrestricted: false } as const;
  const plan = planQuery(catalog, {
    table: "people",
    where: normalize(parseWhere(scope, people, where, "where")),
    order: parseOrder(people, orderBy),
    limit,
    offset: 0,
    paged: false,
    allowFullScan: false,
    limits: defaultLimits,
  });
  return explainPlan(catalog, plan);
}
const indexes = (where: object): string[] =>
  explained(where).plan.probes.map((probe) => (probe.kind === "range" ? probe.index : "get"));

describe("between paths of equal cost", () => {
  test("the longer prefix wins: nothing is left to test", () => {
    expect(indexes({ email: "a", org: "b" })).toEqual(["by_email_and_org"]);
    expect(indexes({ email: "a", name: "b" })).toEqual(["by_email"]);
  });
});

describe("what a query watches ends at the limit", () => {
  const watches = (orderBy?: object, limit: number | null = null) =>
    explained({ org: "x" }, orderBy, limit).plan.watches;
  test("where an index delivers the rows as they are wanted", () => {
    expect(watches(undefined, 5)).toMatchObject([{ index: "by_org", untilLimit: true }]);
    expect(watches({ _creationTime: "asc" }, 5)).toMatchObject([{ index: "by_org", untilLimit: true }]);
  });
  test("not without a limit, nor where everything is read and sorted", () => {
    expect(watches()).toMatchObject([{ index: "by_org", untilLimit: false }]);
    expect(watches({ age: "asc" }, 5)).toMatchObject([{ index: "by_org", untilLimit: false }]);
  });
});
