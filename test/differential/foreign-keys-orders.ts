/**
 * What PostgreSQL itself leaves open. Its referential actions go breadth first, row by row in the order in which rows
 * lie in the table (an updated row moves to its end), and for a row in the order in which the constraints were declared.
 * Where a row is reached by two ways of which one deletes it and the other changes its key, that order decides; so the
 * same statement is put to it in many orders, and any of its answers is right.
 */
import fc from "fast-check";
import type { Graph, Operation } from "./foreign-keys-program.js";
import type { Outcome, PostgresGraph, Tables, Variant } from "./foreign-keys-postgres.js";

/** Enough for each of the few orders that can matter in tables of some six rows. */
const orders = 60;

export interface Question {
  readonly graph: Graph;
  readonly deferred: boolean;
  /** The tables before the statement. */
  readonly before: Tables;
  readonly operation: Operation;
  readonly labels: readonly number[];
}

/** Why one of PostgreSQL's answers to a statement, in some order of rows and constraints, is the wanted one; null if none is. */
export async function someOrderAnswers(
  postgres: PostgresGraph,
  question: Question,
  wanted: (outcome: Outcome) => boolean,
): Promise<"another order" | "a late default" | null> {
  const { graph, before } = question;
  const rows = Object.entries(before).flatMap(([table, all]) => all.map((row) => [table, row] as const));
  const declared = [...graph.references.keys()];
  const shuffles = fc.sample(fc.tuple(shuffled(declared), shuffled(rows)), { numRuns: orders, seed: 1 });
  const tried = [
    [declared, rows],
    [declared, rows.toReversed()],
    [declared.toReversed(), rows],
    [declared.toReversed(), rows.toReversed()],
    ...shuffles,
  ] as const;
  for (const orphaned of lateDefaults(question)) {
    for (const [constraints, inOrder] of tried) {
      if (wanted(await answer(postgres, question, { constraints, orphaned }, inOrder)))
        return orphaned.size > 0 ? "a late default" : "another order";
    }
  }
  return null;
}

const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...items], { minLength: items.length });

async function answer(
  postgres: PostgresGraph,
  { graph, deferred, operation, labels }: Question,
  variant: Variant,
  rows: Parameters<PostgresGraph["load"]>[0],
): Promise<Outcome> {
  await postgres.create(graph, deferred, variant);
  await postgres.load(rows);
  const code = await postgres.run(operation, labels);
  return { code, tables: await postgres.tables(graph) };
}

/**
 * SET DEFAULT, too, looks in the middle of the cascade, when the default is the very key that goes, though the
 * referencing row may be deleted later on. A default that references nothing is looked for at the end: that asks of
 * PostgreSQL what the ORM asks, for each set of foreign keys whose default may go with the statement.
 */
function lateDefaults({ graph, operation }: Question): ReadonlySet<number>[] {
  const may = graph.references.flatMap((each, i) =>
    each.onDelete === "set default" || each.onUpdate === "set default" ? [i] : [],
  );
  if (operation.op === "insert" || may.length === 0) return [new Set()];
  return Array.from(
    { length: 2 ** may.length },
    (_, bits) => new Set(may.filter((_each, at) => (bits & (1 << at)) !== 0)),
  );
}
