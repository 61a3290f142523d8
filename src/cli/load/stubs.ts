/**
 * What an app's `_generated` modules hold, made of Convex's generic helpers: the command line runs without a deployment
 * and so without `convex codegen`.
 */
export const stubs: Readonly<Record<string, string>> = {
  api: `
    import { anyApi, componentsGeneric } from "convex/server";
    export const api = anyApi;
    export const internal = anyApi;
    export const components = componentsGeneric();
  `,
  server: `
    export {
      actionGeneric as action,
      httpActionGeneric as httpAction,
      internalActionGeneric as internalAction,
      internalMutationGeneric as internalMutation,
      internalQueryGeneric as internalQuery,
      mutationGeneric as mutation,
      queryGeneric as query,
    } from "convex/server";
  `,
  dataModel: "export {};",
};

/** The name of the stub that an import path stands for, or null. */
export function stubOf(importPath: string): string | null {
  const [, name] = /(?:^|\/)_generated\/(\w+)(?:\.[jt]s)?$/.exec(importPath) ?? [];
  return name !== undefined && Object.hasOwn(stubs, name) ? name : null;
}
