/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as cleanup from "../cleanup.js";
import type * as cursors from "../cursors.js";
import type * as driver from "../driver.js";
import type * as errors from "../errors.js";
import type * as frontier from "../frontier.js";
import type * as jobState from "../jobState.js";
import type * as jobs from "../jobs.js";
import type * as policies from "../policies.js";
import type * as policyStore from "../policyStore.js";
import type * as policyText from "../policyText.js";
import type * as validators from "../validators.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import { anyApi, componentsGeneric } from "convex/server";

const fullApi: ApiFromModules<{
  cleanup: typeof cleanup;
  cursors: typeof cursors;
  driver: typeof driver;
  errors: typeof errors;
  frontier: typeof frontier;
  jobState: typeof jobState;
  jobs: typeof jobs;
  policies: typeof policies;
  policyStore: typeof policyStore;
  policyText: typeof policyText;
  validators: typeof validators;
}> = anyApi as any;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
> = anyApi as any;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
> = anyApi as any;

export const components = componentsGeneric() as unknown as {};
