import type { GenericDataModel, GenericMutationCtx } from "convex/server";
import type { GenericId, Value } from "convex/values";
import type { ComponentApi } from "../../component/_generated/component.js";
import type { Database, Document, Env } from "../executor/env.js";
import type { ExistsProbe } from "../predicate/evaluate.js";
import type { Limits } from "../planner/limits.js";
import type { TableInfo } from "../schema/catalog.js";

/** What writes use of `ctx.db`, beside reading. */
export interface WriteDatabase extends Database {
  insert(table: string, value: Record<string, unknown>): Promise<GenericId<string>>;
  patch(id: GenericId<string>, value: Record<string, unknown>): Promise<void>;
  delete(id: GenericId<string>): Promise<void>;
  /** Absent from some wrapped databases. */
  readonly system?: {
    get?(id: GenericId<string>): Promise<unknown>;
    normalizeId?(table: string, id: string): GenericId<string> | null;
  };
}

/** What writes use of a mutation's context. */
export type WriteCtx = Pick<GenericMutationCtx<GenericDataModel>, "runQuery" | "runMutation" | "storage">;

/** How root rows are found: planned like a query, under the policies of SELECT and of the command. */
export type SelectRows = (env: Env, table: TableInfo, args: SelectRowsArgs) => Promise<Document[]>;
export interface SelectRowsArgs {
  readonly where: unknown;
  readonly command: "select" | "update" | "delete";
  readonly limit?: number | null;
  readonly allowFullScan?: boolean;
  readonly withDeleted?: boolean;
  readonly limits?: Partial<Limits>;
}

/** After the nth failure in a row a job waits `initialBackoffMs * base ** (n - 1)`; `attempts` failures park it. */
export interface Retry {
  readonly attempts: number;
  readonly initialBackoffMs: number;
  readonly base: number;
}

/** What starting a job needs of the options. */
export interface JobSettings {
  /** The module that exports `worker`. */
  readonly module: string;
  readonly retry: Retry;
  /** Rows that one step of a job handles at most. */
  readonly stepRows: number;
  /** Bytes that one step of a job reads and writes at most. */
  readonly stepBytes: number;
}

export const defaultJobSettings: JobSettings = Object.freeze({
  module: "orm",
  retry: Object.freeze({ attempts: 5, initialBackoffMs: 250, base: 2 }),
  stepRows: 1_000,
  stepBytes: 8 * 2 ** 20,
});

/** Everything that writing needs; made once for each `orm.with(ctx)`, without I/O. */
export interface WriterEnv extends Env {
  readonly db: WriteDatabase;
  readonly ctx: WriteCtx;
  readonly component: ComponentApi;
  readonly jobs: JobSettings;
  readonly selectRows: SelectRows;
  /** Makes what answers relation filters over all rows. It may remember answers: each statement has its own. */
  makeProbe(): ExistsProbe;
  /** The variables that a job started here acts under; null for the system. */
  session(): Promise<Readonly<Record<string, Value | undefined>> | null>;
}

/** What one statement needs. */
export interface WriteEnv extends WriterEnv {
  /** Answers relation filters of checks and of policies on new rows, on the tables as the statement finds them. */
  readonly exists: ExistsProbe;
}

export const forStatement = (env: WriterEnv): WriteEnv => ({ ...env, exists: env.makeProbe() });
