import * as client from "../../client/index.js";

/**
 * Stands in for "convex-orm" in the bundle that the command line makes of an app's `orm.ts`: the same package, but that
 * it writes down what the app declares, and that a declaration which the package refuses does not end the program. So
 * `doctor` can look at all of it.
 */
export * from "../../client/index.js";

/** One `new Orm(...)` of the app. */
export interface Recording {
  /** What the constructor gave: the client itself, or a stand-in where it was refused. */
  readonly instance: object;
  readonly options: RecordedOptions;
  /** What `defineRelations` or the constructor threw. */
  readonly error: unknown;
}

/** The options of `new Orm`, as far as they are looked at. */
export interface RecordedOptions {
  readonly schema?: unknown;
  readonly relations?: { readonly definitions?: unknown };
  readonly tables?: unknown;
  readonly rls?: unknown;
  readonly module?: unknown;
}

export const recordings: Recording[] = [];

/** Relations that were refused, with the error. */
const refused = new WeakMap<object, unknown>();

const maker = (kind: "one" | "many"): object =>
  new Proxy(
    {},
    {
      get:
        (_, target) =>
        (options: object = {}) => ({ ...options, kind, target: String(target) }),
    },
  );

export const defineRelations = ((schema: never, define: (r: unknown) => unknown): object => {
  try {
    return client.defineRelations(schema, define as never);
  } catch (error) {
    const relations = { schema, definitions: define({ one: maker("one"), many: maker("many") }) };
    refused.set(relations, error);
    return relations;
  }
}) as unknown as typeof client.defineRelations;

/** Answers every call and every property with itself, so that `orm.functions()` can be taken apart at module level. */
const standIn: object = new Proxy(function () {}, {
  get: (_, name) => (name === "then" || typeof name === "symbol" ? undefined : standIn),
  apply: () => standIn,
});

class RecordingOrm {
  constructor(component: never, options: RecordedOptions) {
    const { instance, error } = construct(component, options);
    recordings.push({ instance, options, error });
    return instance;
  }
}
export const Orm = RecordingOrm as unknown as typeof client.Orm;

function construct(component: never, options: RecordedOptions): { instance: object; error: unknown } {
  // Each refused `Orm` is told from the others by its own identity.
  const refusal = (error: unknown) => ({ instance: Object.create(standIn) as object, error });
  const { relations } = options;
  if (relations !== undefined && refused.has(relations)) return refusal(refused.get(relations));
  try {
    return { instance: new client.Orm(component, options as never), error: null };
  } catch (error) {
    return refusal(error);
  }
}
