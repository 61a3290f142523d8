/**
 * What the judges know of `schema.ts`: the relations as the oracle reads them, the pools that values are drawn from,
 * and the PostgreSQL type of each column that PostgreSQL can hold with the same meaning.
 *
 * Pools are small so that rows tie and filters hit, and nasty: prefixes of each other, LIKE's own characters, strings
 * whose UTF-16 and UTF-8 orders differ, -0 and NaN, values of every type where the schema allows several.
 */
import type { Value } from "convex/values";
import type { RelationMeta, TableMeta } from "../oracle/predicate.js";

export type PgType = "text" | "float8" | "int8" | "bool" | "text[]" | "float8[]";

export interface FieldSpec {
  /** What a row may hold; `undefined` is an absent field. */
  readonly stored: readonly (Value | undefined)[];
  /** What a filter may compare with: the stored values and some that no row holds. Never null. */
  readonly operands: readonly Value[];
  /** May text operators be asked of it? */
  readonly text?: boolean;
  /** For arrays: what the operands of array operators are made of. */
  readonly elements?: readonly Value[];
  /** Left out where PostgreSQL has no column with the same meaning. */
  readonly pg?: PgType;
}

/** A reference to the row `index` of `table` of a data set; becomes an id once the rows are stored. */
export const ref = (table: string, index: number): string => `@id:${table}:${index}`;
/** The creation time of that row; becomes a number once the rows are stored. */
export const timeRef = (table: string, index: number): string => `@time:${table}:${index}`;

const WORDS = [
  "",
  "a",
  "ab",
  "abc",
  "abd",
  "b",
  "Ab",
  "AB",
  "a%c",
  "a_c",
  "a\\c",
  "a\nb",
  "\u00e9",
  "e\u0301",
  "\u{1F600}",
  "\u{1F600}a",
  "\uFF61",
  "a\u{10FFFF}",
  "a\uD7FF",
  "z",
];
const FEW_WORDS = ["a", "ab", "abc", "b", "Ab", "\u{1F600}", "\uFF61"];
const NUMBERS = [0, 1, 2, 3, -1, 2.5];
const ODD_NUMBERS = [...NUMBERS, -0, NaN, Infinity, -Infinity, 5e-324, -5e-324, 9007199254740991];
const BIGINTS = [0n, 1n, 2n, -1n, 9223372036854775807n, -9223372036854775808n];
const BYTES = [[], [0], [0, 1], [255]].map((bytes) => new Uint8Array(bytes).buffer);

const words = (stored: readonly string[], ...also: (null | undefined)[]): FieldSpec => ({
  stored: [...stored, ...also],
  operands: [...stored, "abcd", "aa", "\u{10FFFF}"],
  text: true,
  pg: "text",
});
const numbers = (stored: readonly number[], ...also: (null | undefined)[]): FieldSpec => ({
  stored: [...stored, ...also],
  operands: [...stored, 0.5, 99],
  pg: "float8",
});
const bigints = (...also: (null | undefined)[]): FieldSpec => ({
  stored: [0n, 1n, 2n, ...BIGINTS, ...also],
  operands: [...BIGINTS, 3n],
  pg: "int8",
});
const booleans = (...also: (null | undefined)[]): FieldSpec => ({
  stored: [false, true, ...also],
  operands: [false, true],
  pg: "bool",
});
const literals = (...stored: string[]): FieldSpec => ({ stored, operands: stored, text: true, pg: "text" });
const ids = (table: string, ...also: (null | undefined)[]): FieldSpec => {
  const stored = [0, 1, 2, 3, 4, 5].map((index) => ref(table, index));
  return { stored: [...stored, ...stored, ...also], operands: stored, pg: "text" };
};
const arrays = (stored: readonly (readonly Value[])[], elements: readonly Value[], pg: PgType): FieldSpec => ({
  stored: [...(stored as Value[]), undefined],
  operands: stored as Value[],
  elements,
  pg,
});

