/** What relations cost, by the transaction's own metrics: the table of targets, line by line. */
import type { GenericId } from "convex/values";
import { beforeAll, describe, expect, test } from "vitest";
import { blog } from "./blog.js";

type Id<T extends string> = GenericId<T>;

/** 60 posts of 10 authors, 20 comments each; one post with 500 comments; one user in 30 groups. */
async function fill(db: Parameters<Parameters<typeof blog>[0]>[0]) {
  const users: Id<"users">[] = [];
  for (let i = 0; i < 10; i++) users.push(await db.insert("users", { name: `user ${i}` }));
  const posts: Id<"posts">[] = [];
  for (let i = 0; i < 60; i++) {
    posts.push(
      await db.insert("posts", {
        authorId: users[i % 10]!,
        editorId: users[(i * 3) % 10]!,
        title: `post ${i}`,
        status: i % 2 === 0 ? "live" : "draft",
        rank: i,
      }),
    );
  }
  for (let i = 0; i < 1_200; i++) {
    await db.insert("comments", {
      postId: posts[i % 60]!,
      userId: users[(i * 7) % 10]!,
      body: `c${i}`,
      likes: (i * 37) % 101,
      approved: i % 240 >= 180,
    });
  }
  const long = await db.insert("posts", { title: "long", status: "long", rank: 1_000 });
  for (let i = 0; i < 500; i++)
    await db.insert("comments", { postId: long, body: `l${i}`, likes: (i * 13) % 499, approved: i % 100 === 99 });
  const groups: Id<"groups">[] = [];
  for (let i = 0; i < 30; i++) groups.push(await db.insert("groups", { title: `group ${i}`, open: i % 3 === 0 }));
  for (const groupId of groups) await db.insert("memberships", { userId: users[0]!, groupId, role: "member" });
  return { users, posts, long, groups };
}

let store: Awaited<ReturnType<typeof blog<Awaited<ReturnType<typeof fill>>>>>;
beforeAll(async () => {
  store = await blog(fill);
});

