/** Every kind of relation, loaded: what comes, in which shape, and what dangling, null and absent keys do. */
import { beforeAll, describe, expect, test } from "vitest";
import { blog, thrown } from "./blog.js";

async function fill(db: Parameters<Parameters<typeof blog>[0]>[0]) {
  const ann = await db.insert("users", { name: "Ann" });
  const bob = await db.insert("users", { name: "Bob", managerId: ann });
  const cid = await db.insert("users", { name: "Cid", managerId: ann });
  const gone = await db.insert("users", { name: "Gone" });
  const dan = await db.insert("users", { name: "Dan", managerId: gone });
  await db.insert("users", { name: "Eve", managerId: null });
  await db.delete(gone);
  await db.insert("profiles", { userId: ann, city: "Oslo" });
  await db.insert("profiles", { city: "Nowhere" });
  const first = await db.insert("posts", { authorId: ann, editorId: bob, title: "first", status: "live", rank: 1 });
  await db.insert("posts", { authorId: ann, editorId: cid, title: "second", status: "draft", rank: 2 });
  await db.insert("posts", { authorId: ann, title: "third", status: "live", rank: 3 });
  await db.insert("posts", { authorId: gone, title: "orphan", status: "live", rank: 4 });
  await db.insert("posts", { authorId: null, title: "null", status: "live", rank: 5 });
  await db.insert("posts", { title: "absent", status: "live", rank: 6 });
  for (const [i, userId] of [ann, bob, ann].entries())
    await db.insert("comments", { postId: first, userId, body: `c${i}`, likes: i, approved: i !== 1 });
  const red = await db.insert("groups", { title: "red", open: true });
  const blue = await db.insert("groups", { title: "blue", open: false });
  const old = await db.insert("groups", { title: "old", open: true, deletedAt: 1 });
  const lost = await db.insert("groups", { title: "lost", open: true });
  await db.insert("memberships", { userId: ann, groupId: red, role: "owner" });
  await db.insert("memberships", { userId: ann, groupId: blue, role: "member" });
  await db.insert("memberships", { userId: ann, groupId: red, role: "again" });
  await db.insert("memberships", { userId: ann, groupId: old, role: "member" });
  await db.insert("memberships", { userId: ann, groupId: lost, role: "member" });
  await db.insert("memberships", { userId: ann, role: "nowhere" });
  await db.insert("memberships", { userId: null, groupId: red, role: "nobody" });
  await db.insert("memberships", { userId: bob, groupId: blue, role: "owner" });
  await db.delete(lost);
  await db.insert("shelves", { region: "n", code: 1, label: "one" });
  await db.insert("shelves", { region: "n", code: 2, label: "two" });
  await db.insert("shelves", { region: "s", code: 1, label: "three" });
  await db.insert("shelves", { region: "s", code: null, label: "none" });
  await db.insert("shelves", { region: "w", label: "unset" });
  for (const [region, code, label, weight] of [
    ["n", 1, "one", 5],
    ["n", 1, "x", 3],
    ["n", 2, "two", 9],
    ["s", null, "none", 1],
    ["n", 7, "two", 2],
  ] as const) {
    await db.insert("boxes", { region, code, label, weight });
  }
  await db.insert("boxes", { code: 1, label: "y", weight: 4 });
  return { ann, bob, cid, dan, first };
}

let store: Awaited<ReturnType<typeof blog<Awaited<ReturnType<typeof fill>>>>>;
beforeAll(async () => {
  store = await blog(fill);
});
const titles = (rows: readonly { title: string }[] | undefined) => rows?.map((row) => row.title);
const names = (rows: readonly { name: string }[] | undefined) => rows?.map((row) => row.name);

test("one, from the side that holds the key: dangling, null and absent keys are null", async () => {
  const rows = await store.read((db) =>
    db.posts.findMany({ orderBy: { rank: "asc" }, limit: 10, with: { author: true } }),
  );
  expect(rows.map((p) => p.author?.name ?? null)).toEqual(["Ann", "Ann", "Ann", null, null, null]);
});

test("one-to-one from either side", async () => {
  const users = await store.read((db) =>
    db.users.findMany({
      where: { name: { lt: "D" } },
      orderBy: { name: "asc" },
      with: { profile: { with: { user: { columns: { name: true } } } } },
    }),
  );
  expect(users.map((u) => u.profile?.city ?? null)).toEqual(["Oslo", null, null]);
  expect(users[0]!.profile!.user).toEqual({ name: "Ann" });
  const profiles = await store.read((db) => db.profiles.findMany({ limit: 5, with: { user: true } }));
  expect(profiles.map((p) => p.user?.name ?? null)).toEqual(["Ann", null]);
});

