/**
 * Referential actions against PostgreSQL: random graphs (self references, cycles, diamonds, chains; ids, natural and
 * composite keys; every action on delete and on update) and random programs of inserts, updates and deletes end in
 * equal tables and equal refusals.
 */
import fc from "fast-check";
import { isDeepStrictEqual as equals } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { fuzz, FUZZ_TIMEOUT, LONG, report } from "../support/fuzz.js";
import { ConvexGraph, type Mode } from "./foreign-keys-convex.js";
import { found } from "./foreign-keys-found.js";
import { someOrderAnswers } from "./foreign-keys-orders.js";
import { PostgresGraph, type Outcome, type Tables } from "./foreign-keys-postgres.js";
import {
  fkColumns,
  programs,
  targetColumns,
  type Cell,
  type Graph,
  type Operation,
  type Program,
} from "./foreign-keys-program.js";

let postgres: PostgresGraph;
beforeAll(async () => {
  postgres = await PostgresGraph.start();
});
afterAll(() => postgres.stop());

const codes: Record<string, readonly (string | null)[]> = {
  "23503": ["FOREIGN_KEY_VIOLATION", "RESTRICT_VIOLATION"],
  // The row may reference nothing besides.
  "23001": ["RESTRICT_VIOLATION", "FOREIGN_KEY_VIOLATION"],
  "23505": ["UNIQUE_VIOLATION"],
};

/** Runs something of the ORM's under fake timers, which jobs need and PGlite does not bear. */
async function faked<T>(run: () => Promise<T>): Promise<T> {
  vi.useFakeTimers();
  try {
    return await run();
  } finally {
    vi.useRealTimers();
  }
}

/** An id is not known before its row is inserted: no row can be given its own, or one to come. */
function withoutIdsToCome({ references }: Graph, operation: Operation, labels: readonly number[]): Operation {
  if (operation.op !== "insert") return operation;
  const columns = references.flatMap((each, i) =>
    each.from === operation.table && each.to === operation.table && each.kind === "id" ? fkColumns(each, i) : [],
  );
  const known = (column: string, cell: Cell): Cell =>
    columns.includes(column) && labels.includes(cell ?? -1) ? null : cell;
  const rows = operation.rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([column, cell]) => [column, known(column, cell)])),
  );
  return { ...operation, rows };
}

/**
 * Two of the counts are of statements that PostgreSQL answers as the ORM does only then: see foreign-keys-orders.ts; the
 * last is of `refersToItsOwnKey`.
 */
const tally = { statements: 0, refused: 0, "another order": 0, "a late default": 0, "keys of their own": 0 };
afterAll(() => {
  if (LONG)
    console.log(
      `${tally.statements} statements, ${tally.refused} of them refused, ${tally["another order"]} answered as in another order of PostgreSQL's, ` +
        `${tally["a late default"]} with a default that it judges in the middle, ${tally["keys of their own"]} parked over a key of their own`,
    );
});

/** Runs a program on both sides; each statement is refused by both or by neither, and leaves the same tables. */
async function compare({ graph, operations }: Program, mode: Mode, deferred: boolean): Promise<void> {
  await postgres.create(graph, deferred);
  const convex = await faked(async () => new ConvexGraph(graph, mode));
  await faked(() => convex.start());
  const next = Array.from({ length: graph.tables }, () => 0);
  let before = await postgres.tables(graph);
  for (const drawn of operations) {
    const labels = drawn.op === "insert" ? drawn.rows.map(() => next[drawn.table]!++) : [];
    const operation = withoutIdsToCome(graph, drawn, labels);
    const theirs: Outcome = { code: await postgres.run(operation, labels), tables: await postgres.tables(graph) };
    const code = await faked(() => convex.run(operation, labels));
    const ours = { code, tables: await faked(() => convex.tables()) };
    tally.statements++;
    if (theirs.code !== null) tally.refused++;
    const place = JSON.stringify({ graph, before, operation, labels });
    const why = difference(ours, theirs, mode);
    const itsOwn = mode === "background" && refersToItsOwnKey(graph, operation);
    if (why !== null && itsOwn && isParked(ours) && /references no row/.test(code!)) {
      tally["keys of their own"]++;
      return;
    }
    if (why !== null) {
      const question = { graph, deferred, before, operation, labels };
      const reason = await someOrderAnswers(postgres, question, (outcome) => difference(ours, outcome, mode) === null);
      if (reason === null) throw new Error(`${why}: ${place}`);
      tally[reason]++;
      if (LONG) console.log(`as in ${reason}: ${why.slice(0, 60)}`);
      await postgres.create(graph, deferred);
      await postgres.load(rowsOf(ours.tables));
    }
    // A parked job has done part of its work, where PostgreSQL has done none: the programs part.
    if (isParked(ours)) return;
    before = ours.tables;
  }
}

