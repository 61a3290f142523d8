/**
 * The comparison of a subject under test with the oracle, one program at a time.
 *
 * With an order, rows must come in that order. Without one any order will do, and with a cut any subset of the right
 * size; the judge asks no more than the contract promises, and no less.
 */
import { convexToJson } from "convex/values";
import type { Value } from "convex/values";
import type { World } from "../oracle/predicate.js";
import { count, exists, findMany } from "../oracle/query.js";
import type { Load, Query, Shaped } from "../oracle/query.js";

export interface Page {
  readonly page: readonly Shaped[];
  readonly isDone: boolean;
  readonly continueCursor: string;
}

/** What is judged: the product, or a stand-in. */
export interface Subject {
  findMany(query: Query): Promise<readonly Shaped[]>;
  findFirst(query: Query): Promise<Shaped | null>;
  count(query: Query): Promise<number>;
  exists(query: Query): Promise<boolean>;
  paginate(query: Query, numItems: number, cursor: string | null): Promise<Page>;
}

/** A program on which the subject and the oracle part. */
export class Disagreement extends Error {
  constructor(
    readonly what: string,
    readonly query: Query,
    expected: unknown,
    got: unknown,
  ) {
    super(`${what}\nprogram  ${show(query)}\nexpected ${show(expected)}\ngot      ${show(got)}`);
    this.name = "Disagreement";
  }
}

/** One text for equal values: keys sorted, -0, NaN, int64 and bytes told apart. */
export function show(value: unknown): string {
  const sorted = (json: unknown): unknown => {
    if (Array.isArray(json)) return json.map(sorted);
    if (typeof json !== "object" || json === null) return json;
    return Object.fromEntries(
      Object.entries(json)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([k, v]) => [k, sorted(v)]),
    );
  };
  if (value === undefined) return "undefined";
  return JSON.stringify(sorted(convexToJson(value as Value)));
}

const ordered = (load: Load): boolean => (load.orderBy ?? []).length > 0;

/** A shaped row as text, with the related rows that nobody ordered in an order of their own. */
function canonical(row: Shaped, load: Load): string {
  return show(settled(row, load));
}
function settled(row: Shaped, load: Load): Shaped {
  const loads = Object.entries(load.with ?? {}).map(([name, asked]) => {
    const inner: Load = asked === true ? {} : asked;
    const value = row[name];
    if (!Array.isArray(value)) return [name, value === null ? null : settled(value as Shaped, inner)];
    const rows = (value as Shaped[]).map((other) => settled(other, inner));
    return [name, ordered(inner) ? rows : rows.sort((a, b) => (show(a) < show(b) ? -1 : 1))];
  });
  return { ...row, ...(Object.fromEntries(loads) as Shaped) };
}

const sameBag = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && [...left].sort().every((row, at) => row === [...right].sort()[at]);

function isSubBag(part: readonly string[], whole: readonly string[]): boolean {
  const left = new Map<string, number>();
  for (const row of whole) left.set(row, (left.get(row) ?? 0) + 1);
  return part.every((row) => {
    const remaining = (left.get(row) ?? 0) - 1;
    left.set(row, remaining);
    return remaining >= 0;
  });
}

/** Compares the rows of one `findMany`. */
export function judgeRows(what: string, world: World, query: Query, got: readonly Shaped[]): void {
  const expected = findMany(world, query);
  const mine = expected.map((row) => canonical(row, query));
  const theirs = got.map((row) => canonical(row, query));
  const { limit: _, offset: __, ...uncut } = query;
  const right = ordered(query)
    ? mine.length === theirs.length && mine.every((row, at) => row === theirs[at])
    : query.limit === undefined && query.offset === undefined
      ? sameBag(mine, theirs)
      : mine.length === theirs.length &&
        isSubBag(
          theirs,
          findMany(world, uncut).map((row) => canonical(row, query)),
        );
  if (!right) throw new Disagreement(what, query, expected, got);
}

/** How strict the judge is. By default nothing may be refused, and every page but the last is full. */
export interface Terms {
  /** Page sizes to walk in. Default 1, 3 and 7. */
  readonly sizes?: readonly number[];
  /** Codes of errors that are an answer too: a refusal is honest, a wrong row is not. */
  readonly refusals?: ReadonlySet<string>;
  /** Pages may stop early, for a bound on what is read, as long as the next one goes on. */
  readonly shortPages?: boolean;
}

/** Walks all pages of `size`; every page but the last must be full, unless the terms let it be short. */
async function walk(world: World, query: Query, size: number, subject: Subject, short: boolean): Promise<void> {
  const expected = findMany(world, query).length;
  const patience = short ? 4 * (world.rows[query.table]?.length ?? 0) * 32 + 200 : expected;
  const rows: Shaped[] = [];
  let cursor: string | null = null;
  for (let at = 0; ; at++) {
    const what = `page ${at + 1} of ${size} rows`;
    const page: Page = await subject.paginate(query, size, cursor);
    if (page.page.length > size) throw new Disagreement(`${what} is too long`, query, size, page.page);
    if (!short && !page.isDone && page.page.length < size) {
      throw new Disagreement(`${what} is short`, query, size, page.page);
    }
    rows.push(...page.page);
    if (page.isDone) break;
    if (at > patience) throw new Disagreement(`pages of ${size} do not end`, query, expected, rows);
    cursor = page.continueCursor;
  }
  judgeRows(`a walk in pages of ${size}`, world, query, rows);
}

/**
 * Runs one program in every way and throws a `Disagreement` at the first that differs.
 * @returns how many of the ways were refused, which only `terms.refusals` allows.
 */
export async function judge(world: World, query: Query, subject: Subject, terms: Terms = {}): Promise<number> {
  const { limit: _, offset, ...uncut } = query;
  const filter: Query = { table: query.table, ...(query.where && { where: query.where }) };
  const ways: (() => Promise<void>)[] = [
    async () => judgeRows("findMany", world, query, await subject.findMany(query)),
    async () => {
      if (offset !== undefined) return;
      const first = await subject.findFirst(uncut);
      judgeRows("findFirst", world, { ...uncut, limit: 1 }, first === null ? [] : [first]);
    },
    async () => {
      const counted = await subject.count(filter);
      if (counted !== count(world, query)) throw new Disagreement("count", filter, count(world, query), counted);
    },
    async () => {
      const found = await subject.exists(filter);
      if (found !== exists(world, query)) throw new Disagreement("exists", filter, exists(world, query), found);
    },
    ...(terms.sizes ?? [1, 3, 7]).map((size) => () => walk(world, uncut, size, subject, terms.shortPages ?? false)),
  ];
  let refused = 0;
  for (const way of ways) {
    try {
      await way();
    } catch (error) {
      if (error instanceof Disagreement) throw error;
      const { message, stack, data } = error as Error & { data?: { code?: string } };
      if (terms.refusals?.has(data?.code ?? "") !== true) {
        throw new Disagreement(`threw: ${message}\n${stack ?? ""}`, query, findMany(world, query), "an error");
      }
      refused++;
    }
  }
  return refused;
}