test("many, with a standing where, and several relations between two tables", async () => {
  const ann = await store.read((db) =>
    db.users.findUnique({
      where: { _id: store.ids.ann },
      with: { posts: true, livePosts: { orderBy: { rank: "desc" } }, edited: true },
    }),
  );
  expect(titles(ann?.posts)).toEqual(["first", "second", "third"]);
  expect(titles(ann?.livePosts)).toEqual(["third", "first"]);
  expect(ann?.edited).toEqual([]);
  const bob = await store.read((db) =>
    db.users.findUnique({ where: { _id: store.ids.bob }, with: { livePosts: true, edited: true } }),
  );
  expect([titles(bob?.livePosts), titles(bob?.edited)]).toEqual([[], ["first"]]);
  // The caller's filter joins the standing one.
  const both = await store.read((db) =>
    db.users.findUnique({ where: { _id: store.ids.ann }, with: { livePosts: { where: { rank: { gt: 1 } } } } }),
  );
  expect(titles(both?.livePosts)).toEqual(["third"]);
});

test("self, both ways, and nested", async () => {
  const rows = await store.read((db) =>
    db.users.findMany({
      where: { name: { gte: "A" } },
      orderBy: { name: "asc" },
      with: { manager: { with: { reports: { orderBy: { name: "asc" }, columns: { name: true } } } }, reports: true },
    }),
  );
  expect(rows.map((u) => u.manager?.name ?? null)).toEqual([null, "Ann", "Ann", null, null]);
  expect(names(rows[0]?.reports)).toEqual(["Bob", "Cid"]);
  expect(rows[1]?.manager?.reports).toEqual([{ name: "Bob" }, { name: "Cid" }]);
});

describe("through a junction", () => {
  test("each target once, however many junction rows lead to it; dangling, soft-deleted and null ones not at all", async () => {
    const rows = await store.read((db) =>
      db.users.findMany({ where: { name: { lt: "D" } }, orderBy: { name: "asc" }, with: { groups: true } }),
    );
    expect(rows.map((u) => titles(u.groups))).toEqual([["red", "blue"], ["blue"], []]);
  });

  test("the junction's row under _through: the first that led there", async () => {
    const ann = await store.read((db) =>
      db.users.findUnique({
        where: { _id: store.ids.ann },
        with: { groups: { through: true, columns: { title: true } } },
      }),
    );
    expect(ann?.groups.map((g) => [Object.keys(g).toSorted(), g.title, g._through.role, g._through.userId])).toEqual([
      [["_through", "title"], "red", "owner", store.ids.ann],
      [["_through", "title"], "blue", "member", store.ids.ann],
    ]);
  });

  test("a limit counts distinct targets", async () => {
    const load = (args: { limit: number; offset?: number }) =>
      store.read((db) => db.users.findUnique({ where: { _id: store.ids.ann }, with: { groups: args } }));
    expect(titles((await load({ limit: 2 }))?.groups)).toEqual(["red", "blue"]);
    expect(titles((await load({ limit: 1, offset: 1 }))?.groups)).toEqual(["blue"]);
    expect(titles((await load({ limit: 9 }))?.groups)).toEqual(["red", "blue"]);
  });

  test("filtered, ordered, soft-deleted ones asked for", async () => {
    const load = (args: object) =>
      store.read((db) =>
        (db.users.findUnique as (args: object) => Promise<{ groups: { title: string }[] } | null>)({
          where: { _id: store.ids.ann },
          with: { groups: args },
        }),
      );
    expect(titles((await load({ where: { open: true } }))?.groups)).toEqual(["red"]);
    expect(titles((await load({ orderBy: { title: "asc" }, limit: 1 }))?.groups)).toEqual(["blue"]);
    expect(titles((await load({ withDeleted: true }))?.groups)).toEqual(["red", "blue", "old"]);
  });

  test("from the other side, with what lies beyond", async () => {
    const rows = await store.read((db) =>
      db.groups.findMany({
        where: { title: { gt: "" } },
        orderBy: { title: "asc" },
        with: { members: { orderBy: { name: "asc" }, with: { profile: true } } },
      }),
    );
    expect(rows.map((g) => [g.title, names(g.members)])).toEqual([
      ["blue", ["Ann", "Bob"]],
      ["red", ["Ann"]],
    ]);
    expect(rows[1]?.members[0]?.profile?.city).toBe("Oslo");
  });
});

test("composite keys, both ways: a part that is null or absent joins nothing", async () => {
  const shelves = await store.read((db) =>
    db.shelves.findMany({
      where: { label: { gte: "" } },
      orderBy: { label: "asc" },
      with: { boxes: { orderBy: { weight: "asc" } } },
    }),
  );
  expect(shelves.map((s) => [s.label, s.boxes.map((b) => b.weight)])).toEqual([
    ["none", []],
    ["one", [3, 5]],
    ["three", []],
    ["two", [9]],
    ["unset", []],
  ]);
  const boxes = await store.read((db) =>
    db.boxes.findMany({ where: { label: { gte: "" } }, orderBy: { label: "asc" }, with: { shelf: true } }),
  );
  expect(boxes.map((b) => b.shelf?.label ?? null)).toEqual([null, "one", "two", null, "one", null]);
});

