// Asks every product the same questions of the same store, compares the answers with brute force, and prints what each
// one read and what it would be re-run by.
import fs from "node:fs";
import type { Case, PagedCase } from "./case.js";
import { pages } from "./cases/pages.js";
import { policyCases, policyPages } from "./cases/policies.js";
import { ranges } from "./cases/ranges.js";
import { relations } from "./cases/relations.js";
import { rest } from "./cases/rest.js";
import { unions } from "./cases/unions.js";
import { check } from "./check.js";
import { load } from "./data.js";
import { measure, measurePages, type Line } from "./measure.js";
import { page } from "./page.js";
import { plot } from "./plot.js";
import { failures, readsTable, summary, watchTable } from "./report.js";
import schema from "./schema.js";
import { speed } from "./speed/run.js";
import { speedTable } from "./speed/table.js";
import { Store } from "./store/store.js";

const cases: Case[] = [...ranges, ...unions, ...rest, ...relations, ...policyCases];
const paged: PagedCase[] = [...pages, ...policyPages];

const store = new Store(schema as never);
await load((table, fields) => Promise.resolve(store.insert(table, fields) as never));
const world = store.world();
if (process.argv.includes("--check")) {
  const { compared, differences } = await check(store, world, cases, paged);
  for (const difference of differences) console.log(difference);
  console.log(`${compared} answers compared with convex-test, ${differences.length} differ`);
  process.exit(differences.length > 0 ? 1 : 0);
}
const lines: Line[] = [];
for (const question of cases) lines.push(await measure(store, world, question));
for (const question of paged) lines.push(...(await measurePages(store, world, question)));

const times = await speed();
console.log(
  [
    readsTable(lines),
    "Of 1,000 writes to other rows, those that re-run the query:",
    watchTable(lines),
    summary(lines),
    speedTable(times),
  ].join("\n\n"),
);
fs.writeFileSync("docs/bench.md", page(lines, times));
fs.writeFileSync("docs/bench.svg", plot(lines));
const failed = failures(lines);
for (const failure of failed) console.error(`FAIL ${failure}`);
if (failed.length > 0) process.exitCode = 1;
