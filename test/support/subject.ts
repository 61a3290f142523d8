/** The product as a subject of the judge: every call is a Convex query function of its own. */
import type { TestConvex } from "convex-test";
import { makeFunctionReference } from "convex/server";
import type { Page, Subject } from "../differential/judge.js";
import type { Query, Shaped } from "../oracle/query.js";
import { hook } from "./app/read.js";
import type schema from "./schema.js";

/** The methods of `db.query.T` that the judge asks, without the types of one table. */
interface Reader {
  findMany(args: object): Promise<Shaped[]>;
  findFirst(args: object): Promise<Shaped | null>;
  count(args: object): Promise<number>;
  exists(args: object): Promise<boolean>;
  paginate(args: object): Promise<Page>;
}
/** Anything that gives readers for a context: an `Orm`. */
export interface Orms {
  with(ctx: never): { readonly query: object };
}

export interface Settings {
  /**
   * Flat options given to every call. By default full scans are allowed: the judge is after wrong answers, not after
   * refusals.
   */
  readonly options?: object;
  /** Given to every page beside its size and cursor. */
  readonly pages?: object;
  /** What is left of each transaction's budget, for example `{ documentsRead: 20 }`. */
  readonly transactionLimits?: Readonly<Record<string, number>>;
}

/** Runs `hook.run` as a function of its own. */
export const read = makeFunctionReference<"query", Record<string, never>, null>("read:run");

export function subject(t: TestConvex<typeof schema>, orm: Orms, settings: Settings = {}): Subject {
  const { options = { allowFullScan: true }, pages = {}, transactionLimits } = settings;
  const ask = async <T>(query: Query, call: (reader: Reader, args: object) => Promise<T>): Promise<T> => {
    const { table, ...args } = query;
    let answer: T;
    const run = async (ctx: unknown): Promise<void> => {
      const readers = orm.with(ctx as never).query as { readonly [table: string]: Reader };
      answer = await call(readers[table]!, { ...options, ...args });
    };
    if (transactionLimits === undefined) await t.query(run);
    else {
      hook.run = run;
      await t.query(async (ctx) => {
        await ctx.runQuery(read, {}, { transactionLimits });
      });
    }
    return answer!;
  };
  return {
    findMany: (query) => ask(query, (reader, args) => reader.findMany(args)),
    findFirst: (query) => ask(query, (reader, args) => reader.findFirst(args)),
    count: (query) => ask(query, (reader, args) => reader.count(args)),
    exists: (query) => ask(query, (reader, args) => reader.exists(args)),
    paginate: (query, numItems, cursor) =>
      ask(query, (reader, args) => reader.paginate({ ...args, paginationOpts: { numItems, cursor, ...pages } })),
  };
}