const rowsOf = (tables: Tables) =>
  Object.entries(tables).flatMap(([table, rows]) => rows.map((row) => [table, row] as const));
const isParked = ({ code }: Outcome): boolean => code?.startsWith("JOB") === true;

/**
 * Whether an update sets both a reference and the key that it refers to, in one table. In the background such a statement
 * may take the key away in one step and refer to it in the next, which is atomic by itself and refuses: docs/cascades.md.
 */
function refersToItsOwnKey({ references }: Graph, operation: Operation): boolean {
  if (operation.op !== "update") return false;
  const { table, set } = operation;
  return references.some(
    (each, i) =>
      each.from === table &&
      each.to === table &&
      fkColumns(each, i).every((column) => typeof set[column] === "number") &&
      targetColumns(each.kind).some((column) => column in set),
  );
}

/** What the ORM did otherwise than PostgreSQL, or null. */
function difference(ours: Outcome, theirs: Outcome, mode: Mode): string | null {
  const said = `PostgreSQL ${theirs.code}, the ORM ${ours.code}`;
  if ((theirs.code === null) !== (ours.code === null)) return said;
  // What a step finds out parks a job: a unique, a parent that is not there. A refusing action never does: it refuses early.
  if (isParked(ours)) return /RESTRICT_VIOLATION|still reference/.test(ours.code!) ? said : null;
  // A row may break two rules at once; in the background the foreign keys are judged first.
  const expected = mode === "background" ? Object.values(codes).flat() : (codes[theirs.code ?? ""] ?? [theirs.code]);
  if (theirs.code !== null && !expected.includes(ours.code!)) return said;
  return equals(ours.tables, theirs.tables)
    ? null
    : `other tables: ${JSON.stringify({ ours: ours.tables, theirs: theirs.tables })}`;
}

async function compareMany(
  judge: string,
  mode: Mode,
  forest: boolean,
  programsRun: number,
  seed: number,
): Promise<void> {
  let compared = 0;
  const property = fc.asyncProperty(programs({ forest }), async (program) => {
    await compare(program, mode, !forest);
    if (++compared % 500 === 0) report(`${judge}, so far`, compared);
  });
  await fc.assert(property, fuzz(programsRun, 1, seed));
  report(judge, compared);
}

test(
  "inline statements end in PostgreSQL's tables",
  async () => {
    await compareMany("inline as PostgreSQL", "inline", false, 25, 4_711);
    expect(tally.refused).toBeGreaterThan(0);
  },
  FUZZ_TIMEOUT,
);

test(
  "without diamonds RESTRICT is PostgreSQL's own",
  async () => {
    await compareMany("RESTRICT as PostgreSQL's", "inline", true, 12, 815);
  },
  FUZZ_TIMEOUT,
);

test(
  "cascades that are handed to a job end in PostgreSQL's tables",
  async () => {
    await compareMany("handed to jobs as PostgreSQL", "handed", false, 12, 99);
  },
  FUZZ_TIMEOUT,
);

test(
  "statements in the background end in PostgreSQL's tables",
  async () => {
    await compareMany("in the background as PostgreSQL", "background", false, 12, 123);
  },
  FUZZ_TIMEOUT,
);

test.each(Object.entries(found))("once they parted: %s", async (_name, program) => {
  for (const mode of ["inline", "handed", "background"] as const) await compare(program, mode, true);
});
