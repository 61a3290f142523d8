/**
 * Random programs over one protected table: its policies, its rows, and statements of random sessions. Both sides of
 * the differential test take these; nothing here knows Convex or PostgreSQL.
 */
import fc from "fast-check";
import type { Arbitrary } from "fast-check";

/** A row. Absent is NULL. `key` is unique; `group` refers to {@link GROUPS}. */
export interface Doc {
  readonly key: string;
  readonly status: string;
  readonly owner?: string | null;
  readonly n?: number;
  readonly pub?: boolean;
  readonly group?: string;
}
export type Filter = { readonly [key: string]: unknown };
export interface Policy {
  readonly as: "permissive" | "restrictive";
  readonly for: "all" | "select" | "insert" | "update" | "delete";
  readonly to?: readonly string[];
  readonly using?: Filter;
  readonly withCheck?: Filter;
}
export interface Session {
  readonly user: string | null;
  readonly level: number | null;
  readonly owners: readonly (string | null)[] | null;
  readonly roles: readonly string[];
}
export type Changes = Partial<Omit<Doc, "owner">> & { readonly owner?: string | null | undefined };
export type Statement =
  | { readonly kind: "select"; readonly where: Filter }
  | { readonly kind: "update"; readonly set: Changes; readonly where: Filter; readonly returning: boolean }
  | { readonly kind: "delete"; readonly where: Filter; readonly returning: boolean }
  | {
      readonly kind: "insert";
      readonly rows: readonly Doc[];
      readonly conflict:
        null | { readonly do: "nothing"; readonly target: boolean } | { readonly do: "update"; readonly set: Changes };
      readonly returning: boolean;
    };
export interface Step {
  readonly session: Session;
  readonly statement: Statement;
}
export interface Program {
  readonly policies: { readonly [name: string]: Policy };
  readonly rows: readonly Doc[];
  readonly steps: readonly Step[];
}

/** What a statement does: why it is refused, or how many rows it affects and, where it gives rows, which. */
export type Outcome =
  { readonly refused: "policy" | "unique" } | { readonly count: number; readonly rows: readonly Doc[] | null };

/** One side of the comparison. */
export interface Side {
  begin(program: Program): Promise<void>;
  run(step: Step): Promise<Outcome>;
  /** All rows, whoever may see them, by key. */
  contents(): Promise<Doc[]>;
}

/** Fields with their SQL types. */
export const COLUMNS = { key: "text", status: "text", owner: "text", n: "float8", pub: "bool", group: "text" } as const;
export type Field = keyof typeof COLUMNS;
export const VARIABLES = { user: "text", level: "float8", owners: "text[]" } as const;
/** The rows of the other table, which is open to everyone. */
export const GROUPS = [{ key: "g1", level: 1 }, { key: "g2", level: 2 }, { key: "g3" }] as const;
export const ROLES = ["a", "b"] as const;

/** A row without its absent fields, in a fixed order of fields, for comparison. */
export function canonical(given: Doc | Readonly<Record<string, unknown>>): Doc {
  const row = given as Readonly<Record<string, unknown>>;
  const fields = Object.keys(COLUMNS).filter((field) => row[field] !== undefined && row[field] !== null);
  return Object.fromEntries(fields.map((field) => [field, row[field]])) as unknown as Doc;
}
export const byKey = (rows: readonly (Doc | Readonly<Record<string, unknown>>)[]): Doc[] =>
  rows.map(canonical).sort((a, b) => (a.key < b.key ? -1 : 1));

const keys = fc.constantFrom("k1", "k2", "k3", "k4", "k5", "k6");
const statuses = fc.constantFrom("draft", "live");
const owners = fc.constantFrom("u1", "u2", "u3");
const numbers = fc.constantFrom(0, 1, 2, 3);
const groups = fc.constantFrom("g1", "g2", "g3", "g9");

const optional = <T>(value: Arbitrary<T>): Arbitrary<T | undefined> =>
  fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: fc.constant(undefined) });
