/** The app of `schema.ts` on a database in memory: quick enough to ask thousands of random queries of the executor. */
import type { Database, Document, Env } from "../../src/client/executor/env.js";
import { TableReader } from "../../src/client/executor/reader.js";
import { defaultLimits, type Limits } from "../../src/client/planner/limits.js";
import { systemAccess } from "../../src/client/policies/index.js";
import { buildCatalog } from "../../src/client/schema/build.js";
import { resolve, TABLE_NAMES, type DataSet } from "../oracle/arbitrary.js";
import type { World } from "../oracle/predicate.js";
import type { Page, Subject } from "../differential/judge.js";
import { relations } from "./app/relations.js";
import { TABLES } from "./catalog.js";
import { FakeDatabase } from "./fake-db.js";
import schema from "./schema.js";

export const catalog = buildCatalog(schema, relations, { groups: { deletion: { soft: "deletedAt" } } });

const indexes = Object.fromEntries(
  Object.values(catalog.tables).map((table) => [
    table.name,
    Object.fromEntries(table.indexes.map((index) => [index.name, index.fields.slice(0, index.declared)])),
  ]),
);

export function envOf(db: Database, over: Partial<Env> = {}, limits: Partial<Limits> = {}): Env {
  return {
    catalog,
    db,
    limits: { ...defaultLimits, ...limits },
    // The fake has no native pages: everything pages by keyset.
    run: { nativePageUsed: true },
    metrics: null,
    access: () => Promise.resolve(systemAccess),
    cursorKey: () => Promise.resolve(null),
    ...over,
  };
}

export const reader = (env: Env, table: string): TableReader => new TableReader(env, catalog.tables[table]!);

export interface FakeApp {
  readonly db: FakeDatabase;
  readonly resolve: <T>(given: T) => T;
  /** What the tables hold now, for the oracle. */
  world(): World;
}

export function fakeApp(data: DataSet): FakeApp {
  const db = new FakeDatabase(indexes);
  const missing = (table: string): string => `99999999;${table}`;
  const stored: Record<string, Document[]> = {};
  for (const table of TABLE_NAMES)
    for (const row of data[table] ?? []) db.insert(table, row as Record<string, unknown>);
  for (const table of TABLE_NAMES) stored[table] = db.all(table);
  const real = resolve(stored, stored as never, missing);
  for (const table of TABLE_NAMES) for (const row of real[table]!) db.patch(table, row._id, row);
  return {
    db,
    resolve: (given) => resolve(given, real as never, missing),
    world: () => ({
      tables: TABLES,
      rows: Object.fromEntries(TABLE_NAMES.map((table) => [table, db.all(table)])) as World["rows"],
      isId: (table, id) => db.normalizeId(table, id) !== null,
    }),
  };
}

/** Every call is a function run of its own, as on the platform. */
export function fakeSubject(db: Database, over: Partial<Env> = {}): Subject {
  const ask = (table: string) => reader(envOf(db, over), table);
  const free = (args: object) => ({ allowFullScan: true, ...args });
  return {
    findMany: ({ table, ...args }) => ask(table).findMany(free(args)) as never,
    findFirst: ({ table, ...args }) => ask(table).findFirst(free(args)) as never,
    count: ({ table, ...args }) => ask(table).count(free(args)),
    exists: ({ table, ...args }) => ask(table).exists(free(args)),
    paginate: async ({ table, ...args }, numItems, cursor) =>
      (await ask(table).paginate({ ...free(args), paginationOpts: { numItems, cursor } })) as unknown as Page,
  };
}
