import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { expect, test } from "vitest";
import type { OrmError } from "../errors.js";
import type { AggregateInfo } from "./aggregates.js";
import { buildCatalog } from "./build.js";
import { defineRelations } from "./relations.js";

const schema = defineSchema({
  posts: defineTable({
    authorId: v.string(),
    status: v.string(),
    likes: v.number(),
    tags: v.array(v.string()),
    profile: v.optional(v.object({ city: v.string() })),
    toString: v.optional(v.string()),
  }),
});
type Doc = Record<string, never> & { profile?: { city: string } };

const aggregate = (sortKey?: unknown, namespace?: unknown): object => ({
  ...(sortKey === undefined ? {} : { options: { sortKey, ...(namespace === undefined ? {} : { namespace }) } }),
  ...Object.fromEntries(["countBatch", "insertIfDoesNotExist", "deleteIfExists", "trigger"].map((m) => [m, () => 0])),
});

const build = (count: unknown): readonly AggregateInfo[] =>
  buildCatalog(
    schema,
    defineRelations(schema, () => ({})),
    { posts: { count } },
  ).tables["posts"]!.rules.aggregates;
const read = (count: unknown): unknown => {
  const [{ key, single, namespace, answers }] = build(count) as [AggregateInfo];
  return { key: single ? key[0] : key, namespace, answers };
};
const refused = (count: unknown): OrmError["data"] => {
  try {
    build(count);
  } catch (error) {
    return (error as OrmError).data;
  }
  throw new Error("it was taken");
};

/** A function with this very text: compilers rewrite those of this file. */
const written = (text: string): unknown => (0, eval)(text) as unknown;

test("fields are read from functions that return them as they are", () => {
  for (const [text, key] of [
    ["(doc) => doc.authorId", "authorId"],
    ["doc=>doc.authorId", "authorId"],
    ["($d) => $d.authorId ?? null", "authorId"],
    ["(doc) => [doc.authorId]", ["authorId"]],
    ["(doc) => [\n  doc.authorId,\n  doc.likes ?? null,\n]", ["authorId", "likes"]],
    ["d=>[d.authorId,d._creationTime]", ["authorId", "_creationTime"]],
    ["(doc) => { return doc.authorId; }", "authorId"],
    ["d=>{return[d.authorId,d.likes]}", ["authorId", "likes"]],
    ["(function (doc) { return doc.authorId; })", "authorId"],
    ["(function sortKey(doc) { return [doc.authorId, doc.likes] })", ["authorId", "likes"]],
    ["({ sortKey(doc) { return doc.authorId } }).sortKey", "authorId"],
    [`(doc) => doc["authorId"]`, "authorId"],
    ["(doc) => [doc['authorId'], doc.likes]", ["authorId", "likes"]],
    ["(doc) => [\n  doc.authorId, // who\n  /* how many */ doc.likes,\n]", ["authorId", "likes"]],
  ] as const) {
    expect(read(aggregate(written(text))), text).toEqual({ key, namespace: null, answers: true });
  }
});

test("any other function is not trusted: then only all rows, or a whole namespace, are counted by it", () => {
  for (const text of [
    '(doc) => doc.status === "x" ? null : doc.status',
    "(doc) => doc.likes || null",
    "(doc) => doc.likes ?? 0",
    "(doc) => -doc.likes",
    "(doc) => doc.authorId.toLowerCase()",
    "(doc) => [doc.authorId, doc.likes + 1]",
    "(doc) => [...doc.tags]",
    "(doc) => other.authorId",
    "(doc) => doc.tags.length",
    "(doc) => doc.profile?.city ?? null",
    "(doc) => doc.missing",
    '(doc) => doc["authorId/*"] + doc["*/"]',
    "(doc) => doc[`authorId`]",
    "(doc) => { return /*\n*/ doc.authorId }",
    "(doc) => { return\u2028doc.authorId }",
    "(doc) => doc.authorId /* */ + 1",
    "(doc) => /[/*]/.test(doc.authorId) /* */",
    "(doc) => doc.toString",
    "(doc) => { return\ndoc.authorId }",
    "(doc) => { doc = {}; return doc.authorId; }",
    "async (doc) => doc.authorId",
    "(function* (doc) { return doc.authorId; })",
    "(doc, other) => doc.authorId",
    "({ authorId }) => authorId",
    "(doc = {}) => doc.authorId",
    "() => null",
    "((doc) => doc.authorId).bind(null)",
  ]) {
    expect(read(aggregate(written(text))), text).toEqual({ key: [], namespace: null, answers: true });
  }
});

