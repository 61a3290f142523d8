import { makeFunctionReference, type GenericActionCtx, type GenericDataModel } from "convex/server";
import { OrmError } from "./errors.js";
import { tableAccessors } from "./context.js";
import type { Document, Env } from "./executor/env.js";
import type { ReadArgs } from "./executor/reader.js";
import { parseColumns, parseExtras } from "./executor/relations/parse.js";
import { shapeRow, type ShapedRow } from "./executor/relations/shape.js";
import { workerMissing } from "./jobs/index.js";
import { isPlainObject } from "./predicate/values.js";
import type { Catalog, TableInfo } from "./schema/catalog.js";
import {
  findNearest,
  planNearest,
  readNearest,
  type NearestArgs,
  type SearchReader,
  type VectorCtx,
} from "./search/index.js";
import { fromJson, toJson } from "./wire.js";

/** An action's context, as far as reads use it. */
export type ActionCtx = Pick<GenericActionCtx<GenericDataModel>, "runQuery"> & Partial<VectorCtx>;

const methods = [
  "findMany",
  "findFirst",
  "findFirstOrThrow",
  "findUnique",
  "paginate",
  "count",
  "exists",
  "explain",
] as const;
type Method = (typeof methods)[number];
type RemoteReader = Record<Method, (args?: ReadArgs) => Promise<unknown>>;
type Ask = (method: string, args: unknown) => Promise<unknown>;

/**
 * The readers of an action: each call is one transaction, run by the host's `hydrate` under the policies of the
 * identity that the action has. Functions cannot travel: the root's `extras` are computed here, those of relations are
 * refused.
 */
export function remoteReaders(catalog: Catalog, module: string, ctx: ActionCtx, system: boolean): object {
  if (system) {
    throw new OrmError("POLICY_VIOLATION", "an action has no transaction to read in as the system", {
      hint: "Call an internal query or mutation that uses orm.system(ctx).",
    });
  }
  return tableAccessors(catalog, (_env: null, name) => {
    const table = catalog.tables[name]!;
    const ask: Ask = (method, args) => askHydrate(ctx, module, name, method, args);
    const read = (method: Method) => (args?: ReadArgs) => readFrom(ctx, table, ask, method, args ?? {});
    return Object.fromEntries(methods.map((method) => [method, read(method)])) as RemoteReader;
  })(() => null);
}

async function readFrom(ctx: ActionCtx, table: TableInfo, ask: Ask, method: Method, args: ReadArgs): Promise<unknown> {
  if (isPlainObject(args) && method === "findMany" && "vectorSearch" in args) {
    const { sent, shape } = split(table, args);
    const rows = await findNearest(vectorCtx(ctx), table, nearestHost(ask), sent);
    return rows.map(shape);
  }
  if (!isPlainObject(args) || args["extras"] === undefined || method === "count" || method === "exists")
    return await ask(method, args);
  const { sent, shape } = split(table, args);
  const answer = await ask(method, sent);
  if (method === "explain") return answer;
  if (method === "findMany") return (answer as ShapedRow[]).map(shape);
  if (method !== "paginate") return answer === null ? null : shape(answer as ShapedRow);
  const page = answer as { readonly page: ShapedRow[] };
  return { ...page, page: page.page.map(shape) };
}

/** What is sent, and what is made of the rows here: extras see the whole row, so that columns are picked after them. */
function split(table: TableInfo, args: ReadArgs): { sent: ReadArgs; shape: (row: ShapedRow) => ShapedRow } {
  const { extras: given, columns: named, ...rest } = args;
  if (given === undefined) return { sent: args, shape: (row) => row };
  const extras = parseExtras(table, given, "with");
  const columns = parseColumns(table, named, "with");
  const shape = (row: ShapedRow): ShapedRow => {
    const { _score: score, ...document } = row;
    const relations = Object.keys(document).filter((name) => Object.hasOwn(table.relations, name));
    const loaded = relations.map((name) => [name, document[name]] as const);
    for (const name of relations) delete document[name];
    const shaped = shapeRow(document as unknown as Document, { columns, extras }, loaded);
    return score === undefined ? shaped : { ...shaped, _score: score };
  };
  return { sent: rest, shape };
}

function vectorCtx({ vectorSearch }: ActionCtx): VectorCtx {
  if (vectorSearch !== undefined) return { vectorSearch };
  throw new OrmError("INVALID_VALUE", "the context has no vectorSearch", { hint: "Pass the context of an action." });
}

const nearestHost = (ask: Ask): Parameters<typeof findNearest>[2] => ({
  plan: (index, args) => ask("nearestPlan", { index, ...args }) as never,
  rows: (ids, limit, args) => ask("nearestRows", { ids, limit, ...args }) as never,
});

async function askHydrate(
  ctx: ActionCtx,
  module: string,
  table: string,
  method: string,
  args: unknown,
): Promise<unknown> {
  refuseFunctions(args, table, method);
  const request = JSON.stringify({ table, method, args: toJson(args) });
  const hydrate = makeFunctionReference<"query">(`${module}:hydrate`);
  try {
    return (await ctx.runQuery(hydrate, { request })) as unknown;
  } catch (error) {
    const text = error instanceof Error && !("data" in error) ? error.message : null;
    if (text !== null && /could not find|no such export|not find module/i.test(text)) throw workerMissing(module, text);
    throw error;
  }
}

function refuseFunctions(value: unknown, table: string, path: string): void {
  if (typeof value === "function") {
    throw new OrmError("INVALID_VALUE", "functions cannot be sent from an action to the transaction that reads", {
      table,
      path,
      hint: "Compute extras of relations from the rows that come back, or read in a query.",
    });
  }
  if (isPlainObject(value))
    for (const [key, inner] of Object.entries(value)) refuseFunctions(inner, table, `${path} -> ${key}`);
}

/** The other side: `hydrate` answers a request under the session of its own context, whatever the caller says. */
export async function answerRequest(
  env: Env,
  readers: Readonly<Record<string, SearchReader>>,
  request: unknown,
): Promise<unknown> {
  const { table, method, args: json } = JSON.parse(String(request)) as { table: string; method: string; args: unknown };
  const args = fromJson(json) as never;
  const info = env.catalog.tables[table]!;
  if (method === "nearestPlan") {
    const { index, ...rest } = args as NearestArgs & { index: string };
    return await planNearest(env, info, index, rest);
  }
  if (method === "nearestRows") {
    const { ids, limit, ...rest } = args as NearestArgs & { ids: string[]; limit: number };
    return await readNearest(env, info, ids, limit, rest);
  }
  if (methods.includes(method as Method)) return await readers[table]![method as Method](args);
  throw new OrmError("INVALID_VALUE", `hydrate answers no "${method}"`, { path: "method" });
}
