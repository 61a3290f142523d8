import { ConvexError, type Value } from "convex/values";

/** The codes that the component itself throws; a subset of the client's. */
export type ComponentErrorCode = "INVALID_POLICY" | "INVALID_VALUE" | "NOT_FOUND" | "WORKER_MISSING";

type ComponentErrorData = { code: ComponentErrorCode; message: string } & { [key: string]: Value };

/** A `ConvexError` in the shape of the client's `OrmError`: its data crosses to the host whole. */
export function componentError(
  code: ComponentErrorCode,
  message: string,
  details: { [key: string]: Value } = {},
): ConvexError<ComponentErrorData> {
  return new ConvexError({ ...details, code, message });
}
