// Asks every product the same questions of the same store, checks that they agree, and prints what each one read.
// Time is left out: the in-process Convex scans a table for every query, so its clock says nothing about production.
import { convexTest } from "convex-test";
import type { Case, Product } from "./case.js";
import { children } from "./cases/children.js";
import { or } from "./cases/or.js";
import { page } from "./cases/page.js";
import { through } from "./cases/through.js";
import { type Ctx, load, sizes } from "./data.js";
import schema from "./schema.js";

const cases: Case[] = [page, or, children, through];
const products: Product[] = ["convex-orm", "by hand", "convex-helpers", "convex-ents", "better-convex"];
const modules = { "/convex/_generated/api.js": () => Promise.resolve({}) };

const store = convexTest({ schema, modules, transactionLimits: true });
await store.run(load);
console.log(
  `A store of ${Object.entries(sizes)
    .map(([table, rows]) => `${rows} ${table}`)
    .join(", ")}.`,
);

let disagreements = 0;
for (const { question, ordered, ways, scanned } of cases) {
  console.log(`\n${question}`);
  console.log(`  ${"".padEnd(16)}${"rows".padStart(6)}${"documents".padStart(11)}${"ranges".padStart(8)}`);
  const compared = (answer: readonly string[]) => JSON.stringify(ordered ? answer : [...answer].sort());
  let first: string | undefined;
  for (const product of products) {
    const way = ways[product];
    if (way === undefined) continue;
    const { answer, metrics } = await store.run(async (ctx) => ({
      answer: await way(ctx as unknown as Ctx),
      metrics: await (ctx as unknown as Ctx).meta.getTransactionMetrics(),
    }));
    first ??= compared(answer);
    const agrees = compared(answer) === first;
    disagreements += agrees ? 0 : 1;
    const figures = [answer.length, scanned?.[product] ?? metrics.documentsRead.used, metrics.databaseQueries.used];
    const columns = figures.map((figure, at) => String(figure).padStart([6, 11, 8][at] ?? 0)).join("");
    console.log(`  ${product.padEnd(16)}${columns}${agrees ? "" : "   another answer"}`);
  }
}
if (disagreements > 0) process.exitCode = 1;