test("nor as the key set of a filter that drives the look-up", async () => {
  const where = (label: string) => ({ shelf: { label } });
  expect((await store.read((db) => db.boxes.explain({ where: where("none") }))).text).toContain("keys from");
  const weights = async (label: string) =>
    (await store.read((db) => db.boxes.findMany({ where: where(label) }))).map((box) => box.weight).toSorted();
  expect(await weights("one")).toEqual([3, 5]);
  expect(await weights("none")).toEqual([]);
  expect(await weights("unset")).toEqual([]);
});

test("a to-one by a key that is not unique: NOT_UNIQUE where several match, with its place", async () => {
  const load = (label: string, where: object = {}) =>
    store.read((db) => db.shelves.findMany({ where: { label }, with: { namesake: { where } } }));
  expect((await load("one"))[0]?.namesake?.weight).toBe(5);
  expect((await load("three"))[0]?.namesake).toBe(null);
  expect(await thrown(load("two"))).toMatchObject({ code: "NOT_UNIQUE", path: "with -> namesake" });
  expect((await load("two", { weight: { lt: 5 } }))[0]?.namesake?.weight).toBe(2);
});

test("a to-one's where makes it null when it does not match", async () => {
  const rows = await store.read((db) =>
    db.posts.findMany({
      where: { status: "live" },
      orderBy: { rank: "asc" },
      limit: 2,
      with: { editor: { where: { name: "Cid" } }, author: { where: { reports: { name: "Cid" } } } },
    }),
  );
  expect(rows.map((p) => [p.editor, p.author?.name])).toEqual([
    [null, "Ann"],
    [null, "Ann"],
  ]);
});

test("columns and extras of related rows; keys that are not asked for still lead on", async () => {
  const [post] = await store.read((db) =>
    db.posts.findMany({
      where: { rank: 1 },
      columns: { title: true },
      extras: { shout: (row) => row.title.toUpperCase() },
      with: {
        author: { columns: { name: true } },
        comments: {
          columns: { body: true },
          extras: { twice: (row) => row.likes * 2 },
          with: { user: { columns: { name: true } } },
        },
      },
    }),
  );
  expect(post).toEqual({
    title: "first",
    shout: "FIRST",
    author: { name: "Ann" },
    comments: [0, 1, 2].map((i) => ({ body: `c${i}`, twice: i * 2, user: { name: i === 1 ? "Bob" : "Ann" } })),
  });
});

test("with works in every read that gives rows", async () => {
  const { ann } = store.ids;
  const load = { with: { posts: { limit: 1 } } } as const;
  const by = { where: { name: "Ann" }, ...load } as const;
  const page = { paginationOpts: { numItems: 1, cursor: null } };
  const rows = await store.read(async (db) => [
    (await db.users.findMany(by))[0],
    await db.users.findFirst(by),
    await db.users.findFirstOrThrow(by),
    await db.users.findUnique({ where: { _id: ann }, ...load }),
    (await db.users.paginate({ ...by, ...page })).page[0],
  ]);
  for (const row of rows) expect(titles(row?.posts)).toEqual(["first"]);
});

test.each([
  [
    "a name that is no relation",
    { with: { comment: true } },
    "with -> comment",
    "Its relations: author, editor, comments.",
  ],
  ["a relation set to false", { with: { comments: false } }, "with -> comments", "Leave the key out"],
  [
    "a key that is unknown",
    { with: { comments: { orderby: { likes: "asc" } } } },
    "with -> comments -> orderby",
    "Keys:",
  ],
  ["a negative limit", { with: { comments: { limit: -1 } } }, "with -> comments -> limit", "Pass a number."],
  [
    "through without a junction",
    { with: { comments: { through: true } } },
    "with -> comments -> through",
    "Only relations with a junction",
  ],
  ["a limit on a to-one", { with: { author: { limit: 1 } } }, "with -> author", "Leave them out."],
  [
    "columns set to false",
    { with: { author: { columns: { name: false } } } },
    "with -> author -> columns",
    "true only",
  ],
  [
    "an unknown field, deep inside",
    { with: { author: { with: { posts: { where: { stat: 1 } } } } } },
    "with -> author -> posts -> where",
    "Check the spelling",
  ],
])("refused with its place: %s", async (_, args, path, hint) => {
  const error = await thrown(
    store.read((db) => (db.posts.findMany as (args: object) => Promise<unknown>)({ limit: 1, ...args })),
  );
  expect(error.code).toMatch(/^INVALID_/);
  expect(error).toMatchObject({ path, hint: expect.stringContaining(hint) });
});
