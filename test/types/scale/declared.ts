import type { AnyRelations } from "../../../src/client/schema/relations.js";
import type { AnyCtx, AnySchema, OrmFor, OrmModel, OrmOptions, PolicySpec } from "../../../src/client/types/index.js";

/**
 * The face of the client without its code: what an app that has the package installed compiles against.
 */
export declare class Orm<
  S extends AnySchema,
  R extends AnyRelations,
  O = Record<never, never>,
  V = Record<never, never>,
> {
  constructor(component: object, options: OrmOptions<S, R, O, V>);
  with<C extends AnyCtx>(ctx: C): OrmFor<OrmModel<S, R, O, V>, C>;
  readonly policies: {
    sync(ctx: AnyCtx, spec: PolicySpec<OrmModel<S, R, O, V>>): Promise<void>;
  };
}
