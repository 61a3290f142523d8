/**
 * The advisor, held to its word: each shape is asked of a table without indexes; the indexes that it names are added, and
 * the same query must then read what the shape's target allows.
 */
import { convexTest } from "convex-test";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { Orm, defineRelations } from "convex-orm";
import { expect, test } from "vitest";
import { components } from "./fixture.js";

const rowsInTable = 2_000;
const fields = {
  status: v.string(),
  lang: v.string(),
  title: v.string(),
  rank: v.number(),
  score: v.number(),
  likes: v.optional(v.union(v.number(), v.null())),
};
type Indexes = readonly { readonly name: string; readonly fields: readonly string[] }[];
type Args = Readonly<Record<string, unknown>>;
type Row = Readonly<Record<string, unknown>>;
interface Reader {
  findMany(args: Args): Promise<Row[]>;
  count(args: Args): Promise<number>;
  explain(args: Args): Promise<{ readonly suggestions: readonly string[]; readonly text: string }>;
}

/** The same rows under whatever indexes. */
async function open(indexes: Indexes) {
  let posts = defineTable(fields);
  for (const {
    name,
    fields: [first, ...rest],
  } of indexes) {
    posts = posts.index(name, [first as "status", ...(rest as "status"[])]) as never;
  }
  const schema = defineSchema({ posts });
  const orm = new Orm(components.orm, { schema, relations: defineRelations(schema, () => ({})), rls: false });
  const t = convexTest({ schema, modules: { "./_generated/api.ts": async () => ({}) }, transactionLimits: true });
  await t.run(async (ctx) => {
    for (let i = 0; i < rowsInTable; i++) {
      await ctx.db.insert("posts", {
        status: `s${i % 20}`,
        lang: `l${i % 50}`,
        title: `${"abcdefghij"[i % 10]}-${String(i).padStart(5, "0")}`,
        rank: (i * 7_919) % rowsInTable,
        score: i % 500,
        ...(i % 40 === 0 ? {} : { likes: i % 40 === 1 ? null : i % 500 }),
      });
    }
  });
  const ask = async <T>(work: (reader: Reader) => Promise<T>) =>
    (await t.query(async (ctx) => {
      const value = await work((orm.with(ctx).query as unknown as { posts: Reader }).posts);
      const { documentsRead, databaseQueries } = await ctx.meta.getTransactionMetrics();
      return { value: value as never, documents: documentsRead.used, queries: databaseQueries.used };
    })) as { value: T; documents: number; queries: number };
  return ask;
}

const parse = (text: string): Indexes[number] => {
  const [name, names] = JSON.parse(`[${text.slice(".index(".length, -1)}]`) as [string, string[]];
  return { name, fields: names };
};

interface Shape {
  readonly name: string;
  readonly args: Args;
  /** What reading `rows` rows may cost. */
  readonly target: (rows: number) => { readonly documents: number; readonly queries: number };
  readonly count?: true;
}
const exactly = (documents: number, queries: number) => () => ({ documents, queries });
const shapes: readonly Shape[] = [
  {
    name: "equality, range, order by the range's field",
    args: { where: { rank: { gte: 100 }, status: "s3" }, orderBy: { rank: "asc" }, limit: 10 },
    target: exactly(10, 1),
  },
  {
    name: "equality, order by the next field",
    args: { where: { status: "s3" }, orderBy: { rank: "desc" }, limit: 10 },
    target: exactly(10, 1),
  },
  {
    name: "an order of two fields",
    args: { orderBy: [{ score: "asc" }, { title: "asc" }], limit: 10 },
    target: exactly(10, 1),
  },
  {
    name: "IN of 20, ordered",
    args: {
      where: { status: { in: Array.from({ length: 20 }, (_, i) => `s${i}`) } },
      orderBy: { rank: "asc" },
      limit: 10,
    },
    target: exactly(30, 20),
  },
  {
    name: "an OR of two fields, ordered",
    args: { where: { OR: [{ status: "s3" }, { lang: "l14" }] }, orderBy: { rank: "asc" }, limit: 10 },
    target: exactly(12, 2),
  },
  {
    name: "an OR of two fields",
    args: { where: { OR: [{ status: "s3" }, { lang: "l14" }] } },
    target: (rows) => ({ documents: rows + 2, queries: 2 }),
  },
  {
    name: "an OR in an AND",
    args: { where: { rank: { gte: 0 }, OR: [{ status: "s3" }, { lang: "l14" }] } },
    target: (rows) => ({ documents: rows + 2, queries: 2 }),
  },
  {
    name: "IN after an equality",
    args: { where: { status: "s0", title: { in: ["a-00000", "a-00020"] } } },
    target: (rows) => ({ documents: rows + 2, queries: 2 }),
  },
  {
    name: "startsWith after an equality",
    args: { where: { status: "s0", title: { startsWith: "a-001" } } },
    target: (rows) => ({ documents: rows + 1, queries: 1 }),
  },
  {
    name: "like after an equality",
    args: { where: { status: "s0", title: { like: "a-001%" } } },
    target: (rows) => ({ documents: rows + 1, queries: 1 }),
  },
  { name: "ne", args: { where: { score: { ne: 3 } }, limit: 10 }, target: exactly(12, 2) },
  { name: "notIn", args: { where: { score: { notIn: [3] } }, limit: 10 }, target: exactly(12, 2) },
  { name: "isNotNull", args: { where: { likes: { isNotNull: true } }, limit: 10 }, target: exactly(12, 2) },
  {
    name: "isNull",
    args: { where: { likes: { isNull: true } } },
    target: (rows) => ({ documents: rows + 2, queries: 2 }),
  },
  { name: "offset", args: { orderBy: { rank: "asc" }, offset: 500, limit: 10 }, target: exactly(510, 1) },
  {
    name: "count",
    args: { where: { status: "s3", rank: { lt: 1_000 } } },
    target: (rows) => ({ documents: rows, queries: 1 }),
    count: true,
  },
];

test.each(shapes)("$name", async ({ args, target, count }) => {
  const bare = await open([]);
  const { value: advice } = await bare((reader) => reader.explain(args));
  expect(advice.suggestions.length).toBeGreaterThan(0);
  const mended = await open(advice.suggestions.map(parse));
  const run = (reader: Reader): Promise<Row[] | number> =>
    count === true ? reader.count(args) : reader.findMany(args);
  const { value, documents, queries } = await mended(run);
  const rows = typeof value === "number" ? value : value.length;
  expect(rows).toBeGreaterThan(0);
  const allowed = target(rows);
  expect(documents).toBeLessThanOrEqual(allowed.documents);
  expect(queries).toBeLessThanOrEqual(allowed.queries);
  // Nothing is left to advise.
  expect((await mended((reader) => reader.explain(args))).value.suggestions).toEqual([]);
});
