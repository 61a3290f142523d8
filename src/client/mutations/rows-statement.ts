import type { Document } from "../executor/env.js";
import type { TableInfo } from "../schema/catalog.js";
import { forStatement, type WriteEnv, type WriterEnv } from "./env.js";
import { allTarget, missingWhere, Statement, whereTarget, type Target } from "./statement.js";

/** What an update or delete resolves to: `count` counts root rows, `job` is the id of the job that does the rest. */
export interface WriteResult {
  readonly count: number;
  readonly job: string | null;
}

/** What is done to the rows that a statement names. */
export interface RowsCommand {
  /** Does it in this transaction. */
  inline(env: WriteEnv, target: Target): Promise<{ rows: Document[]; job: string | null }>;
  /** Hands it to a durable job. */
  background(env: WriteEnv, target: Target): Promise<WriteResult>;
}

/** A statement whose rows are named. */
export class RowsStatement extends Statement<WriteResult> {
  constructor(
    protected readonly env: WriterEnv,
    private readonly command: RowsCommand,
    protected readonly target: () => Target,
  ) {
    super(env.db, async () => {
      const { rows, job } = await command.inline(forStatement(env), target());
      return { count: rows.length, job };
    });
  }

  /** Resolves to the rows as the statement leaves them; to deleted ones as they were. */
  returning(): Statement<Document[]> {
    return new Statement(
      this.env.db,
      async () => (await this.command.inline(forStatement(this.env), this.target())).rows,
    );
  }

  inBackground(): Statement<WriteResult> {
    return new Statement(this.env.db, async () => this.command.background(forStatement(this.env), this.target()));
  }
}

/**
 * A statement that names no rows yet. Awaited like that it rejects with `INVALID_WHERE`: "every row" is said out loud,
 * and no builder passes for a result.
 */
export class Unaimed<S extends RowsStatement> implements PromiseLike<never> {
  constructor(
    private readonly table: TableInfo,
    private readonly verb: "update" | "delete" | "restore",
    private readonly aim: (target: () => Target) => S,
  ) {}

  where(where: unknown, options?: unknown): S {
    return this.aim(() => whereTarget(this.table, this.verb, where, options));
  }

  all(options?: unknown): S {
    return this.aim(() => allTarget(this.table, options));
  }

  then<A = never, B = never>(
    resolved?: ((value: never) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return Promise.reject<never>(missingWhere(this.table, this.verb)).then(resolved, rejected);
  }
}
