/**
 * Random graphs of foreign keys and random programs over them, for the comparison of referential actions with
 * PostgreSQL's.
 *
 * Every table has a natural key `k`, a composite key `(a, b)`, both unique, and the columns of its foreign keys. Rows
 * are known by a `label`, which stands for the id on both sides.
 */
import fc from "fast-check";

export const actions = ["cascade", "set null", "set default", "restrict", "no action"] as const;
export type Action = (typeof actions)[number];

/** `id` references the row itself, `key` its `k`, `pair` its `(a, b)`. */
export type Kind = "id" | "key" | "pair";

export interface Reference {
  readonly from: number;
  readonly to: number;
  readonly kind: Kind;
  readonly onDelete: Action;
  readonly onUpdate: Action;
  /** The child's own `k` is the reference: a change of it goes on to the rows below. */
  readonly own: boolean;
}
export interface Graph {
  readonly tables: number;
  readonly references: readonly Reference[];
}

/** `null` is written as such; a missing column is left out of an insert's comparison, never. */
export type Cell = number | null;
export type RowValues = Readonly<Record<string, Cell>>;
export type Operation =
  | { readonly op: "insert"; readonly table: number; readonly rows: readonly RowValues[] }
  | { readonly op: "update"; readonly table: number; readonly labels: readonly number[]; readonly set: RowValues }
  | { readonly op: "delete"; readonly table: number; readonly labels: readonly number[] };

export interface Program {
  readonly graph: Graph;
  readonly operations: readonly Operation[];
}

export const tableName = (index: number): string => `t${index}`;
export const fkColumns = (reference: Reference, index: number): string[] => {
  if (reference.own) return ["k"];
  return reference.kind === "pair" ? [`f${index}a`, `f${index}b`] : [`f${index}`];
};
export const targetColumns = (kind: Kind): string[] => (kind === "id" ? ["id"] : kind === "key" ? ["k"] : ["a", "b"]);

/** The columns of a table beside its label. */
export function columnsOf(graph: Graph, table: number): string[] {
  const own = graph.references.flatMap((reference, i) =>
    reference.from === table && !reference.own ? fkColumns(reference, i) : [],
  );
  return ["k", "a", "b", ...own];
}

const labels = 6;
const value = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 1, arbitrary: fc.constant(null) },
);

export interface GraphOptions {
  /** At most one foreign key a table: no diamonds, so that PostgreSQL's order of triggers does not show. */
  readonly forest: boolean;
}

function reference(tables: number): fc.Arbitrary<Reference> {
  return fc
    .record({
      from: fc.nat({ max: tables - 1 }),
      to: fc.nat({ max: tables - 1 }),
      kind: fc.constantFrom<Kind>("id", "id", "key", "key", "pair"),
      onDelete: fc.constantFrom<Action>("cascade", "cascade", "cascade", ...actions),
      onUpdate: fc.constantFrom<Action>("cascade", "cascade", ...actions),
      own: fc.nat({ max: 3 }).map((n) => n === 0),
    })
    .map((each) => {
      const own = each.own && each.kind === "key" && each.from !== each.to;
      // A unique column set to one default twice is a matter of when PostgreSQL looks.
      const tame = (action: Action): Action => (own && action === "set default" ? "set null" : action);
      return { ...each, own, onDelete: tame(each.onDelete), onUpdate: tame(each.onUpdate) };
    });
}

const graphs = ({ forest }: GraphOptions): fc.Arbitrary<Graph> =>
  fc.integer({ min: 1, max: 5 }).chain((tables) =>
    fc
      .oneof(
        { weight: 3, arbitrary: fc.array(reference(tables), { minLength: 1, maxLength: 6, size: "max" }) },
        // A chain through all tables.
        {
          weight: 1,
          arbitrary: fc
            .tuple(...Array.from({ length: Math.max(1, tables - 1) }, () => reference(tables)))
            .map((chain) =>
              chain.map((each, i) => ({
                ...each,
                from: Math.min(i + 1, tables - 1),
                to: i,
                own: each.own && tables > 1,
              })),
            ),
        },
      )
      .map((references) => {
        const seen = new Set<string>();
        const kept = references.filter((each) => {
          if (forest) return !seen.has(`${each.from}`) && seen.add(`${each.from}`);
          return !each.own || (!seen.has(`own${each.from}`) && seen.add(`own${each.from}`));
        });
        return { tables, references: kept };
      }),
  );

