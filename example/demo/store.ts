/// <reference types="vite/client" />
import { convexTest, type TestConvexForDataModel } from "convex-test";
import { modules as componentModules, schema as componentSchema } from "convex-orm/test";
import { internal } from "../convex/_generated/api.js";
import type { DataModel } from "../convex/_generated/dataModel.js";
import type { Chinook } from "../convex/lib/chinook.js";
import { loadChinook, type LoadedIds, type OnProgress } from "../convex/lib/load.js";
import schema from "../convex/schema.js";

const modules = import.meta.glob(["../convex/**/*.*s", "!../convex/**/*.d.ts", "!../convex/{convex.config,seed}.ts"]);

/** The app in an in-process Convex that enforces a deployment's transaction limits. */
export type Store = Awaited<ReturnType<typeof openStore>>;

/** The same, as one person or as nobody. */
export type Seat = TestConvexForDataModel<DataModel>;

export async function openStore() {
  const t = convexTest({ schema, modules: await loaded(modules), transactionLimits: true });
  // What `register(t)` of convex-orm/test does, with modules that are there already.
  t.registerComponent("orm", componentSchema, await loaded(componentModules));
  return t;
}

type Modules = Record<string, () => Promise<unknown>>;

/**
 * Loads the modules now: loading takes timers when Vite's runner does it outside of Vitest, and there are none inside a
 * query or mutation, where convex-test would load them.
 */
async function loaded(modules: Modules): Promise<Modules> {
  const entries = Object.entries(modules).map(async ([path, load]) => {
    const module = await load();
    return [path, () => Promise.resolve(module)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/**
 * Loads Chinook through the app's own mutation, then brings in the policies.
 *
 * Rows go through the ORM, which tests their keys. The 8,715 rows of `playlistTracks` go around it: their unique key is
 * an index look-up a row, and the in-process Convex scans a whole table for each. A deployment does not
 * (`seed.ts` loads everything through the ORM there).
 */
export async function fillStore(store: Store, data: Chinook, onProgress?: OnProgress): Promise<LoadedIds> {
  const ids = await loadChinook(
    data,
    async (table, rows) =>
      await store.mutation(internal.seedBatch.insert, { table, rows, checked: table !== "playlistTracks" }),
    { batchRows: 500, ...(onProgress === undefined ? {} : { onProgress }) },
  );
  await store.mutation(internal.policies.sync, {});
  return ids;
}

/** Signs in by email address, as `convex/session.ts` reads it; null is an anonymous visitor. */
export function seatOf(store: Store, email: string | null): Seat {
  return email === null ? store : store.withIdentity({ email });
}
