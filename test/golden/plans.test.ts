/**
 * Golden plans: each query with its explanation, its rows and what reading them cost, in files that a reviewer reads.
 * A changed plan is a changed file: `npx vitest run test/golden -u` writes them anew.
 */
import { beforeAll, expect, test } from "vitest";
import { groups, type Case } from "./cases.js";
import { openStore, orm, type Ctx } from "./store.js";

type Plain = Readonly<Record<string, unknown>>;
interface Reader {
  findMany(args: Plain): Promise<Plain[]>;
  explain(args: Plain): Promise<{ text: string; warnings: string[]; suggestions: string[] }>;
}

let t: Awaited<ReturnType<typeof openStore>>;
/** Real ids by the names that cases give them, and back. */
let names: Map<string, string>;
beforeAll(async () => {
  t = await openStore();
  const found = await t.query(async (ctx) => {
    const pairs: [string, string][] = [];
    for (const table of ["artists", "albums", "tracks", "playlists", "entries", "listeners", "ratings"] as const) {
      for (const [i, row] of (await ctx.db.query(table).collect()).entries()) pairs.push([`${table}[${i}]`, row._id]);
    }
    return pairs;
  });
  names = new Map(found as [string, string][]);
});

const withIds = (value: unknown): unknown => {
  if (typeof value === "string" && value.startsWith("@")) return names.get(value.slice(1));
  if (Array.isArray(value)) return value.map(withIds);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withIds(inner)]));
};
const withNames = (text: string): string => [...names].reduce((all, [name, real]) => all.replaceAll(real, name), text);
const literal = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner)).replaceAll(
    '"@',
    '"',
  );

/** A row by its title, and what was loaded with it. */
function rowText(row: Plain): string {
  const own = row["name"] ?? row["title"] ?? row["email"] ?? row["position"] ?? row["year"] ?? "-";
  const below = Object.entries(row)
    .filter(
      ([key, value]) =>
        key !== "_through" &&
        key !== "tags" &&
        key !== "meta" &&
        (Array.isArray(value) || (typeof value === "object" && !(value instanceof ArrayBuffer))),
    )
    .filter(([key, value]) => !(value === null && key === "composer"))
    .map(
      ([key, value]) =>
        `${key}: ${value === null ? "null" : Array.isArray(value) ? `[${value.map(rowText).join(", ")}]` : rowText(value as Plain)}`,
    );
  const junction = row["_through"] === undefined ? "" : ` via ${rowText(row["_through"] as Plain)}`;
  return `${String(own)}${below.length === 0 ? "" : ` { ${below.join(", ")} }`}${junction}`;
}

async function describeCase({ title, table, args }: Case): Promise<string> {
  const given = withIds(args) as Plain;
  const reader = (ctx: Ctx): Reader => (orm.with(ctx).query as unknown as Record<string, Reader>)[table]!;
  const lines = [`## ${title}`, `${table}.findMany(${literal(args)})`, ""];
  const { text, warnings, suggestions } = await t.query((ctx) => reader(ctx as unknown as Ctx).explain(given));
  lines.push(withNames(text), ...warnings.map((w) => `! ${w}`), ...suggestions.map((s) => `+ ${s}`), "");
  try {
    const { rows, documents, queries } = await t.query(async (ctx) => {
      const found = await reader(ctx as unknown as Ctx).findMany(given);
      const { documentsRead, databaseQueries } = await ctx.meta.getTransactionMetrics();
      return { rows: found as never, documents: documentsRead.used, queries: databaseQueries.used };
    });
    const found = rows as Plain[];
    const shown = found.slice(0, 8).map(rowText).join(", ") + (found.length > 8 ? ", ..." : "");
    lines.push(`${found.length} rows: ${shown}`, `read: ${documents} documents, ${queries} queries`);
  } catch (error) {
    lines.push(`refused: ${(error as { data: { code: string } }).data.code}`);
  }
  return lines.join("\n");
}

test("there are at least sixty", () => {
  expect(Object.values(groups).flat().length).toBeGreaterThanOrEqual(60);
});

test.each(Object.keys(groups))("%s", async (group) => {
  const texts: string[] = [];
  for (const one of groups[group]!) texts.push(await describeCase(one));
  await expect(`# ${group}\n\n${texts.join("\n\n")}\n`).toMatchFileSnapshot(`${group.replaceAll(" ", "-")}.md`);
});