describe("loads", () => {
  test("50 posts, their 10 authors and the 3 latest comments of each: 210 documents, 61 queries", async () => {
    const { value, documents, queries } = await store.measure((db) =>
      db.posts.findMany({
        orderBy: { rank: "asc" },
        limit: 50,
        with: { author: true, comments: { orderBy: { _creationTime: "desc" }, limit: 3 } },
      }),
    );
    expect(value).toHaveLength(50);
    for (const [i, post] of value.entries()) {
      expect(post.author?.name).toBe(`user ${i % 10}`);
      expect(post.comments.map((c) => c.body)).toEqual([1_140, 1_080, 1_020].map((n) => `c${n + i}`));
    }
    expect({ documents, queries }).toEqual({ documents: 210, queries: 61 });
  });

  test("children in the order of another indexed field, 3 each: 150 child documents for 50 parents", async () => {
    const { value, documents, queries } = await store.measure((db) =>
      db.posts.findMany({
        orderBy: { rank: "asc" },
        limit: 50,
        with: { comments: { orderBy: { likes: "desc" }, limit: 3 } },
      }),
    );
    for (const { comments } of value) {
      expect(comments).toHaveLength(3);
      expect(comments[0]!.likes).toBeGreaterThanOrEqual(comments[1]!.likes);
    }
    expect({ documents, queries }).toEqual({ documents: 200, queries: 51 });
  });

  test("one post with 500 comments, the top 3: 4 documents", async () => {
    const { value, documents, queries } = await store.measure((db) =>
      db.posts.findUnique({
        where: { _id: store.ids.long },
        with: { comments: { orderBy: { likes: "desc" }, limit: 3 } },
      }),
    );
    expect(value?.comments.map((c) => c.likes)).toEqual([498, 497, 496]);
    expect({ documents, queries }).toEqual({ documents: 4, queries: 2 });
  });

  test("through a junction, 3 of 30: 7 documents", async () => {
    const { value, documents, queries } = await store.measure((db) =>
      db.users.findUnique({ where: { _id: store.ids.users[0]! }, with: { groups: { limit: 3 } } }),
    );
    expect(value?.groups.map((g) => g.title)).toEqual(["group 0", "group 1", "group 2"]);
    expect({ documents, queries }).toEqual({ documents: 7, queries: 5 });
  });

  test("through a junction with a filter: read on until 3 match", async () => {
    const { value, documents } = await store.measure((db) =>
      db.users.findUnique({
        where: { _id: store.ids.users[0]! },
        with: { groups: { where: { open: true }, limit: 3 } },
      }),
    );
    expect(value?.groups.map((g) => g.title)).toEqual(["group 0", "group 3", "group 6"]);
    // Seven are needed; the second batch is twice the first.
    expect(documents).toBeLessThanOrEqual(1 + 2 * 9);
  });

  test("a filter and a limit give matching rows, not a filtered head", async () => {
    const { value, documents } = await store.measure((db) =>
      db.posts.findUnique({
        where: { _id: store.ids.long },
        with: { comments: { where: { approved: true }, limit: 3 } },
      }),
    );
    expect(value?.comments.map((c) => c.body)).toEqual(["l99", "l199", "l299"]);
    expect(documents).toBe(1 + 300);
  });

  test("an offset is read, and no more", async () => {
    const { value, documents } = await store.measure((db) =>
      db.posts.findUnique({
        where: { _id: store.ids.long },
        with: { comments: { orderBy: { _creationTime: "asc" }, offset: 5, limit: 2 } },
      }),
    );
    expect(value?.comments.map((c) => c.body)).toEqual(["l5", "l6"]);
    expect(documents).toBe(1 + 7);
  });

  test("limit 0 reads nothing", async () => {
    const { value, documents, queries } = await store.measure((db) =>
      db.posts.findUnique({ where: { _id: store.ids.long }, with: { comments: { limit: 0 } } }),
    );
    expect(value?.comments).toEqual([]);
    expect({ documents, queries }).toEqual({ documents: 1, queries: 1 });
  });
});

describe("what is read once", () => {
  test("two relations to one table: its rows are got once", async () => {
    const { value, documents, queries } = await store.measure((db) =>
      db.posts.findMany({
        orderBy: { rank: "asc" },
        limit: 20,
        with: { author: true, editor: { columns: { name: true } } },
      }),
    );
    expect(value[7]).toMatchObject({ author: { name: "user 7" }, editor: { name: "user 1" } });
    expect({ documents, queries }).toEqual({ documents: 30, queries: 11 });
  });

  test("two levels: comments' authors are the posts' authors", async () => {
    const { documents } = await store.measure((db) =>
      db.posts.findMany({
        orderBy: { rank: "asc" },
        limit: 10,
        with: { author: true, comments: { limit: 3, with: { user: true, post: true } } },
      }),
    );
    expect(documents).toBe(10 + 10 + 30);
  });

  test("the same load below two relations", async () => {
    const { value, documents, queries } = await store.measure((db) =>
      db.posts.findMany({
        orderBy: { rank: "asc" },
        limit: 10,
        with: {
          author: { with: { posts: { orderBy: { rank: "desc" }, limit: 2 } } },
          editor: { with: { posts: { orderBy: { rank: "desc" }, limit: 2 } } },
        },
      }),
    );
    expect(value[1]!.author!.posts.map((p) => p.rank)).toEqual([51, 41]);
    expect(value[1]!.editor!.posts.map((p) => p.rank)).toEqual([53, 43]);
    expect({ documents, queries }).toEqual({ documents: 10 + 10 + 20, queries: 1 + 10 + 10 });
  });

  test("a filter's related rows need no get when they are loaded too", async () => {
    const { value, documents, queries } = await store.measure((db) =>
      db.posts.findMany({ where: { author: { name: "user 4" } }, limit: 5, with: { author: true } }),
    );
    expect(value.map((p) => p.author?.name)).toEqual(Array.from({ length: 5 }, () => "user 4"));
    expect({ documents, queries }).toEqual({ documents: 1 + 5, queries: 2 });
  });

  test("what callers change is theirs alone", async () => {
    const { value } = await store.measure((db) =>
      db.posts.findMany({ orderBy: { rank: "asc" }, limit: 11, with: { author: true } }),
    );
    const [first, eleventh] = [value[0]!.author!, value[10]!.author!];
    expect(first._id).toBe(eleventh._id);
    expect(first).not.toBe(eleventh);
  });
});

