import type { Limits } from "../planner/limits.js";
import type { TableInfo } from "../schema/catalog.js";
import type { Document, Env } from "./env.js";
import { selectDocuments } from "./reader.js";
import { suggestionsFor } from "./run.js";
import { admitted, planSelect } from "./select.js";

export interface SelectRowsArgs {
  readonly where: unknown;
  /** UPDATE and DELETE see only rows that SELECT's policies show too (sql-createpolicy, "Policies Applied by Command Type"). */
  readonly command: "select" | "update" | "delete";
  readonly orderBy?: unknown;
  readonly limit?: number | null;
  readonly offset?: number;
  readonly allowFullScan?: boolean;
  readonly withDeleted?: boolean;
  readonly limits?: Partial<Limits>;
}

/** The root rows of a statement: planned as a query is, under the policies of SELECT and of the command. */
export async function selectRows(env: Env, table: TableInfo, args: SelectRowsArgs): Promise<Document[]> {
  const { command, limits, limit, ...rest } = args;
  const own: Env = limits === undefined ? env : { ...env, limits: { ...env.limits, ...limits } };
  const given = { ...rest, ...(limit === null || limit === undefined ? {} : { limit }) };
  const selection = await planSelect(own, table, given, command === "select" ? {} : { command });
  admitted(own, selection, suggestionsFor(own, selection.plan));
  return await selectDocuments(own, selection);
}
