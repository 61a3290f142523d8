import type { Value } from "convex/values";
import type { ComponentApi } from "../../component/_generated/component.js";
import { OrmError } from "../errors.js";
import type { Access, CursorKey } from "../predicate/access.js";
import type { ExistsProbe, Row } from "../predicate/evaluate.js";
import { idTest } from "../predicate/ids.js";
import { describe } from "../predicate/parse.js";
import { isPlainObject } from "../predicate/values.js";
import type { Catalog, TableInfo } from "../schema/catalog.js";
import type { AnyModel, PolicyTestArgs, TableName } from "../types/index.js";
import { SessionAccess, systemAccess } from "./access.js";
import { variableValue, type SessionVariables } from "./clause.js";
import { tableOf } from "./encode.js";
import { PolicyStore } from "./manage.js";
import { loadSession, loadSnapshot, type RunCtx, type SessionFunction, type Snapshot } from "./run.js";
import { judge, type PolicyTestResult } from "./tester.js";

/** How `policies.test` reads rows: as the system, for it tells what a session would be told. */
export interface RowReader {
  /** A row that the filter matches, or null. */
  find(ctx: RunCtx, table: TableInfo, where: unknown): Promise<Row | null>;
  /** Answers the relation filters of policies for one row. */
  probe(ctx: RunCtx): ExistsProbe;
}

export interface PolicyOptions {
  readonly component: ComponentApi;
  readonly catalog: Catalog;
  /** `session` of the options. */
  readonly session: SessionFunction | undefined;
  /** `rls` of the options: false looks no policy up. */
  readonly rls: boolean;
  readonly rows: RowReader;
}

const commands = ["select", "insert", "update", "delete"] as const;

/** The policies of one `Orm`: what its queries and statements ask, and what `orm.policies` offers to its users. */
export class Policies<M extends AnyModel> extends PolicyStore<M> {
  readonly #options: PolicyOptions;
  /** One for each snapshot and session, so that a run parses each policy once. */
  readonly #made = new WeakMap<Snapshot, WeakMap<SessionVariables, SessionAccess>>();

  constructor(options: PolicyOptions) {
    super(options.component, options.catalog);
    this.#options = options;
  }

  /**
   * What the context's session may do. Asks the component once a run, and evaluates the session, once a run and
   * `auth`, only when one of `tables` is protected; the access then speaks of these tables alone. Without `tables` it
   * speaks of every table of the schema.
   *
   * @internal
   * @throws OrmError `INVALID_POLICY`, and whatever `session` throws.
   */
  async access(ctx: RunCtx, tables?: readonly string[]): Promise<Access> {
    if (!this.#options.rls) return systemAccess;
    const snapshot = await loadSnapshot(ctx, this.component);
    const touched = tables ?? Object.keys(this.catalog.tables);
    const isProtected = (name: string): boolean =>
      snapshot.tables.has(name) || this.catalog.tables[name]?.rules.protected === true;
    if (!touched.some(isProtected)) return new SessionAccess(this.catalog, snapshot, null);
    return this.#accessOf(ctx, snapshot, await this.#variables(ctx));
  }

  /**
   * As `access`, for a job: under the variables that its statement had, and the policies of now.
   *
   * @internal
   */
  async accessAs(ctx: RunCtx, variables: SessionVariables): Promise<Access> {
    if (!this.#options.rls) return systemAccess;
    return this.#accessOf(ctx, await loadSnapshot(ctx, this.component), variables);
  }

  /**
   * The session's variables as values that can be kept, for `accessAs`: undefined is null.
   *
   * @internal
   * @throws OrmError `INVALID_POLICY` for a variable that is no Convex value, and whatever `session` throws.
   */
  async variables(ctx: RunCtx): Promise<Record<string, Value>> {
    const variables = this.#options.rls ? await this.#variables(ctx) : noVariables;
    return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, variableValue(name, value)]));
  }

  /**
   * The key of sealed cursors, from the same component call as `access`.
   *
   * @internal
   */
  async cursorKey(ctx: RunCtx): Promise<CursorKey> {
    return (await loadSnapshot(ctx, this.component)).cursorKey;
  }

  /**
   * Says whether a session may do something to a row, and by which policy. `row` is a row as it would be written, and
   * `where` finds a stored one, whoever may see it. An `update` is allowed when the row passes as the old row and as
   * the new one. The answer's `text` lists what each policy says.
   *
   * @throws OrmError `INVALID_POLICY`; `NOT_FOUND` when `where` matches no row.
   */
  async test<T extends TableName<M>>(ctx: RunCtx, args: PolicyTestArgs<M, T>): Promise<PolicyTestResult> {
    const table = tableOf(this.catalog, args.table, "policies.test -> table");
    const command = commands.find((known) => known === args.command);
    const fail = (message: string, path: string, hint: string): never => {
      throw new OrmError("INVALID_POLICY", message, { table: args.table, path: `policies.test -> ${path}`, hint });
    };
    if (command === undefined) return fail("unknown command", "command", `Commands: ${commands.join(", ")}.`);
    const as: unknown = args.as;
    if (!isPlainObject(as))
      return fail(`session variables are an object, not ${describe(as)}`, "as", "Write { userId, roles }.");
    const { row: given, where } = args as { readonly row?: Row; readonly where?: unknown };
    const row = given ?? (await this.#stored(ctx, table, where));
    const access = new SessionAccess(this.catalog, await loadSnapshot(ctx, this.component), as, idTest(ctx.db));
    return await judge(access, table, command, row, this.#options.rows.probe(ctx));
  }

  async #stored(ctx: RunCtx, table: TableInfo, where: unknown): Promise<Row> {
    const row = await this.#options.rows.find(ctx, table, where);
    if (row !== null) return row;
    throw new OrmError("NOT_FOUND", `no row of "${table.name}" matches`, {
      table: table.name,
      path: "policies.test -> where",
      hint: "Give the row itself as `row`.",
    });
  }

  async #variables(ctx: RunCtx): Promise<SessionVariables> {
    const { session } = this.#options;
    return session === undefined ? noVariables : await loadSession(ctx, session);
  }

  #accessOf(ctx: RunCtx, snapshot: Snapshot, variables: SessionVariables): SessionAccess {
    let made = this.#made.get(snapshot);
    if (made === undefined) this.#made.set(snapshot, (made = new WeakMap()));
    let access = made.get(variables);
    if (access === undefined)
      made.set(variables, (access = new SessionAccess(this.catalog, snapshot, variables, idTest(ctx.db))));
    return access;
  }
}

const noVariables: SessionVariables = Object.freeze({});