describe("filters", () => {
  test("by the author's name, in an order, and in pages", async () => {
    const { value, documents, queries } = await store.measure((db) =>
      db.posts.findMany({ where: { author: { name: "user 4" } }, orderBy: { rank: "desc" }, limit: 3 }),
    );
    expect(value.map((p) => p.rank)).toEqual([54, 44, 34]);
    expect(documents).toBeLessThanOrEqual(5);
    expect(queries).toBe(2);
    const seen: number[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < 9; page++) {
      const { value, documents } = await store.measure((db) =>
        db.posts.paginate({
          where: { author: { name: "user 4" } },
          orderBy: { rank: "desc" },
          paginationOpts: { numItems: 2, cursor },
        }),
      );
      seen.push(...value.page.map((p) => p.rank));
      expect(documents).toBeLessThanOrEqual(4);
      if (value.isDone) break;
      cursor = value.continueCursor;
    }
    expect(seen).toEqual([54, 44, 34, 24, 14, 4]);
  });

  test("existence stops at the first match", async () => {
    const { value, documents, queries } = await store.measure((db) =>
      db.posts.findMany({ where: { _id: store.ids.long, comments: { likes: { gte: 0 } } } }),
    );
    expect(value).toHaveLength(1);
    expect({ documents, queries }).toEqual({ documents: 2, queries: 2 });
  });

  test("existence by an index of the key and the filter", async () => {
    const { value, documents } = await store.measure((db) =>
      db.posts.findMany({ where: { _id: store.ids.long, comments: { likes: { gt: 498 } } } }),
    );
    expect(value).toHaveLength(0);
    expect(documents).toBe(1);
  });
});

describe("1,000 posts of 10 authors", () => {
  const posts = () =>
    blog(async (db) => {
      const users: Id<"users">[] = [];
      for (let i = 0; i < 10; i++)
        users.push(await db.insert("users", { name: `user ${i}`, ...(i % 2 === 0 ? { bio: "writes" } : {}) }));
      for (let i = 0; i < 1_000; i++)
        await db.insert("posts", { authorId: users[i % 10]!, title: "", status: "live", rank: i });
    });

  test("author: { name } with limit 10: at most 12/2", async () => {
    const { measure } = await posts();
    const { value, documents, queries } = await measure((db) =>
      db.posts.findMany({ where: { author: { name: "user 4" } }, limit: 10 }),
    );
    expect(value.map((p) => p.rank)).toEqual(Array.from({ length: 10 }, (_, i) => i * 10 + 4));
    expect(documents).toBeLessThanOrEqual(12);
    expect(queries).toBeLessThanOrEqual(2);
  });

  test("tested row by row, a filter costs 10 look-ups", async () => {
    const { measure } = await posts();
    const { value, documents, queries } = await measure((db) =>
      db.posts.count({ where: { rank: { gte: 0 }, author: { bio: "writes" } } }),
    );
    expect(value).toBe(500);
    expect({ documents, queries }).toEqual({ documents: 1_010, queries: 11 });
  });

  test("a filter on what is loaded is answered once for each author, by what the query has read", async () => {
    const { measure } = await posts();
    const { value, queries } = await measure((db) =>
      db.users.findMany({
        where: { name: { startsWith: "user" } },
        with: { posts: { where: { author: { bio: "writes" } }, limit: 50 } },
      }),
    );
    expect(value.map((u) => u.posts.length)).toEqual([50, 0, 50, 0, 50, 0, 50, 0, 50, 0]);
    expect(queries).toBe(1 + 10);
  });
});
