import { ConvexError, type Value } from "convex/values";

/** Every code that an {@link OrmError} can carry. */
export type OrmErrorCode =
  | "FULL_SCAN"
  | "SCAN_LIMIT"
  | "TOO_MANY_ROWS"
  | "SORT_UNBOUNDED"
  | "TOO_MANY_PROBES"
  | "RELATION_KEYS"
  | "RELATION_ROWS"
  | "RELATION_DEPTH"
  | "BUDGET"
  | "INVALID_VALUE"
  | "INVALID_WHERE"
  | "INVALID_ORDER"
  | "INVALID_CURSOR"
  | "INVALID_SCHEMA"
  | "INVALID_POLICY"
  | "NOT_FOUND"
  | "NOT_UNIQUE"
  | "UNIQUE_VIOLATION"
  | "CHECK_VIOLATION"
  | "FOREIGN_KEY_VIOLATION"
  | "RESTRICT_VIOLATION"
  | "POLICY_VIOLATION"
  | "WORKER_MISSING";

/** What an error says beside its message. `path` is the place (`relations -> posts -> author`), `hint` the remedy. */
export interface OrmErrorDetails {
  readonly hint?: string;
  readonly table?: string;
  readonly path?: string;
  readonly [extra: string]: Value | undefined;
}

export type OrmErrorData = { code: OrmErrorCode; message: string } & { [key: string]: Value };

/**
 * The one error class of convex-orm. Being a `ConvexError`, its `data` reaches clients in production, where messages
 * of ordinary errors are hidden.
 */
export class OrmError extends ConvexError<OrmErrorData> {
  override name = "OrmError";

  constructor(code: OrmErrorCode, message: string, details: OrmErrorDetails = {}) {
    const data: OrmErrorData = { code, message };
    for (const [key, value] of Object.entries(details)) if (value !== undefined) data[key] = value;
    super(data);
    const place = details.path === undefined ? "" : ` (at ${details.path})`;
    const hint = details.hint === undefined ? "" : `. ${details.hint}`;
    this.message = `${code}: ${message}${place}${hint}`;
  }

  get code(): OrmErrorCode {
    return this.data.code;
  }
}

/**
 * The refusal of a cursor, in the form that makes Convex's stock `usePaginatedQuery` start over, in production too:
 * the hook looks for `InvalidCursor` in the message or for these two fields in `data`.
 */
export function invalidCursor(reason: string, hint = "Start again with `cursor: null`."): OrmError {
  const error = new OrmError("INVALID_CURSOR", `InvalidCursor: ${reason}`, {
    hint,
    isConvexSystemError: true,
    paginationError: "InvalidCursor",
  });
  return error;
}

const notMounted = /component .*(not|no )|(not|no ).*component|of undefined/i;

/**
 * The error to show for one that a call into the component threw: a component that is not mounted fails deep inside
 * the platform, with a message that does not say what to do.
 */
export function componentFailure(error: unknown): unknown {
  if (!(error instanceof Error) || "data" in error || !notMounted.test(error.message)) return error;
  return new OrmError("INVALID_SCHEMA", `the component of convex-orm cannot be reached: ${error.message}`, {
    hint:
      'Mount it in convex/convex.config.ts: `import orm from "convex-orm/convex.config"; app.use(orm);`, and pass ' +
      "`components.orm` to `new Orm`.",
  });
}
