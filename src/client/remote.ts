import { makeFunctionReference, type GenericActionCtx, type GenericDataModel } from "convex/server";
import { convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";
import { OrmError } from "./errors.js";
import { tableAccessors } from "./context.js";
import { workerMissing } from "./jobs/index.js";
import type { ReadArgs, TableReader } from "./executor/reader.js";
import { isPlainObject } from "./predicate/values.js";
import type { Catalog } from "./schema/catalog.js";

/** An action's context, as far as reads use it. */
export type ActionCtx = Pick<GenericActionCtx<GenericDataModel>, "runQuery">;

const methods = ["findMany", "findFirst", "findFirstOrThrow", "findUnique", "paginate", "count", "exists", "explain"] as const;
type Method = (typeof methods)[number];
type RemoteReader = Record<Method, (args?: ReadArgs) => Promise<unknown>>;

/**
 * The readers of an action: each call is one transaction, run by the host's `hydrate` under the policies of the
 * identity that the action has. Functions cannot travel: `extras` is refused.
 */
export function remoteReaders(catalog: Catalog, module: string, ctx: ActionCtx, system: boolean): object {
  if (system) {
    throw new OrmError("POLICY_VIOLATION", "an action has no transaction to read in as the system", {
      hint: "Call an internal query or mutation that uses orm.system(ctx).",
    });
  }
  return tableAccessors(catalog, (_env: null, table) => {
    const ask = (method: Method) => (args?: ReadArgs) => askHydrate(ctx, module, table, method, args ?? {});
    return Object.fromEntries(methods.map((method) => [method, ask(method)])) as RemoteReader;
  })(null);
}

async function askHydrate(ctx: ActionCtx, module: string, table: string, method: Method, args: ReadArgs): Promise<unknown> {
  refuseFunctions(args, table, method);
  const request = JSON.stringify({ table, method, args: convexToJson(args as Value) });
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
      hint: "Compute extras from the rows that come back, or read in a query.",
    });
  }
  if (isPlainObject(value)) for (const [key, inner] of Object.entries(value)) refuseFunctions(inner, table, `${path} -> ${key}`);
}

/** The other side: `hydrate` answers a request under the session of its own context, whatever the caller says. */
export async function answerRequest(readers: Readonly<Record<string, TableReader>>, request: unknown): Promise<unknown> {
  const { table, method, args } = JSON.parse(String(request)) as { table: string; method: Method; args: JSONValue };
  if (!methods.includes(method)) throw new OrmError("INVALID_VALUE", `hydrate answers no "${method}"`, { path: "method" });
  return await readers[table]![method](jsonToConvex(args) as never);
}
