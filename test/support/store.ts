/** Puts a data set into a fresh convex-test instance, and reads it back for the oracle. */
import { convexTest } from "convex-test";
import type { TestConvex } from "convex-test";
import { register } from "convex-orm/test";
import { resolve, TABLE_NAMES } from "../oracle/arbitrary.js";
import type { DataSet } from "../oracle/arbitrary.js";
import type { Row, World } from "../oracle/predicate.js";
import { TABLES } from "./catalog.js";
import schema from "./schema.js";

const modules = {
  "./app/_generated/api.ts": async () => ({}),
  "./app/orm.ts": () => import("./app/orm.js"),
  "./app/read.ts": () => import("./app/read.js"),
};

export interface Stored {
  readonly t: TestConvex<typeof schema>;
  readonly world: World;
  /** Real ids and times for the references of a program; rows that are not there get ids of deleted rows. */
  readonly resolve: <T>(given: T) => T;
}

interface Db {
  insert(table: string, row: object): Promise<string>;
  replace(id: string, row: object): Promise<void>;
  delete(id: string): Promise<void>;
  query(table: string): { collect(): Promise<Row[]> };
}

/** A row that each table accepts, to learn an id from: it is deleted at once. `gone` holds the ids so far. */
const seeds = (gone: { readonly [table: string]: string }): { readonly [table: string]: object } => ({
  teams: { name: "" },
  users: { name: "", score: null, role: "guest", managerId: null },
  posts: { title: "", status: "live", likes: 0 },
  groups: { title: "" },
  memberships: { userId: null },
  cards: { bio: "" },
  depots: { region: null, label: "" },
  parcels: { weight: 0 },
  comments: { postId: gone["posts"], approved: false, likes: 0 },
});

/** Stores every row under real ids. References among rows need the ids first: rows go in twice. */
export async function store(data: DataSet): Promise<Stored> {
  const t = convexTest({ schema, modules, transactionLimits: true });
  register(t as unknown as Parameters<typeof register>[0]);
  const gone: Record<string, string> = {};
  const missing = (table: string): string => gone[table]!;
  const rows = await t.run(async (ctx) => {
    const db = ctx.db as unknown as Db;
    for (const table of TABLE_NAMES) {
      gone[table] = await db.insert(table, seeds(gone)[table]!);
      await db.delete(gone[table]);
    }
    const ids: Record<string, Row[]> = {};
    for (const table of TABLE_NAMES) {
      ids[table] = [];
      for (const row of data[table] ?? []) ids[table].push({ _id: await db.insert(table, resolve(row, {}, missing)) });
    }
    const stored: Record<string, Row[]> = {};
    for (const table of TABLE_NAMES) {
      for (const [at, row] of (data[table] ?? []).entries()) {
        await db.replace(ids[table]![at]!["_id"] as string, resolve(row, ids, missing));
      }
      stored[table] = await db.query(table).collect();
    }
    return stored;
  });
  const isId = (table: string, id: string): boolean => new RegExp(`^\\d{10,}${table}$`).test(id);
  return { t, world: { tables: TABLES, rows, isId }, resolve: (given) => resolve(given, rows, missing) };
}
