import { expect, test } from "vitest";
import { catalog, table } from "../../../test/support/policies.js";
import { touchedTables } from "./touched.js";

const touched = (name: string, args: object) => touchedTables(catalog, table(name), args).toSorted();

test("the table itself, and nothing for its own fields", () => {
  expect(touched("posts", {})).toEqual(["posts"]);
  expect(touched("posts", { where: { likes: 1, AND: [{ status: "x" }], NOT: { tags: [] } } })).toEqual(["posts"]);
});
test("relations filtered by, at any depth, junctions included", () => {
  expect(touched("posts", { where: { OR: [{ NOT: { team: { people: true } } }] } })).toEqual([
    "members",
    "posts",
    "teams",
    "users",
  ]);
});
test("relations loaded, with their own filters and loads", () => {
  expect(touched("users", { with: { posts: { with: { team: true } } } })).toEqual(["posts", "teams", "users"]);
  expect(touched("users", { with: { posts: { where: { team: { name: "x" } } } } })).toEqual([
    "posts",
    "teams",
    "users",
  ]);
  expect(touched("teams", { with: { people: true } })).toEqual(["members", "teams", "users"]);
});
test("what is malformed is passed over", () => {
  const loop: Record<string, unknown> = {};
  loop["NOT"] = loop;
  expect(touched("posts", { where: loop, with: [] })).toEqual(["posts"]);
  expect(touched("posts", { where: null, with: { constructor: true, likes: {} } })).toEqual(["posts"]);
});
