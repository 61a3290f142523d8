// `npm run bench -- --check`: the in-memory database of the bench against the in-process Convex.
import { convexTest } from "convex-test";
import * as ormTest from "convex-orm/test";
import type { Case, PagedCase, PagedWay, Way } from "./case.js";
import { load, type Ctx, type TableName, type World } from "./data.js";
import { products } from "./measure.js";
import { snapshot, syncPolicies } from "./products/orm.js";
import schema from "./schema.js";
import type { Store } from "./store/store.js";
import { Transaction } from "./store/transaction.js";

interface Figures {
  readonly rows: number;
  readonly documents: number;
  readonly queries: number;
}
type Ask = (ctx: Ctx, world: World) => Promise<readonly string[]>;

/** The component, loaded beforehand: loading sets a timer, which convex-test refuses inside a transaction. */
async function loaded() {
  const modules: Record<string, () => Promise<unknown>> = {};
  for (const [file, open] of Object.entries(ormTest.modules)) {
    const module: unknown = await open();
    modules[file] = () => Promise.resolve(module);
  }
  return { modules, schema: ormTest.schema };
}

/** Asks both stores everything (of pages, the first) and returns where their figures differ, and how many were compared. */
export async function check(store: Store, world: World, cases: readonly Case[], paged: readonly PagedCase[]) {
  const { modules: component, schema: tablesOfComponent } = await loaded();
  const modules = { "/convex/_generated/api.js": () => Promise.resolve({}) };
  const convex = convexTest({ schema, modules });
  convex.registerComponent("orm", tablesOfComponent, component);
  const tables = Object.keys(world) as TableName[];
  await convex.run(async (ctx) => {
    await load((table, fields) => ctx.db.insert(table, fields as never) as never);
  });
  await convex.run(async (ctx) => void (await syncPolicies(ctx as never)));
  const other = (await convex.run(async (ctx) => {
    const rows = await Promise.all(tables.map((table) => ctx.db.query(table).collect()));
    return Object.fromEntries(tables.map((table, at) => [table, rows[at]])) as never;
  })) as World;

  const differences: string[] = [];
  let compared = 0;
  const compare = async (what: string, ask: Ask) => {
    const transaction = new Transaction(store, snapshot);
    const own = await ask(transaction.ctx() as Ctx, world).catch(() => null);
    // What a native filter drops is not counted there.
    if (own === null || transaction.filtered) return;
    const calls = transaction.componentCalls;
    const here: Figures = {
      rows: own.length,
      documents: transaction.documents + calls * snapshot.documents,
      queries: transaction.queries + calls,
    };
    const there = (await convex.query(async (given) => {
      const ctx = given as unknown as Ctx;
      const { length } = await ask(ctx, other);
      const { documentsRead, databaseQueries } = await ctx.meta.getTransactionMetrics();
      return { rows: length, documents: documentsRead.used, queries: databaseQueries.used } as never;
    })) as Figures;
    compared += 1;
    const text = ({ rows, documents, queries }: Figures) => `${rows} rows, ${documents}/${queries}`;
    if (text(here) !== text(there)) differences.push(`${what}: ${text(here)} here, ${text(there)} in convex-test`);
  };
  for (const product of products) {
    for (const { shape, ways } of cases) {
      const way: Way | string = ways[product];
      if (typeof way !== "string") await compare(`${product}, ${shape}`, way);
    }
    for (const { shape, pages } of paged) {
      const way: PagedWay | string = pages[product];
      if (typeof way !== "string") {
        await compare(`${product}, ${shape}`, async (ctx, of) => (await way(ctx, of, null)).keys);
      }
    }
  }
  return { compared, differences };
}
