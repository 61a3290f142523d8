import type { ComponentApi } from "../component/_generated/component.js";
import { answerRequest, remoteReaders, type ActionCtx } from "./remote.js";
import { envOf, tableAccessors, type DataCtx, type EnvParts } from "./context.js";
import type { Env } from "./executor/env.js";
import { existsProbe } from "./executor/exists.js";
import { Budget } from "./executor/budget.js";
import { SearchReader } from "./search/index.js";
import { startRun } from "./executor/run.js";
import { selectRows } from "./executor/select-rows.js";
import {
  Jobs,
  jobSettings,
  makeFunctions,
  type FunctionsOptions,
  type JobSession,
  type OrmFunctions,
} from "./jobs/index.js";
import {
  defaultJobSettings,
  makeWriter,
  type JobSettings,
  type WriteCtx,
  type WriteDatabase,
  type WriterEnv,
} from "./mutations/index.js";
import type { ExistsProbe } from "./predicate/evaluate.js";
import { withOverrides, defaultLimits } from "./planner/limits.js";
import { Policies, systemAccess, type RunCtx } from "./policies/index.js";
import type { AnyRelations } from "./schema/relations.js";
import { buildCatalog } from "./schema/build.js";
import type { AnyCtx, AnyModel, AnySchema, OrmFor, OrmModel, OrmOptions } from "./types/index.js";

/**
 * The typed client of one app: made once, where the schema and the relations are at hand.
 *
 * ```ts
 * export const orm = new Orm(components.orm, { schema, relations });
 * ```
 *
 * @throws OrmError `INVALID_SCHEMA` from the constructor, naming the place and the mend.
 */
export class Orm<S extends AnySchema, R extends AnyRelations, O = Record<never, never>, V = Record<never, never>> {
  /** Shows, cancels, resumes and purges durable jobs. */
  readonly jobs: Jobs;
  /** Registers, changes and lists row-level-security policies. */
  readonly policies: Policies<OrmModel<S, R, O, V>>;
  readonly #component: ComponentApi;
  readonly #parts: EnvParts;
  #settings: JobSettings;
  readonly #remote: (ctx: ActionCtx, system: boolean) => object;
  readonly #readers: (env: () => Env) => Readonly<Record<string, SearchReader>>;

  constructor(component: ComponentApi, options: OrmOptions<S, R, O, V>) {
    const catalog = buildCatalog(options.schema, options.relations, options.tables);
    const limits = withOverrides(defaultLimits, (options.limits ?? {}) as Readonly<Record<string, unknown>>);
    const rls = options.rls ?? true;
    this.policies = new Policies({
      component,
      catalog,
      session: options.session as unknown as ((ctx: SessionCtx) => V | Promise<V>) | undefined,
      rls,
      rows: {
        find: async (ctx, table, where) =>
          (
            await selectRows(this.#env(ctx as DataCtx, true), table, {
              where,
              command: "select",
              limit: 1,
              allowFullScan: true,
            })
          )[0] ?? null,
        probe: (ctx) => systemProbe(this.#env(ctx as DataCtx, true)),
      },
    });
    this.#component = component;
    this.#settings = jobSettings(options.module ?? defaultJobSettings.module);
    this.jobs = new Jobs(component, this.#settings.module);
    this.#parts = { catalog, limits, policies: this.policies as unknown as Policies<AnyModel>, rls };
    this.#remote = (ctx, system) => remoteReaders(catalog, this.#settings.module, ctx, system);
    this.#readers = tableAccessors(catalog, (env: Env, table) => new SearchReader(env, catalog.tables[table]!));
  }

  /** Reads, and in a mutation writes, as the session that `ctx` stands for. Does no I/O. */
  with<C extends AnyCtx>(ctx: C): OrmFor<OrmModel<S, R, O, V>, C> {
    return this.#open(ctx, false) as OrmFor<OrmModel<S, R, O, V>, C>;
  }

  /** As {@link with}, unrestricted by policies: for trusted code. */
  system<C extends AnyCtx>(ctx: C): OrmFor<OrmModel<S, R, O, V>, C> {
    return this.#open(ctx, true) as OrmFor<OrmModel<S, R, O, V>, C>;
  }

  /**
   * The internal functions that the component's jobs and actions call back; export both from the module named by
   * `module`: `export const { worker, hydrate } = orm.functions();`
   */
  functions(options: FunctionsOptions = {}): OrmFunctions {
    this.#settings = jobSettings(this.#settings.module, options);
    return makeFunctions(
      {
        writeEnv: (ctx, session) => this.#jobEnv(ctx, session),
        hydrate: (ctx, request) => {
          const env = this.#env(ctx as DataCtx, false);
          return answerRequest(
            env,
            this.#readers(() => env),
            request,
          );
        },
      },
      options,
    );
  }

  #open(ctx: AnyCtx, system: boolean): unknown {
    if (!("db" in ctx)) return { query: this.#remote(ctx as ActionCtx, system) };
    const data = ctx as unknown as DataCtx;
    if (!canWrite(data)) return { query: this.#readers(() => this.#env(data, system)) };
    const env = this.#writeEnv(data, system);
    return { query: this.#readers(() => env), ...makeWriter(env) };
  }

  #writeEnv(ctx: WritingCtx, system: boolean): WriterEnv {
    const env = this.#env(ctx, system);
    return {
      ...env,
      db: ctx.db as unknown as WriteDatabase,
      ctx,
      component: this.#component,
      jobs: this.#settings,
      selectRows,
      makeProbe: () => systemProbe(env),
      session: async () => (system ? null : await this.policies.variables(ctx)),
    };
  }

  /** Of a job's step: as the system, or under the variables that its statement had and the policies of now. */
  #jobEnv(ctx: WritingCtx, session: JobSession): WriterEnv {
    if ("system" in session) return this.#writeEnv(ctx, true);
    const { variables } = session;
    return {
      ...this.#writeEnv(ctx, false),
      access: () => this.policies.accessAs(ctx, variables),
      session: () => Promise.resolve(variables),
    };
  }

  #env(ctx: DataCtx, system: boolean): Env {
    return envOf(this.#parts, ctx, system);
  }
}

/** The context of a mutation, or a copy of one. */
type WritingCtx = DataCtx & WriteCtx;
const canWrite = (ctx: DataCtx): ctx is WritingCtx => "patch" in ctx.db;

/** What `session` is given: the context of a query or mutation. */
export type SessionCtx = RunCtx & DataCtx;

/** The model of a client, for an app's own generic code: `Where<ModelOf<typeof orm>, "posts">`. */
export type ModelOf<Client> = Client extends Orm<infer S, infer R, infer O, infer V> ? OrmModel<S, R, O, V> : never;

/** Answers relation filters over all rows, each as a read of its own. */
function systemProbe(env: Env): ExistsProbe {
  const run = startRun(env, systemAccess, env.limits);
  return (filter, row) => {
    const { relation } = filter;
    const options = { table: relation.target, hideFigures: false, suggestions: () => [] };
    const budget = new Budget({ env, limits: env.limits, purse: run.purse, ...options });
    return existsProbe(run, budget, null)(filter, row);
  };
}
