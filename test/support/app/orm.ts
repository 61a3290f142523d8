/**
 * The host app of the differential tests: the ORM over `../schema.ts`, with and without policies.
 */
import { Orm } from "convex-orm";
import { componentsGeneric } from "convex/server";
import schema from "../schema.js";
import { relations } from "./relations.js";

/** The component, where it is mounted. */
export const components = componentsGeneric() as unknown as { readonly orm: ConstructorParameters<typeof Orm>[0] };

const options = { schema, relations, tables: { groups: { deletion: { soft: "deletedAt" } } } } as const;

/** No policies are looked up, and cursors are encoded only. */
export const open = new Orm(components.orm, { ...options, rls: false });
/** Steps of a few rows, so that a background statement over twenty rows takes several. */
export const { worker, hydrate } = open.functions({ stepRows: 4 });
/** Policies are looked up in the component, and cursors are sealed once it has a key. */
export const guarded = new Orm(components.orm, options);

/** The same app for a caller whose session variables are these. */
export const forSession = (variables: Readonly<Record<string, unknown>>) =>
  new Orm(components.orm, { ...options, session: async () => variables });