test("a namespace is a field, or the aggregate answers nothing and is only kept right", () => {
  const key = written("(doc) => doc.likes");
  expect(read(aggregate(key, written("(doc) => doc.status")))).toEqual({
    key: "likes",
    namespace: "status",
    answers: true,
  });
  expect(read(aggregate(key, written("(doc) => [doc.status]")))).toEqual({
    key: "likes",
    namespace: null,
    answers: false,
  });
  expect(read(aggregate(key, written("(doc) => doc.status.trim()")))).toEqual({
    key: "likes",
    namespace: null,
    answers: false,
  });
});

test("fields may be declared, and must be what the functions return", () => {
  const city = (doc: Doc): unknown => doc.profile?.city ?? null;
  expect(read({ aggregate: aggregate(city), key: "profile.city" })).toMatchObject({
    key: "profile.city",
    answers: true,
  });
  const both = (doc: Doc): unknown => [doc["authorId"], city(doc)];
  const spaced = {
    aggregate: aggregate(both, (doc: Doc) => doc["status"]),
    key: ["authorId", "profile.city"],
    namespace: "status",
  };
  expect(read(spaced)).toEqual({ key: ["authorId", "profile.city"], namespace: "status", answers: true });
  expect(read({ ...spaced, backfilled: false })).toMatchObject({ answers: false });
  // Without its functions an aggregate is taken at the user's word, and answers nothing without it.
  expect(read({ aggregate: aggregate(), key: ["authorId"] })).toMatchObject({ key: ["authorId"], answers: true });
  expect(read(aggregate())).toMatchObject({ key: [], answers: false });
  for (const wrong of [
    { aggregate: aggregate(city), key: ["profile.city"] },
    { aggregate: aggregate(city), key: "authorId" },
    { aggregate: aggregate(both), key: ["profile.city", "authorId"] },
    { aggregate: aggregate((doc: Doc) => -doc["likes"]!), key: "likes" },
    { aggregate: aggregate(city, (doc: Doc) => doc["status"]), key: "profile.city", namespace: "authorId" },
    {
      aggregate: aggregate((doc: Doc) => (doc["authorId"] as unknown as { missing: { x: string } }).missing.x),
      key: "authorId",
    },
  ]) {
    expect(refused(wrong)).toMatchObject({ code: "INVALID_SCHEMA", path: "tables -> posts -> count", table: "posts" });
  }
});

test("what is no TableAggregate is refused where it stands", () => {
  const one = aggregate(written("(doc) => doc.authorId"));
  expect(build([one, { aggregate: one, key: "authorId" }])).toHaveLength(2);
  const { trigger: _trigger, ...direct } = one as { trigger: unknown };
  for (const wrong of [null, true, "posts", 3, {}, { key: "authorId" }, direct, { aggregate: direct }]) {
    const { code, path, hint } = refused(wrong);
    expect([code, path]).toEqual(["INVALID_SCHEMA", "tables -> posts -> count"]);
    expect(hint).toContain("TableAggregate");
  }
  expect(refused([one, {}])).toMatchObject({ path: "tables -> posts -> count[1]" });
  expect(refused({ aggregate: one, key: "autorId" })).toMatchObject({ path: "tables -> posts -> count -> key" });
  expect(refused({ aggregate: one, namespace: "autorId" })).toMatchObject({
    path: "tables -> posts -> count -> namespace",
  });
  expect(refused({ aggregate: one, fields: ["authorId"] })).toMatchObject({ code: "INVALID_SCHEMA" });
  expect(refused({ aggregate: one, backfilled: 1 })).toMatchObject({ code: "INVALID_SCHEMA" });
});