/** Fields by their paths; a dotted path is a field of its own here. */
export const FIELDS: { readonly [table: string]: { readonly [path: string]: FieldSpec } } = {
  teams: { name: words(FEW_WORDS), size: numbers(NUMBERS, undefined) },
  users: {
    name: words(WORDS),
    age: numbers([0, 1, 2, 3], undefined, undefined),
    score: numbers(ODD_NUMBERS, null, null),
    rank: bigints(null, undefined),
    active: booleans(undefined),
    role: literals("admin", "guest", "member"),
    mixed: {
      stored: ["a", "ab", "", 1, 2, NaN, -0, 0, 1n, 2n, true, false, [], [1], [1, 2], null, undefined],
      operands: ["a", "ab", "", 1, 2, NaN, -0, 0, 1n, 2n, 3n, true, false, [], [1], [1, 2], [2], "z"],
      text: true,
      elements: [1, 2, 3],
    },
    "profile.city": words(FEW_WORDS, undefined),
    "profile.zip": numbers(NUMBERS, null),
    tags: arrays([[], ["a"], ["b"], ["a", "b"], ["b", "a"], ["a", "a"], ["ab"]], ["a", "b", "ab", "c"], "text[]"),
    teamId: ids("teams", undefined, undefined),
    managerId: ids("users", null, null),
  },
  posts: {
    authorId: ids("users", null, undefined),
    title: words(WORDS),
    status: literals("archived", "draft", "live"),
    likes: numbers([0, 1, 2, 3]),
    views: bigints(undefined),
    publishedAt: numbers(ODD_NUMBERS, null, undefined),
    pinned: booleans(null, undefined),
    lang: words(FEW_WORDS, undefined),
    grades: arrays([[], [1], [1, 2], [2, 1], [1, 1], [3]], [1, 2, 3, 4], "float8[]"),
    extra: {
      stored: [{ a: 1 }, { a: 1, b: "x" }, { a: 2 }, "a", "ab", null, undefined],
      operands: [{ a: 1 }, { b: "x", a: 1 }, { a: 2 }, { a: 3 }, "a", "ab", "b"],
      text: true,
    },
  },
  comments: {
    postId: ids("posts"),
    userId: ids("users", undefined),
    body: words(WORDS, null, undefined),
    approved: booleans(),
    likes: numbers([0, 1, 2]),
  },
  groups: {
    title: words(FEW_WORDS),
    level: numbers([0, 1, 2], undefined),
    deletedAt: { stored: [null, undefined, undefined, undefined, 5], operands: [5], pg: "float8" },
  },
  memberships: {
    userId: ids("users", null),
    groupId: ids("groups", undefined),
    since: numbers([0, 1, 2], undefined),
  },
  cards: {
    userId: ids("users", undefined),
    bio: words(FEW_WORDS),
    key: { stored: [...BYTES, undefined], operands: [...BYTES, new Uint8Array([7]).buffer] },
  },
  depots: {
    region: words(["a", "ab", "b"], null),
    code: numbers([0, 1, 2], undefined),
    label: words(FEW_WORDS),
  },
  parcels: {
    region: words(["a", "ab", "b"], null, undefined),
    code: numbers([0, 1, 2], null, undefined),
    weight: numbers(NUMBERS),
  },
};

const one = (table: string, from: string[], to: string[]): RelationMeta => ({ kind: "one", table, from, to });
const many = (table: string, from: string[], to: string[]): RelationMeta => ({ kind: "many", table, from, to });
const through = (table: string, via: string, from: string, to: string): RelationMeta => ({
  kind: "many",
  table,
  from: ["_id"],
  to: ["_id"],
  through: { table: via, from: [from], to: [to] },
});

const RELATIONS: { readonly [table: string]: { readonly [name: string]: RelationMeta } } = {
  teams: { members: many("users", ["_id"], ["teamId"]) },
  users: {
    team: one("teams", ["teamId"], ["_id"]),
    manager: one("users", ["managerId"], ["_id"]),
    reports: many("users", ["_id"], ["managerId"]),
    posts: many("posts", ["_id"], ["authorId"]),
    comments: many("comments", ["_id"], ["userId"]),
    card: one("cards", ["_id"], ["userId"]),
    groups: through("groups", "memberships", "userId", "groupId"),
  },
  posts: { author: one("users", ["authorId"], ["_id"]), comments: many("comments", ["_id"], ["postId"]) },
  comments: { post: one("posts", ["postId"], ["_id"]), user: one("users", ["userId"], ["_id"]) },
  groups: { members: through("users", "memberships", "groupId", "userId") },
  memberships: { user: one("users", ["userId"], ["_id"]), group: one("groups", ["groupId"], ["_id"]) },
  cards: { user: one("users", ["userId"], ["_id"]) },
  depots: { parcels: many("parcels", ["region", "code"], ["region", "code"]) },
  parcels: { depot: one("depots", ["region", "code"], ["region", "code"]) },
};

/** The tables as the oracle reads them. */
export const TABLES: { readonly [table: string]: TableMeta } = Object.fromEntries(
  Object.entries(FIELDS).map(([table, fields]) => [
    table,
    {
      fields: [...new Set(Object.keys(fields).map((path) => path.split(".")[0]!))],
      relations: RELATIONS[table]!,
      ...(table === "groups" ? { soft: "deletedAt" } : {}),
    },
  ]),
);

/** Sets of fields whose values no two rows share (where none is null or absent). */
export const UNIQUE: { readonly [table: string]: readonly string[] } = {
  cards: ["userId"],
  depots: ["region", "code"],
};
