/** What explain and analyze tell of relations. */
import { expect, test } from "vitest";
import { blog } from "./blog.js";

const open = () =>
  blog(async (db) => {
    const ann = await db.insert("users", { name: "Ann" });
    const bob = await db.insert("users", { name: "Bob", managerId: ann });
    for (let i = 0; i < 6; i++) {
      const postId = await db.insert("posts", {
        authorId: i % 2 === 0 ? ann : bob,
        title: `p${i}`,
        status: "live",
        rank: i,
      });
      for (let c = 0; c < 4; c++)
        await db.insert("comments", { postId, userId: bob, body: `c${c}`, likes: c, approved: c > 0 });
    }
    for (const title of ["red", "blue"])
      await db.insert("memberships", {
        userId: ann,
        groupId: await db.insert("groups", { title, open: true }),
        role: "member",
      });
  });

const args = {
  where: { status: "live", author: { bio: { isNull: true } } },
  orderBy: { rank: "asc" },
  limit: 4,
  with: {
    author: { with: { groups: { limit: 2 }, manager: true } },
    comments: { where: { approved: true, user: { name: "Bob" } }, orderBy: { likes: "desc" }, limit: 2 },
  },
} as const;

test("each load is told below the query, as text and as frozen data", async () => {
  const { read } = await open();
  const { text, plan, warnings, frozen } = await read(async (db) => {
    const told = await db.posts.explain(args);
    return { ...told, frozen: told.plan.loads.every((load) => Object.isFrozen(load) && Object.isFrozen(load.related)) };
  });
  expect(text.split("\n").slice(1)).toEqual([
    '└─ range by_status_and_rank (status = "live") asc',
    "   └─ residual some author(bio is null)",
    "with author: get users by authorId, each once",
    "  with groups: through memberships, for each key limit 2",
    "    └─ range by_user (userId in keys) asc",
    "    └─ get groups by groupId, each once where deletedAt is null",
    "  with manager: get users by managerId, each once",
    "with comments: comments for each key limit 2",
    "  └─ range by_post_and_likes (postId in keys) desc",
    '     └─ residual approved = true and some user(name = "Bob")',
  ]);
  expect(warnings).toEqual([]);
  expect(plan.loads.map((load) => [load.path, load.relation, load.related.kind, load.loads.length])).toEqual([
    ["with -> author", "posts.author", "gets", 2],
    ["with -> comments", "posts.comments", "ranges", 0],
  ]);
  expect(frozen).toBe(true);
  expect(plan.watches.map((watched) => watched.table)).toEqual([
    "posts",
    "users",
    "memberships",
    "groups",
    "users",
    "comments",
  ]);
});

test("analyze tells what each read, and no read is left out", async () => {
  const { measure } = await open();
  const told = await measure((db) => db.posts.analyze(args));
  const { nodes, rows } = told.value;
  expect(rows).toBe(4);
  expect({ documents: told.value.documentsRead, queries: told.value.databaseQueries }).toEqual({
    documents: told.documents,
    queries: told.queries,
  });
  const by = new Map(nodes.map(({ node, documentsRead, databaseQueries }) => [node, [documentsRead, databaseQueries]]));
  expect(by.get("range by_status_and_rank")).toEqual([4, 1]);
  expect(by.get("relation filters")).toEqual([2, 2]);
  // Both authors were read by the filter, and the manager is one of them.
  expect(by.get("with -> author")).toEqual([0, 0]);
  expect(by.get("with -> author -> groups (junction)")).toEqual([2, 2]);
  expect(by.get("with -> author -> groups")).toEqual([2, 2]);
  expect(by.get("with -> comments")).toEqual([8, 4]);
  // The same answers as without it, at the same price.
  const plain = await measure((db) => db.posts.findMany(args));
  expect([plain.documents, plain.queries]).toEqual([told.documents, told.queries]);
  expect(plain.value[0]).toMatchObject({
    author: { groups: [{ title: "red" }, { title: "blue" }] },
    comments: [{ likes: 3 }, { likes: 2 }],
  });
});
