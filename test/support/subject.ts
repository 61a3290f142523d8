/** The product as a subject of the judge: every call is a Convex query function of its own. */
import type schema from "./schema.js";
import type { TestConvex } from "convex-test";
import type { Query, Shaped } from "../oracle/query.js";
import type { Page, Subject } from "../differential/judge.js";

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

/** Full scans are allowed in every program: the judge is after wrong answers, not after refusals. */
export function subject(t: TestConvex<typeof schema>, orm: Orms): Subject {
  const ask = <T>({ table, ...args }: Query, call: (reader: Reader, args: object) => Promise<T>): Promise<T> =>
    t.query(async (ctx) => {
      const readers = orm.with(ctx as never).query as { readonly [table: string]: Reader };
      return await call(readers[table]!, { allowFullScan: true, ...args });
    });
  return {
    findMany: (query) => ask(query, (reader, args) => reader.findMany(args)),
    findFirst: (query) => ask(query, (reader, args) => reader.findFirst(args)),
    count: (query) => ask(query, (reader, args) => reader.count(args)),
    exists: (query) => ask(query, (reader, args) => reader.exists(args)),
    paginate: (query, numItems, cursor) =>
      ask(query, (reader, args) => reader.paginate({ ...args, paginationOpts: { numItems, cursor } })),
  };
}
