/** Updates and deletes by brute force, and random ones: which rows a statement takes, and what is left of the tables. */
import type { Value } from "convex/values";
import fc from "fast-check";
import type { Arbitrary } from "fast-check";
import { FIELDS, TABLES } from "../support/catalog.js";
import { fieldsOf, TABLE_NAMES, where } from "./arbitrary.js";
import { isNullish } from "./predicate.js";
import type { Row, Where, World } from "./predicate.js";
import { matching } from "./query.js";

export type Patch = { readonly [field: string]: Value | undefined };
export type Write =
  | { readonly kind: "update"; readonly table: string; readonly where: Where; readonly set: Patch }
  | { readonly kind: "delete"; readonly table: string; readonly where: Where; readonly hard: boolean };

/** The mark that stands for the time of a soft delete. */
export const DELETED = "deleted";

/** What a statement does: the rows that it takes, as they are after it (deleted ones as they were), and the new world. */
export function apply(world: World, write: Write): { readonly rows: readonly Row[]; readonly world: World } {
  const { table } = write;
  const soft = world.tables[table]!.soft;
  // A hard delete reaches rows that a soft one has hidden; nothing else does.
  const { fields, relations } = world.tables[table]!;
  const seen =
    write.kind === "delete" && write.hard
      ? { ...world, tables: { ...world.tables, [table]: { fields, relations } } }
      : world;
  const taken = new Set(matching(seen, { table, where: write.where }));
  const changed: Row[] = [];
  const rows = world.rows[table]!.flatMap((row): Row[] => {
    if (!taken.has(row)) return [row];
    if (write.kind === "delete" && (write.hard || soft === undefined)) {
      changed.push(row);
      return [];
    }
    const patch: Patch = write.kind === "update" ? write.set : { [soft!]: DELETED };
    const entries = Object.entries({ ...row, ...patch }).filter(([, value]) => value !== undefined);
    const after = Object.fromEntries(entries) as Row;
    changed.push(after);
    return [after];
  });
  return { rows: changed, world: { ...world, rows: { ...world.rows, [table]: rows } } };
}

/** A stored row with the time of its soft deletion, if this run set it, as the mark. */
export const marked = (row: Row, soft: string | undefined): Row =>
  soft !== undefined && typeof row[soft] === "number" && row[soft] > 1e12 ? { ...row, [soft]: DELETED } : row;

/** New values of one field or two, of those in `among`; null when there is none. */
function patch(table: string): Arbitrary<Patch>;
function patch(table: string, among: ReadonlySet<string>): Arbitrary<Patch> | null;
function patch(table: string, among?: ReadonlySet<string>): Arbitrary<Patch> | null {
  const fields = fieldsOf(table, "convex").filter(([path]) => !path.includes(".") && among?.has(path) !== false);
  if (fields.length === 0) return null;
  return (
    fc
      .subarray(fields, { minLength: 1, maxLength: Math.min(2, fields.length) })
      .chain((some) =>
        fc.tuple(
          ...some.map(([path, spec]) => fc.constantFrom(...spec.stored).map((value): Patch => ({ [path]: value }))),
        ),
      )
      .map((parts) => Object.assign({}, ...parts) as Patch)
      // `undefined` removes an optional field; where a required one holds none, the pools have none either.
      .filter((made) =>
        Object.entries(made).every(
          ([path, value]) => !isNullish(value) || FIELDS[table]![path]!.stored.includes(value),
        ),
      )
  );
}

/** The tables that a filter's relations lead to. */
function looksAt(table: string, given: Where, into = new Set<string>()): Set<string> {
  for (const [key, part] of Object.entries(given as Record<string, unknown>)) {
    const relation = TABLES[table]!.relations[key];
    if (key === "AND" || key === "OR") for (const each of part as Where[]) looksAt(table, each, into);
    else if (key === "NOT") looksAt(table, part as Where, into);
    else if (relation !== undefined) {
      into.add(relation.table);
      if (relation.through !== undefined) into.add(relation.through.table);
      if (part !== true) looksAt(relation.table, part as Where, into);
    }
  }
  return into;
}

/** The fields of the table's own rows that a filter names. */
function named(given: Where, into = new Set<string>()): Set<string> {
  for (const [key, part] of Object.entries(given as Record<string, unknown>)) {
    if (key === "AND" || key === "OR") for (const each of part as Where[]) named(each, into);
    else if (key === "NOT") named(part as Where, into);
    else into.add(key);
  }
  return into;
}

/** @param hops how far relation filters may go. */
export function write(hops: number): Arbitrary<Write> {
  return writes(
    (table) => where(table, "convex", 2, hops),
    (table) => patch(table),
  );
}

/**
 * Writes that do the same in steps as at once: their relation filters look at other tables only. Updates change what
 * their own filter names, most of them.
 */
export function steadyWrite(): Arbitrary<Write> {
  const filter = (table: string): Arbitrary<Where> =>
    where(table, "convex", 2, 2).filter((given) => !looksAt(table, given).has(table));
  return writes(filter, (table, given) => {
    const moving = patch(table, named(given));
    return moving === null
      ? patch(table)
      : fc.oneof({ weight: 3, arbitrary: moving }, { weight: 1, arbitrary: patch(table) });
  });
}

function writes(
  filterOf: (table: string) => Arbitrary<Where>,
  patchOf: (table: string, where: Where) => Arbitrary<Patch>,
): Arbitrary<Write> {
  const unique = new Set(["cards", "depots"]);
  const busy = ["users", "users", "posts", "posts", "comments", ...TABLE_NAMES];
  return fc.constantFrom(...busy).chain((table): Arbitrary<Write> => {
    const filter = filterOf(table);
    const remove: Arbitrary<Write> = fc.record({
      kind: fc.constant("delete" as const),
      table: fc.constant(table),
      where: filter,
      hard: fc.boolean(),
    });
    // Keys that only the data keeps unique are not written.
    if (unique.has(table)) return remove;
    const update = filter.chain((given): Arbitrary<Write> =>
      patchOf(table, given).map((set) => ({ kind: "update" as const, table, where: given, set })),
    );
    return fc.oneof({ weight: 3, arbitrary: update }, { weight: 1, arbitrary: remove });
  });
}
