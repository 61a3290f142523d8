import { QueryStream, type IndexBounds, type IndexKey } from "convex-helpers/server/stream";
import type { Value } from "convex/values";
import { OrmError } from "../errors.js";
import { executionOf, startRun, suggestionsFor, type ReadRun } from "../executor/run.js";
import type { Document, Env } from "../executor/env.js";
import { streamPlan } from "../executor/execute.js";
import { TooManyKeys } from "../executor/execution.js";
import type { ReadArgs } from "../executor/reader.js";
import { admitted, planSelectWith, type Selection } from "../executor/select.js";
import { roughSize } from "../executor/size.js";
import { completeOrder, parseOrder } from "../planner/order.js";
import { takeApart } from "../planner/paths.js";
import { planQuery } from "../planner/plan-query.js";
import type { Direction, QueryPlan } from "../planner/plan.js";
import { systemAccess } from "../policies/access.js";
import { isPoint } from "../predicate/sets.js";
import { always, and, type Predicate } from "../predicate/types.js";
import { readPath } from "../predicate/values.js";
import type { TableInfo } from "../schema/catalog.js";
import { within } from "./narrow.js";

/** What a stream is sorted by: each row's key, the leading part of which may be the same for all. */
interface StreamOrder {
  readonly fields: readonly string[];
  readonly direction: Direction;
  readonly equal: readonly Value[];
}

/**
 * The rows of a read as a convex-helpers stream, whole and one at a time, under the caller's policies. Bounded by
 * `maxScan`; what is asked for is read, no more.
 */
export class OrmStream extends QueryStream<Document> {
  #order: StreamOrder | null = null;

  constructor(
    private readonly env: Env,
    private readonly table: TableInfo,
    private readonly args: ReadArgs,
    private readonly bounds: Predicate = always,
    /** Narrowed as `paginate` narrows: the cursors would show values of the rows. */
    private readonly paged = false,
  ) {
    super();
  }

  override iterWithKeys(trackBandwidth = false): AsyncIterable<[Document | null, IndexKey, number], undefined> {
    return { [Symbol.asyncIterator]: () => this.rows(trackBandwidth) };
  }

  override narrow(bounds: IndexBounds): QueryStream<Document> {
    const { fields } = this.order();
    const { lowerBound, upperBound } = bounds;
    const firstPage = lowerBound.length === 0 && upperBound.length === 0;
    const laterPage = lowerBound.length === fields.length || upperBound.length === fields.length;
    const narrower = new OrmStream(
      this.env,
      this.table,
      this.args,
      and(this.bounds, within(fields, bounds)),
      this.paged || firstPage || laterPage,
    );
    narrower.#order = this.order();
    return narrower;
  }

  override getOrder(): Direction {
    return this.order().direction;
  }

  override getIndexFields(): string[] {
    return [...this.order().fields];
  }

  override getEqualityIndexFilter(): Value[] {
    return [...this.order().equal];
  }

  // The library's own reads everything for none.
  override async take(n: number): Promise<Document[]> {
    return n > 0 ? await super.take(n) : [];
  }

  private async *rows(trackBandwidth: boolean): AsyncGenerator<[Document | null, IndexKey, number], undefined> {
    const { env, table, args } = this;
    const access = await env.access({ table, args });
    if (this.paged && access.isProtected(table)) {
      throw new OrmError(
        "POLICY_VIOLATION",
        `"${table.name}" is protected, and the cursors of streams show values of its rows`,
        {
          table: table.name,
          hint: "Use paginate of the query itself: its cursors are sealed.",
        },
      );
    }
    const { fields, direction } = this.order();
    const orderBy = fields.map((field) => ({ [field]: direction }));
    const planned = planSelectWith(env, access, table, { ...args, orderBy }, { paged: true, also: this.bounds });
    const selection =
      planned.plan.refusal === null ? planned : admitted(env, planned, suggestionsFor(env, planned.plan));
    for await (const row of documents(startRun(env, access, selection.limits), selection)) {
      yield [row, fields.map((field) => readPath(row, field)), trackBandwidth ? roughSize(row) : 0];
    }
    return undefined;
  }

  private order(): StreamOrder {
    return (this.#order ??= orderOf(this.env, this.table, this.args));
  }
}

/** The rows of a selection, planned again when a key set outgrows `maxProbes`, which is known before the first row. */
async function* documents(run: ReadRun, { plan, request }: Selection): AsyncGenerator<Document> {
  const read = (chosen: QueryPlan): AsyncGenerator<Document> => streamPlan(executionOf(run, chosen), chosen);
  try {
    yield* read(plan);
  } catch (error) {
    if (!(error instanceof TooManyKeys)) throw error;
    yield* read(planQuery(run.env.catalog, { ...request, semiJoins: false, allowFullScan: true }));
  }
}

/**
 * The order asked for; else that of the index that serves the filter, as Convex's own streams have it; else by
 * creation. Policies have no say in it, so that it is known before they are.
 */
function orderOf(env: Env, table: TableInfo, args: ReadArgs): StreamOrder {
  const wanted = parseOrder(table, args["orderBy"]);
  const { plan, request } = planSelectWith(env, systemAccess, table, { ...args, orderBy: undefined }, { paged: true });
  const probe = plan.combine === "single" && plan.keySets.length === 0 ? plan.probes[0] : undefined;
  const natural = probe?.kind === "range" ? probe : null;
  const keys =
    wanted.length > 0 || natural === null
      ? completeOrder(wanted.length > 0 ? wanted : [{ field: "_creationTime", direction: "asc" }])
      : [];
  const fields = keys.length > 0 ? keys.map(({ field }) => field) : natural!.fields;
  const direction = keys[0]?.direction ?? natural!.direction;
  if (keys.some((key) => key.direction !== direction)) {
    throw new OrmError("INVALID_ORDER", "a stream is read in one direction", {
      table: table.name,
      path: "orderBy",
      hint: "Give all keys one direction, or use findMany or paginate.",
    });
  }
  const { literals } = takeApart(request.where);
  const equal: Value[] = [];
  for (const field of fields) {
    const set = literals.get(field)?.set ?? [];
    if (set.length !== 1 || !isPoint(set[0]!)) break;
    equal.push(set[0]!.lower!.value as Value);
  }
  return { fields, direction, equal };
}
