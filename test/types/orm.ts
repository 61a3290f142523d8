import type { GenericQueryCtx, SchemaDefinition, GenericSchema, DataModelFromSchemaDefinition } from "convex/server";
import type { AnyRelations } from "../../src/client/schema/relations.js";
import type {
  AnyCtx,
  AnySchema,
  OrmFor,
  OrmModel,
  OrmOptions,
  PolicySpec,
  SessionVariable,
} from "../../src/client/types/index.js";

type ReadCtx<S> =
  S extends SchemaDefinition<GenericSchema, boolean> ? GenericQueryCtx<DataModelFromSchemaDefinition<S>> : never;

export declare class Orm<
  S extends AnySchema,
  R extends AnyRelations,
  O = Record<never, never>,
  V = Record<never, never>,
> {
  constructor(component: object, options: OrmOptions<S, R, O, V, ReadCtx<S>>);
  with<C extends AnyCtx>(ctx: C): OrmFor<OrmModel<S, R, O, V>, C>;
  readonly policies: {
    sync(ctx: AnyCtx, spec: PolicySpec<OrmModel<S, R, O, V>>): Promise<void>;
  };
}

export declare function session<const Name extends string>(name: Name): SessionVariable<Name>;