const defined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;

const doc: Arbitrary<Doc> = fc
  .record({
    key: keys,
    status: statuses,
    owner: fc.oneof(
      { weight: 4, arbitrary: owners },
      { weight: 1, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    n: optional(numbers),
    pub: optional(fc.boolean()),
    group: optional(groups),
  })
  .map((row) => defined(row) as Doc);
const distinct = (rows: readonly Doc[]): Doc[] => [...new Map(rows.map((row) => [row.key, row])).values()];

const variable = (name: keyof typeof VARIABLES) => fc.constant({ session: name });

/** Conditions on one field; `inPolicy` lets session variables stand for values. */
function condition(field: Field, inPolicy: boolean): Arbitrary<Filter> {
  const constants: Record<Field, Arbitrary<unknown>> = {
    key: keys,
    status: statuses,
    owner: owners,
    n: numbers,
    pub: fc.boolean(),
    group: groups,
  };
  const own = constants[field];
  const session = COLUMNS[field] === "text" ? variable("user") : COLUMNS[field] === "float8" ? variable("level") : null;
  const value =
    inPolicy && session !== null ? fc.oneof({ weight: 1, arbitrary: own }, { weight: 2, arbitrary: session }) : own;
  const list = fc.array(value, { maxLength: 3 });
  const lists = inPolicy && COLUMNS[field] === "text" ? fc.oneof(list, variable("owners")) : list;
  const as = (operator: string, operand: Arbitrary<unknown>) =>
    operand.map((given): Filter => ({ [field]: { [operator]: given } }));
  return fc.oneof(
    { weight: 4, arbitrary: value.map((given): Filter => ({ [field]: given })) },
    { weight: 1, arbitrary: as("ne", value) },
    { weight: 1, arbitrary: as("gte", value) },
    { weight: 1, arbitrary: as("lt", value) },
    { weight: 1, arbitrary: as("between", fc.tuple(value, value)) },
    { weight: 2, arbitrary: as("in", lists) },
    { weight: 1, arbitrary: as("notIn", lists) },
    { weight: 1, arbitrary: as("isNull", fc.constant(true)) },
    { weight: 1, arbitrary: as("isNotNull", fc.constant(true)) },
  );
}

/** A filter: mostly one condition, sometimes a tree of them, sometimes on the related group. */
export function filter(inPolicy: boolean, depth = 2): Arbitrary<Filter> {
  const fields = fc.constantFrom<Field>("owner", "owner", "owner", "status", "n", "n", "pub", "key", "group");
  const leaf = fields.chain((field) => condition(field, inPolicy));
  if (depth === 0) return leaf;
  const inner = filter(inPolicy, depth - 1);
  const level = condition("n", inPolicy).map((given): Filter => ({ level: given["n"] }));
  return fc.oneof(
    { weight: 6, arbitrary: leaf },
    { weight: 2, arbitrary: fc.array(inner, { maxLength: 2 }).map((parts): Filter => ({ OR: parts })) },
    { weight: 1, arbitrary: fc.array(inner, { maxLength: 2 }).map((parts): Filter => ({ AND: parts })) },
    { weight: 2, arbitrary: inner.map((part): Filter => ({ NOT: part })) },
    {
      weight: 2,
      arbitrary: fc.oneof(fc.constant<true | Filter>(true), level).map((given): Filter => ({ in_group: given })),
    },
    { weight: 1, arbitrary: fc.constant<Filter>({}) },
  );
}

const wide: Arbitrary<Filter> = fc.constant({});
const policy: Arbitrary<Policy> = fc
  .record({
    as: fc.constantFrom("permissive" as const, "permissive" as const, "permissive" as const, "restrictive" as const),
    for: fc.constantFrom("all", "all", "select", "select", "insert", "update", "delete" as const),
    to: fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      { weight: 2, arbitrary: fc.subarray(["a", "b"], { minLength: 1 }) },
      { weight: 1, arbitrary: fc.constant(["public", "a"]) },
    ),
    using: fc.oneof(
      { weight: 5, arbitrary: filter(true) },
      { weight: 2, arbitrary: wide },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    withCheck: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 2, arbitrary: filter(true) },
      { weight: 1, arbitrary: wide },
    ),
  })
  .map(({ using, withCheck, ...rest }): Policy => {
    if (rest.for === "insert") return defined({ ...rest, withCheck: withCheck ?? using }) as Policy;
    if (rest.for === "select" || rest.for === "delete") return defined({ ...rest, using }) as Policy;
    return defined({ ...rest, using, withCheck }) as Policy;
  });

