/** Programs on which the two sides once parted, each as small as fast-check made it. */
import type { Program } from "./foreign-keys-program.js";

const seeds = (table: number, columns: readonly string[], key: number | null) =>
  ({
    op: "insert",
    table,
    rows: [0, 1, 2].map((i) =>
      Object.fromEntries(
        columns.map((name) => [name, "ab".includes(name) ? i : name === "k" && key !== null ? i : null]),
      ),
    ),
  }) as const;
const set = (table: number, label: number, values: Record<string, number | null>) =>
  ({ op: "update", table, labels: [label], set: values }) as const;

/** What empties the key of a row, and what deletes it, come from two rows of one statement. */
const emptiedAndDeleted: Program = {
  graph: {
    tables: 2,
    references: [
      { from: 1, to: 0, kind: "key", onDelete: "set null", onUpdate: "cascade", own: true },
      { from: 1, to: 0, kind: "id", onDelete: "cascade", onUpdate: "restrict", own: false },
      { from: 1, to: 1, kind: "key", onDelete: "cascade", onUpdate: "set null", own: false },
      { from: 1, to: 1, kind: "key", onDelete: "cascade", onUpdate: "restrict", own: false },
    ],
  },
  operations: [
    seeds(0, ["k", "a", "b"], 0),
    seeds(1, ["k", "a", "b", "f1", "f2", "f3"], null),
    set(1, 0, { k: 0 }),
    set(1, 1, { k: 1 }),
    set(1, 2, { k: 2 }),
    set(1, 0, { f1: 1 }),
    set(1, 1, { f1: 2 }),
    set(1, 2, { f1: 0 }),
    set(1, 0, { f2: 0, f3: 0 }),
    set(1, 1, { f2: 0, f3: 0 }),
    set(1, 2, { f2: 0, f3: 0 }),
    // To the end of PostgreSQL's table: row 1 is deleted first.
    set(0, 0, { a: 1 }),
    { op: "delete", table: 0, labels: [1, 0] },
  ],
};

/** A default is written inline, and references a row that goes later on, in the job, along with the referencing one. */
const defaultThatGoes: Program = {
  graph: {
    tables: 1,
    references: [
      { from: 0, to: 0, kind: "key", onDelete: "no action", onUpdate: "cascade", own: false },
      { from: 0, to: 0, kind: "pair", onDelete: "cascade", onUpdate: "cascade", own: false },
      { from: 0, to: 0, kind: "key", onDelete: "cascade", onUpdate: "set default", own: false },
      { from: 0, to: 0, kind: "key", onDelete: "cascade", onUpdate: "cascade", own: false },
      { from: 0, to: 0, kind: "id", onDelete: "set default", onUpdate: "set default", own: false },
    ],
  },
  operations: [
    seeds(0, ["k", "a", "b", "f0", "f1a", "f1b", "f2", "f3", "f4"], 0),
    set(0, 0, { f0: 1, f1a: 0, f1b: 0, f2: 1, f3: 0, f4: 2 }),
    set(0, 1, { f0: 1, f1a: 0, f1b: 0, f2: 0, f3: 2, f4: 0 }),
    set(0, 2, { f0: 0, f1a: 0, f1b: 0, f2: 2, f3: 2, f4: 1 }),
    { op: "delete", table: 0, labels: [2] },
  ],
};

/** One statement refers to a key and takes it away: its references follow inline; in the background a later step refuses. */
const ownKeyTaken: Program = {
  graph: {
    tables: 1,
    references: [
      { from: 0, to: 0, kind: "key", onDelete: "restrict", onUpdate: "cascade", own: false },
      { from: 0, to: 0, kind: "key", onDelete: "set null", onUpdate: "cascade", own: false },
    ],
  },
  operations: [
    seeds(0, ["k", "a", "b", "f0", "f1"], 0),
    set(0, 0, { f0: 0, f1: 0 }),
    set(0, 1, { f0: 0, f1: 0 }),
    set(0, 2, { f0: 0, f1: 0 }),
    { op: "update", table: 0, labels: [1, 2, 0], set: { f1: 0, k: null } },
  ],
};

export const found: Readonly<Record<string, Program>> = { emptiedAndDeleted, defaultThatGoes, ownKeyTaken };
