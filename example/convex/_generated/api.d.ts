/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as admin from "../admin.js";
import type * as catalog from "../catalog.js";
import type * as lib_chinook from "../lib/chinook.js";
import type * as lib_load from "../lib/load.js";
import type * as lib_validators from "../lib/validators.js";
import type * as orm from "../orm.js";
import type * as policies from "../policies.js";
import type * as sales from "../sales.js";
import type * as seed from "../seed.js";
import type * as seedBatch from "../seedBatch.js";
import type * as session from "../session.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  admin: typeof admin;
  catalog: typeof catalog;
  "lib/chinook": typeof lib_chinook;
  "lib/load": typeof lib_load;
  "lib/validators": typeof lib_validators;
  orm: typeof orm;
  policies: typeof policies;
  sales: typeof sales;
  seed: typeof seed;
  seedBatch: typeof seedBatch;
  session: typeof session;
}>;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;

export declare const components: {
  orm: import("convex-orm/_generated/component.js").ComponentApi<"orm">;
};
