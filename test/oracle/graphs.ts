/**
 * Random foreign-key graphs, and random statements on them: what PostgreSQL and the ORM must agree on.
 *
 * Every table has the same columns. `tag` names a row for good; `k` is a unique number, `(x, y)` a unique pair; `a`
 * may refer to some table's `_id`, `b` to a `k`, `(c, d)` to an `(x, y)`, and `k` itself to another table's `k`.
 */
import fc from "fast-check";
import type { Arbitrary } from "fast-check";

export const ACTIONS = ["cascade", "set null", "set default", "restrict", "no action"] as const;
export type Action = (typeof ACTIONS)[number];

/** `child[fields]` references `parent[key]`. */
export interface Edge {
  readonly child: string;
  readonly fields: readonly string[];
  readonly parent: string;
  readonly key: readonly string[];
  readonly onDelete: Action;
  readonly onUpdate: Action;
}

export interface Graph {
  readonly tables: readonly string[];
  readonly edges: readonly Edge[];
  /** What `set default` writes into number columns, by table. */
  readonly defaults: { readonly [table: string]: { readonly [column: string]: number } };
}

export const NUMBER_COLUMNS = ["k", "x", "y", "b", "c", "d"] as const;
export const COLUMNS = [...NUMBER_COLUMNS, "a"] as const;
/** Column values. `a` holds the tag of the row that it refers to. */
export type Cells = { readonly [column in (typeof COLUMNS)[number]]?: number | null };

export type Statement =
  | { readonly kind: "insert"; readonly table: string; readonly rows: readonly (Cells & { readonly tag: number })[] }
  | { readonly kind: "update"; readonly table: string; readonly tags: readonly number[]; readonly set: Cells }
  | { readonly kind: "delete"; readonly table: string; readonly tags: readonly number[] };

const TABLES = ["t0", "t1", "t2", "t3"];
const action = fc.constantFrom<Action>("cascade", "cascade", ...ACTIONS);

function edgesOf(child: string): Arbitrary<readonly Edge[]> {
  const shapes = [
    { fields: ["a"], key: ["_id"] },
    { fields: ["b"], key: ["k"] },
    { fields: ["c", "d"], key: ["x", "y"] },
    { fields: ["k"], key: ["k"] },
  ];
  const one = shapes.map((shape, at) =>
    fc.oneof(
      { weight: [4, 3, 2, 1][at]!, arbitrary: fc.record({ parent: fc.constantFrom(...TABLES), onDelete: action, onUpdate: action }) },
      { weight: 3, arbitrary: fc.constant(null) },
    ).map((drawn): Edge[] =>
      // A key that refers to itself would say nothing.
      drawn === null || (shape.fields[0] === "k" && drawn.parent === child) ? [] : [{ child, ...shape, ...drawn }]),
  );
  return fc.tuple(...one).map((edges) => edges.flat());
}

export const graph: Arbitrary<Graph> = fc
  .record({
    edges: fc.tuple(...TABLES.map(edgesOf)).map((all) => all.flat()),
    defaults: fc.record(Object.fromEntries(TABLES.map((table) => [
      table, fc.constantFrom<Record<string, number>>({}, { b: 1 }, { b: 1, c: 1, d: 1 }, { b: 2, c: 0, d: 1 }),
    ]))),
  })
  .map(({ edges, defaults }) => ({ tables: TABLES, edges, defaults }));

const number = fc.constantFrom(0, 1, 2, 3, null);
const cells: Arbitrary<Cells> = fc.record({
  k: fc.constantFrom(0, 1, 2, 3, 4, 5, null, null), x: fc.constantFrom(0, 1, 2, null), y: fc.constantFrom(0, 1, 2, null),
  b: number, c: fc.constantFrom(0, 1, 2, null), d: fc.constantFrom(0, 1, null), a: fc.constantFrom(null, null, 0, 1, 2, 3, 4, 5, 6, 7),
});
const bare: Arbitrary<Cells> = fc.record({
  k: fc.constantFrom(0, 1, 2, 3, 4, 5), x: fc.constantFrom(0, 1, 2), y: fc.constantFrom(0, 1, 2),
  b: fc.constant(null), c: fc.constant(null), d: fc.constant(null), a: fc.constant(null),
});
const table = fc.constantFrom(...TABLES);
const tags = fc.uniqueArray(fc.nat(12), { minLength: 1, maxLength: 3 });

const statement: Arbitrary<Statement> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("insert" as const), table,
      rows: fc.array(cells.map((row) => ({ ...row, tag: 0 })), { minLength: 1, maxLength: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(table, tags, cells, fc.subarray([...COLUMNS], { minLength: 1, maxLength: 2 })).map(
      ([on, of, row, columns]): Statement => ({
        kind: "update", table: on, tags: of, set: Object.fromEntries(columns.map((column) => [column, row[column] ?? null])),
      }),
    ),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("delete" as const), table, tags }) },
);

/** Parents first, then children that mostly find them, then anything. Tags count up, table by table. */
export const program: Arbitrary<readonly Statement[]> = fc
  .tuple(
    fc.array(fc.tuple(table, bare), { minLength: 4, maxLength: 12, size: "max" }),
    fc.array(fc.tuple(table, cells), { minLength: 4, maxLength: 24, size: "max" }),
    fc.array(statement, { minLength: 1, maxLength: 12, size: "max" }),
  )
  .map(([parents, children, rest]) => {
    const next = new Map<string, number>();
    const insert = ([on, row]: [string, Cells]): Statement => ({ kind: "insert", table: on, rows: [{ ...row, tag: 0 }] });
    return [...parents.map(insert), ...children.map(insert), ...rest].map((given): Statement => {
      if (given.kind !== "insert") return given;
      const rows = given.rows.map((row) => {
        const tag = next.get(given.table) ?? 0;
        next.set(given.table, tag + 1);
        // A row cannot name its own id before it has one, nor that of a later row.
        return { ...row, tag, a: row.a ?? null };
      });
      return { ...given, rows };
    });
  });

/** The parent table of `a`, whose cells are tags. */
export const parentOfA = (given: Graph, child: string): string | undefined =>
  given.edges.find((edge) => edge.child === child && edge.fields[0] === "a")?.parent;
