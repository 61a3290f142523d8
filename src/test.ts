/// <reference types="vite/client" />
import type { TestConvex } from "convex-test";
import type { GenericSchema, SchemaDefinition } from "convex/server";
import schema from "./component/schema.js";

/** The component's functions, as convex-test wants them. */
const modules = import.meta.glob(["./component/**/*.ts", "!./component/**/*.test.ts"]);

/**
 * Mounts the component in a convex-test instance, at the name that the app uses it by (`app.use(orm)` is `"orm"`).
 *
 * ```ts
 * import { register } from "convex-orm/test";
 * const t = convexTest({ schema, modules, transactionLimits: true });
 * register(t);
 * ```
 */
export function register(t: TestConvex<SchemaDefinition<GenericSchema, boolean>>, name = "orm"): void {
  t.registerComponent(name, schema, modules);
}

export { modules, schema };
export default { register, schema, modules };
