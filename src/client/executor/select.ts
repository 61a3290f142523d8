import { OrmError } from "../errors.js";
import type { Access, Command } from "../predicate/access.js";
import { idTest } from "../predicate/ids.js";
import { normalize } from "../predicate/normalize.js";
import { parseWhere, type ParseScope } from "../predicate/parse.js";
import { always, and, type Predicate } from "../predicate/types.js";
import { notDeleted } from "../predicate/visible.js";
import { withOverrides, type Limits } from "../planner/limits.js";
import { parseOrder } from "../planner/order.js";
import { planQuery } from "../planner/plan-query.js";
import type { OrderKey, PlanRequest, QueryPlan } from "../planner/plan.js";
import type { TableInfo } from "../schema/catalog.js";
import type { Env } from "./env.js";

/** The arguments of a read that decide which rows it gives, as users write them. */
export interface SelectArgs {
  readonly where?: unknown;
  readonly orderBy?: unknown;
  readonly limit?: unknown;
  readonly offset?: unknown;
  readonly allowFullScan?: unknown;
  readonly withDeleted?: unknown;
  /** Limits of section 6, flat. */
  readonly [limit: string]: unknown;
}

/** A read with everything decided but the values that it will find. */
export interface Selection {
  readonly table: TableInfo;
  readonly access: Access;
  readonly limits: Limits;
  readonly request: PlanRequest;
  readonly plan: QueryPlan;
}

export interface SelectOptions {
  /** Which policies apply beside SELECT's. Default: none. */
  readonly command?: Extract<Command, "update" | "delete">;
  readonly paged?: boolean;
  /** Rows of the page, for the estimate that `explain` shows. */
  readonly pageSize?: number;
  /** Where errors say the filter stands. Default `where`. */
  readonly path?: string;
  /** Conditions beside the user's, such as a relation's key. */
  readonly also?: Predicate;
}

/** What a row must pass to be seen by this session. */
export function visibleTo(access: Access): (table: TableInfo) => Predicate {
  return (table) => and(access.using(table, "select").predicate, notDeleted(table));
}

/** The scope of a user's filter: no session operands, relation filters over visible rows. */
export function userScope(env: Pick<Env, "catalog" | "db">, access: Access): ParseScope {
  return {
    catalog: env.catalog,
    code: "INVALID_WHERE",
    visible: visibleTo(access),
    session: null,
    unrestricted: false,
    isId: idTest(env.db),
  };
}

const count = (value: unknown, name: string, table: TableInfo): number => {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw new OrmError("INVALID_VALUE", `${name} must be a whole number, 0 or more`, { table: table.name, path: name });
};
const flag = (value: unknown, name: string, table: TableInfo): boolean => {
  if (value === undefined || typeof value === "boolean") return value === true;
  throw new OrmError("INVALID_VALUE", `${name} must be true or false`, { table: table.name, path: name });
};

/** Parses, restricts by policies, normalises and plans one read. The plan may be a refusal: see {@link admitted}. */
export async function planSelect(
  env: Env,
  table: TableInfo,
  args: SelectArgs,
  options: SelectOptions = {},
): Promise<Selection> {
  const access = await env.access({ table, args });
  return planSelectWith(env, access, table, args, options);
}

/** As {@link planSelect} where the access is at hand. */
export function planSelectWith(
  env: Env,
  access: Access,
  table: TableInfo,
  args: SelectArgs,
  options: SelectOptions = {},
): Selection {
  const limits = withOverrides(env.limits, args);
  const order: OrderKey[] = parseOrder(table, args.orderBy);
  const own =
    "where" in args && args.where !== undefined
      ? parseWhere(userScope(env, access), table, args.where, options.path ?? "where")
      : whereLess(table, args);
  const seen = access.using(table, "select");
  const parts = [own, seen.predicate];
  const dropped = [...seen.dropped];
  if (options.command !== undefined) {
    const rule = access.using(table, options.command);
    parts.push(rule.predicate);
    dropped.push(...rule.dropped);
  }
  if (!flag(args.withDeleted, "withDeleted", table)) parts.push(notDeleted(table));
  if (options.also !== undefined) parts.push(options.also);
  const request: PlanRequest = {
    table: table.name,
    where: normalize(and(...parts)),
    order,
    limit: args.limit === undefined ? null : count(args.limit, "limit", table),
    offset: args.offset === undefined ? 0 : count(args.offset, "offset", table),
    paged: options.paged ?? false,
    ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }),
    allowFullScan: flag(args.allowFullScan, "allowFullScan", table),
    limits,
    dropped: [...new Set(dropped)],
  };
  return { table, access, limits, request, plan: planQuery(env.catalog, request) };
}

/** A `where` that is there but undefined was meant to be a filter: it is refused, never read as "all rows". */
function whereLess(table: TableInfo, args: SelectArgs): Predicate {
  if (!("where" in args)) return always;
  throw new OrmError("INVALID_WHERE", "`where` is undefined", {
    table: table.name,
    path: "where",
    hint: "Leave the key out for no filter.",
  });
}

/** The selection when its plan may run. Throws the plan's refusal with the index that would mend it. */
export function admitted(env: Env, selection: Selection, suggestions: readonly string[]): Selection {
  const { refusal } = selection.plan;
  if (refusal === null) return selection;
  const index = suggestions.length === 0 ? "" : `Add ${suggestions.join(" or ")} to "${selection.table.name}", or `;
  const otherwise =
    refusal.code === "FULL_SCAN"
      ? "pass allowFullScan: true to read within maxScan."
      : "split the query, raise maxProbes, or pass allowFullScan: true to read within maxScan.";
  throw new OrmError(refusal.code, `${refusal.reason} (table "${selection.table.name}")`, {
    table: selection.table.name,
    hint: sentence(`${index}${otherwise}`),
    ...(refusal.code === "TOO_MANY_PROBES" && !selection.access.isProtected(selection.table)
      ? { probes: refusal.probes, maxProbes: selection.limits.maxProbes }
      : {}),
    suggestions: [...suggestions],
  });
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
