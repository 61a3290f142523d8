import type { AnyModel } from "./model.js";
import type { OrmActionReader, OrmReader } from "./reader.js";
import type { OrmWriter } from "./writer.js";

/** Anything that `orm.with` and `orm.system` take: the context of a query, a mutation or an action. */
export type AnyCtx = { readonly db: object } | { readonly runQuery: unknown; readonly vectorSearch: unknown };

/**
 * What a context makes possible: a writer where `ctx.db` can write, a reader where it can read, an action's reader
 * without `ctx.db`.
 */
export type OrmFor<M extends AnyModel, Ctx> = [Ctx] extends [{ readonly db: { readonly patch: unknown } }]
  ? OrmWriter<M>
  : [Ctx] extends [{ readonly db: unknown }]
    ? OrmReader<M>
    : OrmActionReader<M>;
