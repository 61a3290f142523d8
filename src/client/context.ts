import type { GenericDataModel, GenericMutationCtx, GenericQueryCtx } from "convex/server";
import { OrmError } from "./errors.js";
import type { Database, Env, RunState } from "./executor/env.js";
import { systemAccess, touchedTables, type Policies, type RunCtx } from "./policies/index.js";
import type { Limits } from "./planner/limits.js";
import type { Catalog } from "./schema/catalog.js";
import type { AnyModel } from "./types/model.js";

/** The context of a query or mutation, or a copy of one. */
export type DataCtx = Pick<GenericQueryCtx<GenericDataModel>, "db" | "runQuery"> &
  Partial<Pick<GenericMutationCtx<GenericDataModel>, "runMutation" | "scheduler" | "storage" | "meta" | "auth">>;

/** One run state a function run: `ctx.meta` is made anew for each, and copies of the context share it. */
const runStates = new WeakMap<object, RunState>();
function runStateOf(ctx: DataCtx): RunState {
  const key = ctx.meta ?? ctx;
  let state = runStates.get(key);
  if (state === undefined) runStates.set(key, (state = { nativePageUsed: false }));
  return state;
}

export interface EnvParts {
  readonly catalog: Catalog;
  readonly limits: Limits;
  readonly policies: Policies<AnyModel>;
  /** `rls` of the options. */
  readonly rls: boolean;
}

/** What reads through this context need. No I/O happens here. */
export function envOf({ catalog, limits, policies, rls }: EnvParts, ctx: DataCtx, system: boolean): Env {
  const { meta } = ctx;
  const run: RunCtx = ctx;
  return {
    ctx,
    catalog,
    limits,
    db: ctx.db as unknown as Database,
    run: runStateOf(ctx),
    metrics: typeof meta?.getTransactionMetrics === "function" ? () => meta.getTransactionMetrics() : null,
    access: (touching) =>
      system
        ? Promise.resolve(systemAccess)
        : policies.access(
            run,
            touching === undefined ? undefined : touchedTables(catalog, touching.table, touching.args),
          ),
    // Without policies the component may not be mounted at all; then cursors are encoded only.
    cursorKey: () => (rls ? policies.cursorKey(run) : policies.cursorKey(run).catch(() => null)),
  };
}

/** Where what `orm.with(ctx).query` is made of keeps its environment: no table can bear these names. */
const open = Symbol("open");
const opened = Symbol("opened");
interface Holder<E> {
  readonly [open]: () => E;
  [opened]: E | undefined;
}

/**
 * Makes objects with one property a table, computed when it is read; any other name is an error that lists the tables.
 * The properties stand on a prototype that is built once, and the environment is made when the first is read, so that
 * making such an object costs nothing.
 */
export function tableAccessors<E, T>(
  catalog: Catalog,
  make: (env: E, table: string) => T,
): (env: () => E) => Readonly<Record<string, T>> {
  const unknown = new Proxy(Object.create(null) as object, {
    get(_target, name) {
      // Asked of every object: by await, by JSON, by inspectors.
      if (typeof name === "symbol" || name === "then" || name === "toJSON" || name === "constructor") return undefined;
      throw new OrmError("INVALID_SCHEMA", `there is no table "${name}" in the schema`, {
        table: name,
        path: `query -> ${name}`,
        hint: `Tables: ${Object.keys(catalog.tables).join(", ")}.`,
      });
    },
  });
  const tables: object = Object.create(unknown) as object;
  for (const name of Object.keys(catalog.tables)) {
    Object.defineProperty(tables, name, {
      enumerable: true,
      get(this: Holder<E>) {
        return make((this[opened] ??= this[open]()), name);
      },
    });
  }
  class Tables implements Holder<E> {
    readonly [open]: () => E;
    [opened]: E | undefined = undefined;
    constructor(env: () => E) {
      this[open] = env;
    }
  }
  Reflect.deleteProperty(Tables.prototype, "constructor");
  Object.setPrototypeOf(Tables.prototype, tables);
  return (env) => new Tables(env) as unknown as Readonly<Record<string, T>>;
}