/** Often a policy that shows everything comes first, else most programs would be all refusals. */
const policies = fc
  .tuple(
    fc.oneof(
      { weight: 2, arbitrary: fc.constant<Policy[]>([]) },
      { weight: 1, arbitrary: fc.constant<Policy[]>([{ as: "permissive", for: "select", using: {} }]) },
      { weight: 1, arbitrary: fc.constant<Policy[]>([{ as: "permissive", for: "all", using: {} }]) },
    ),
    fc.array(policy, { maxLength: 4 }),
  )
  .map(([first, rest]) => Object.fromEntries([...first, ...rest].map((given, at) => [`p${at}`, given])));

const session: Arbitrary<Session> = fc.record({
  user: fc.oneof({ weight: 4, arbitrary: owners }, { weight: 1, arbitrary: fc.constant(null) }),
  level: fc.oneof({ weight: 4, arbitrary: numbers }, { weight: 1, arbitrary: fc.constant(null) }),
  owners: fc.oneof(
    {
      weight: 5,
      arbitrary: fc.array(fc.oneof({ weight: 4, arbitrary: owners }, { weight: 1, arbitrary: fc.constant(null) }), {
        maxLength: 3,
      }),
    },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  roles: fc.subarray([...ROLES]),
});

const changes: Arbitrary<Changes> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ owner: fc.oneof(owners, fc.constant(null), fc.constant(undefined)) }) },
  { weight: 2, arbitrary: fc.record({ status: statuses }) },
  { weight: 1, arbitrary: fc.record({ n: optional(numbers), pub: optional(fc.boolean()) }) },
  { weight: 1, arbitrary: fc.record({ group: optional(groups) }) },
) as Arbitrary<Changes>;
const anyChanges: Arbitrary<Changes> = fc.oneof(
  { weight: 5, arbitrary: changes },
  { weight: 1, arbitrary: fc.record({ key: keys }) as Arbitrary<Changes> },
);
const where = fc.oneof({ weight: 2, arbitrary: wide }, { weight: 3, arbitrary: filter(false, 1) });
const conflict = (bare: boolean) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    {
      weight: 2,
      arbitrary: (bare ? fc.boolean() : fc.constant(true)).map((target) => ({ do: "nothing" as const, target })),
    },
    { weight: 3, arbitrary: changes.map((set) => ({ do: "update" as const, set })) },
  );
const statement = (bare: boolean): Arbitrary<Statement> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("select" as const), where }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("update" as const), set: anyChanges, where, returning: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), where, returning: fc.boolean() }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("insert" as const),
        rows: fc.array(doc, { minLength: 1, maxLength: 2 }),
        conflict: conflict(bare),
        returning: fc.boolean(),
      }),
    },
  );

/** `bare`: with ON CONFLICT DO NOTHING that names no target, which the ORM does not have. */
export const program = (bare: boolean, maxSteps = 6): Arbitrary<Program> =>
  fc.record({
    policies,
    rows: fc.array(doc, { maxLength: 6, size: "max" }).map(distinct),
    steps: fc.array(fc.record({ session, statement: statement(bare) }), {
      minLength: 1,
      maxLength: maxSteps,
      size: "max",
    }),
  });
