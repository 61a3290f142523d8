import { register } from "convex-orm/test";
import { convexTest } from "convex-test";
import { expect, test } from "vitest";
import { api } from "./_generated/api.js";
import schema from "./schema.js";

const modules = import.meta.glob("./**/*.*s");

test("the installed package writes and reads", async () => {
  const t = convexTest({ schema, modules, transactionLimits: true });
  register(t);
  const authorId = await t.mutation(api.posts.write, { author: "Ada", title: "Notes" });
  const posts: { title: string; author: string | null }[] = await t.query(api.posts.byAuthor, { authorId });
  expect(posts).toEqual([{ title: "Notes", author: "Ada" }]);
});
