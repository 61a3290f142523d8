import type {
  FunctionReference,
  FunctionReturnType,
  GenericDataModel,
  GenericMutationCtx,
  OptionalRestArgs,
} from "convex/server";
import type { ComponentApi } from "../../component/_generated/component.js";
import { componentFailure } from "../errors.js";

type Caller = Pick<GenericMutationCtx<GenericDataModel>, "runQuery" | "runMutation">;
type Called<Type extends "query" | "mutation"> = FunctionReference<Type, "internal">;

/** A context and the component that it calls. */
export interface ComponentCaller<Method extends keyof Caller = keyof Caller> {
  readonly ctx: Pick<Caller, Method>;
  readonly component: ComponentApi;
}

/** `ctx.runQuery` into the component, with errors that say how to mount it. */
export async function callQuery<Ref extends Called<"query">>(
  { ctx, component }: ComponentCaller<"runQuery">,
  pick: (component: ComponentApi) => Ref,
  ...args: OptionalRestArgs<Ref>
): Promise<FunctionReturnType<Ref>> {
  try {
    return await ctx.runQuery(pick(component), ...args);
  } catch (error) {
    throw componentFailure(error);
  }
}

/** `ctx.runMutation` into the component, with errors that say how to mount it. */
export async function callMutation<Ref extends Called<"mutation">>(
  { ctx, component }: ComponentCaller<"runMutation">,
  pick: (component: ComponentApi) => Ref,
  ...args: OptionalRestArgs<Ref>
): Promise<FunctionReturnType<Ref>> {
  try {
    return await ctx.runMutation(pick(component), ...args);
  } catch (error) {
    throw componentFailure(error);
  }
}