function rowOf(graph: Graph, table: number): fc.Arbitrary<RowValues> {
  return fc.record(Object.fromEntries(columnsOf(graph, table).map((column) => [column, value])));
}

const someLabels = fc.uniqueArray(fc.nat({ max: labels - 1 }), { minLength: 1, maxLength: 3 });

function operation(graph: Graph): fc.Arbitrary<Operation> {
  return fc.nat({ max: graph.tables - 1 }).chain((table) => {
    const columns = columnsOf(graph, table);
    const set = fc
      .tuple(
        fc.constantFrom(...columns, "k", "a", "k"),
        value,
        fc.option(fc.tuple(fc.constantFrom(...columns), value), { nil: null }),
      )
      .map(([column, cell, more]): RowValues => ({ [column]: cell, ...(more === null ? {} : { [more[0]]: more[1] }) }));
    return fc.oneof(
      {
        weight: 3,
        arbitrary: fc
          .array(rowOf(graph, table), { minLength: 1, maxLength: 2 })
          .map((rows): Operation => ({ op: "insert", table, rows })),
      },
      {
        weight: 4,
        arbitrary: fc
          .tuple(someLabels, set)
          .map(([at, patch]): Operation => ({ op: "update", table, labels: at, set: patch })),
      },
      { weight: 4, arbitrary: someLabels.map((at): Operation => ({ op: "delete", table, labels: at })) },
    );
  });
}

/** Starts with rows of null references in every table, label 0 first: the defaults point at it. */
function seedRows(graph: Graph): Operation[] {
  return Array.from({ length: graph.tables }, (_, table): Operation => {
    const columns = columnsOf(graph, table);
    const rows = Array.from({ length: 3 }, (_each, i): RowValues =>
      Object.fromEntries(
        columns.map((column) => [
          column,
          ["a", "b"].includes(column) || (column === "k" && !graph.references.some((r) => r.own && r.from === table))
            ? i
            : null,
        ]),
      ),
    );
    return { op: "insert", table, rows };
  });
}

/**
 * Points the references of the first rows at rows that there are, so that cascades have something to do: a key that is a
 * reference by itself, since other rows need it, then all other columns of a row at once.
 */
function linkRows(graph: Graph): fc.Arbitrary<Operation[]> {
  const indexes = [...graph.references.keys()];
  const isOwn = (i: number): boolean => graph.references[i]!.own;
  const owns = indexes.filter(isOwn).flatMap((i) =>
    [0, 1, 2].map((label): Operation => ({
      op: "update",
      table: graph.references[i]!.from,
      labels: [label],
      set: { k: label },
    })),
  );
  const rows = Array.from({ length: graph.tables }, (_, table) =>
    [0, 1, 2].map((label) => {
      const columns = indexes
        .filter((i) => graph.references[i]!.from === table && !isOwn(i))
        .map((i) => fkColumns(graph.references[i]!, i));
      return fc.tuple(...columns.map(() => fc.nat({ max: 2 }))).map((to): Operation[] => {
        const set = Object.fromEntries(columns.flatMap((each, at) => each.map((column) => [column, to[at]!])));
        return columns.length === 0 ? [] : [{ op: "update", table, labels: [label], set }];
      });
    }),
  );
  return fc.tuple(...rows.flat()).map((updates) => [...owns, ...updates.flat()]);
}

export const programs = (options: GraphOptions): fc.Arbitrary<Program> =>
  graphs(options).chain((graph) =>
    fc
      .tuple(linkRows(graph), fc.array(operation(graph), { minLength: 2, maxLength: 8, size: "max" }))
      .map(([links, operations]) => ({
        graph,
        operations: [...seedRows(graph), ...links, ...operations],
      })),
  );
