import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { test } from "vitest";
import { defineRelations } from "../schema/relations.js";
import { buildCatalog } from "../schema/build.js";
import { parseWhere } from "../predicate/parse.js";
import { normalize } from "../predicate/normalize.js";
import { always, and } from "../predicate/types.js";
import { parseOrder } from "./order.js";
import { planQuery } from "./plan-query.js";
import { explainPlan } from "./explain.js";
import { defaultLimits } from "./limits.js";

const schema = defineSchema({
  users: defineTable({ name: v.string(), teamId: v.optional(v.id("teams")), age: v.optional(v.number()) }).index("by_name", ["name"]).index("by_team", ["teamId"]),
  teams: defineTable({ name: v.string() }).index("by_name", ["name"]),
  posts: defineTable({ authorId: v.id("users"), status: v.string(), title: v.string(), n: v.number(), pinned: v.boolean(), likes: v.optional(v.number()) })
    .index("by_author", ["authorId"]).index("by_status_n", ["status", "n"]).index("by_n_title", ["n", "title"]).index("by_pinned_n", ["pinned", "n"]).index("by_title", ["title"]).index("by_likes", ["likes"]),
});
const relations = defineRelations(schema, (r) => ({
  users: { team: r.one.teams({ from: "teamId" }), posts: r.many.posts({ to: "authorId" }) },
  posts: { author: r.one.users({ from: "authorId" }) },
}));
const catalog = buildCatalog(schema, relations);
function ex(args: any, paged = false) {
  const table = catalog.tables[args.t ?? "posts"]!;
  const w = parseWhere({ catalog, code: "INVALID_WHERE", visible: () => always, session: null, unrestricted: false }, table, args.where ?? {}, "where");
  const plan = planQuery(catalog, { table: table.name, where: normalize(and(w)), order: parseOrder(table, args.orderBy), limit: args.limit ?? null, offset: args.offset ?? 0, paged, allowFullScan: args.all ?? false, limits: defaultLimits });
  const e = explainPlan(catalog, plan);
  const { t, all, ...rest } = args;
  console.log((JSON.stringify(rest) + "\n" + e.text + "\n" + [...e.warnings, ...e.suggestions].map((s) => "  ! " + s).join("\n")).slice(0, 1500));
}
test("x", () => {
  ex({ where: { n: { gte: 5 }, status: "a" }, orderBy: { n: "asc" }, limit: 10 });
  ex({ where: { status: "a" }, orderBy: { n: "desc" }, limit: 10 });
  ex({ orderBy: [{ n: "asc" }, { title: "asc" }], limit: 10 });
  ex({ where: { status: { in: ["a", "b", "c"] } }, orderBy: { n: "asc" }, limit: 10 });
  ex({ where: { OR: [{ status: "a" }, { pinned: true }] }, orderBy: { n: "desc" }, limit: 10 });
  ex({ where: { OR: [{ status: "a", n: 4 }, { title: "x" }] } });
  ex({ where: { n: 5, OR: [{ status: "a" }, { title: { startsWith: "x" } }] } });
  ex({ where: { n: 5, title: { like: "x%" } } });
  ex({ where: { status: { ne: "a" } }, limit: 10 });
  ex({ where: { likes: { isNull: true } } });
  ex({ where: { _id: "abc", status: "a" } });
  ex({ where: { status: "a", title: { contains: "x" } }, limit: 10 });
  ex({ where: { title: { contains: "x" } }, limit: 10 });
  ex({ orderBy: { n: "asc" }, limit: 10, offset: 500 });
  ex({ orderBy: { n: "asc" }, limit: 10 });
  ex({ where: { author: { name: "x" } }, limit: 10 });
  ex({ where: { author: { team: { name: "x" } } }, orderBy: { n: "asc" }, limit: 10 });
  ex({ t: "users", where: { posts: { status: "a" } }, limit: 10 });
  ex({ t: "users", where: { team: { name: "c" }, age: { gt: 5 } } });
  ex({});
  ex({ where: { n: { in: Array.from({ length: 200 }, (_, i) => i) } } });
  ex({ where: { NOT: { OR: [{ n: 4 }, { title: { like: "a_b" } }] } }, limit: 5 });

  const time = (name: string, make: () => any) => {
    const table = catalog.tables.posts!;
    for (let i = 0; i < 3; i++) {
    const args = make();
    const a = performance.now();
    const w = parseWhere({ catalog, code: "INVALID_WHERE", visible: () => always, session: null, unrestricted: false }, table, args, "where");
    const b = performance.now();
    const n = normalize(and(w));
    const c = performance.now();
    const plan = planQuery(catalog, { table: table.name, where: n, order: parseOrder(table, { n: "asc" }), limit: 5, offset: 0, paged: false, allowFullScan: false, limits: defaultLimits });
    const d = performance.now();
    explainPlan(catalog, plan);
    console.log(name, "parse", (b - a).toFixed(1), "norm", (c - b).toFixed(1), "plan", (d - c).toFixed(1), "explain", (performance.now() - d).toFixed(1), plan.refusal?.code, plan.probes.length);
    }
  };
  time("or1000", () => ({ OR: Array.from({ length: 1000 }, (_, i) => (i % 2 ? { n: i } : { title: "x" + i, status: "q" })) }));
  time("chain", () => { let deep: any = { n: 1 };
  for (let i = 0; i < 30; i++) deep = i % 2 ? { OR: [{ n: i }, deep] } : { AND: [{ title: { gte: "a" } }, deep] }; return deep; });
  time("nasty", () => { let deep2: any = { n: 1 };
  for (let i = 0; i < 30; i++) deep2 = { OR: [{ n: i, status: "s" }, { AND: [{ OR: [{ title: "t" + i }, { likes: i }] }, deep2] }] }; return deep2; });
  time("simple", () => ({ n: { gte: 5 }, status: "a" }));
});
