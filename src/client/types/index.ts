/**
 * The types of the public API. Every one derives from a single type parameter, the model `M`:
 *
 *     OrmModel<S, R, O, V>   S: the schema, R: the relations' definitions, O: `tables` as inferred, V: the session
 *
 * For the class: `class Orm<S extends AnySchema, R extends AnyRelations, O = Record<never, never>, V = ...>` with
 * `constructor(component, options: OrmOptions<S, R, O, V, Ctx>)` and `with<C extends AnyCtx>(ctx: C):
 * OrmFor<OrmModel<S, R, O, V>, C>`.
 *
 *   model.ts    OrmModel, AnyModel, AnySchema, TableName<M>, Doc<M, T>, Path<M, T>, ValueAt<D, P>
 *   where.ts    Where<M, T, Session>, FieldFilter<V, Session>, Operand, SessionVariable<Name>
 *   query.ts    FindManyArgs<M, T> and its like, OrderBy, Columns, Extras, With, Limits, SearchArgs, VectorSearchArgs
 *   result.ts   Row<M, T, A>: the row that arguments of type A make
 *   reader.ts   TableReader<M, T>, OrmReader<M>, OrmActionReader<M>
 *   writer.ts   OrmWriter<M> and the statements
 *   context.ts  OrmFor<M, Ctx>, AnyCtx
 *   options.ts  OrmOptions<S, R, O, V, Ctx>, TableOptions<M, T>
 *   policy.ts   Policy<M, T>, PolicySpec<M>, PolicyTestArgs<M, T>
 *   aggregate.ts  CountAggregate<M, T>: what `count` of the options takes
 *   explain.ts  Explanation, Analysis
 *   job.ts      Job, JobStatus
 */
export type * from "./aggregate.js";
export type * from "./context.js";
export type * from "./explain.js";
export type * from "./job.js";
export type * from "./model.js";
export type * from "./options.js";
export type * from "./policy.js";
export type * from "./query.js";
export type * from "./reader.js";
export type * from "./result.js";
export type * from "./where.js";
export type * from "./writer.js";
