import { convexTest } from "convex-test";
import { describe, expect, it } from "vitest";
import { api } from "./_generated/api.js";
import schema from "./schema.js";
import { modules } from "../test.js";

/** The component tested as an app of its own. */
const start = () => convexTest({ schema, modules, transactionLimits: true });
type T = ReturnType<typeof start>;

const own = { for: "all", using: { ownerId: { session: "userId" } } };
const published = { for: "select", to: ["member"], using: { status: "live" } };

/** Everything stored but the history, as text: equal texts mean that nothing was written. */
const stored = (t: T) =>
  t.run(async (ctx) => {
    const [policies, settings, history] = await Promise.all([
      ctx.db.query("policies").collect(),
      ctx.db.query("settings").collect(),
      ctx.db.query("policyHistory").collect(),
    ]);
    return { policies, history, versions: settings.map((s) => s.policyVersion) };
  });

/** Runs a mutation as a nested call and says how many documents it wrote. */
async function written(t: T, call: (ctx: any) => Promise<unknown>): Promise<number> {
  return await t.mutation(async (ctx) => {
    const before = (await ctx.meta.getTransactionMetrics()).documentsWritten.used;
    await call(ctx);
    return (await ctx.meta.getTransactionMetrics()).documentsWritten.used - before;
  });
}

const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail("should have thrown"),
    (error) => error.data,
  );

describe("register and drop", () => {
  it("stores a policy with its defaults and its predicate as canonical text", async () => {
    const t = start();
    await t.mutation(api.policies.register, { table: "posts", name: "own", policy: own, actor: "ada" });
    expect(await t.query(api.policies.list, {})).toEqual([
      {
        table: "posts",
        version: 1,
        policies: [{ name: "own", as: "permissive", for: "all", using: '{"ownerId":{"session":"userId"}}' }],
      },
    ]);
  });

  it("takes a predicate as an object or as text, in any order of keys, and writes an equal one not at all", async () => {
    const t = start();
    const using = { b: 1n, a: { _id: { session: "x" } } };
    await t.mutation(api.policies.register, {
      table: "posts",
      name: "p",
      policy: { for: "select", to: ["b", "a"], using },
    });
    const before = await stored(t);
    const text = '{"a":{"_id":{"session":"x"}},"b":{"$integer":"AQAAAAAAAAA="}}';
    const policy = { for: "select", as: "permissive", to: ["a", "b", "a"], using: text };
    expect(
      await written(t, (ctx) => ctx.runMutation(api.policies.register, { table: "posts", name: "p", policy })),
    ).toBe(0);
    expect(await stored(t)).toEqual(before);
    expect(before.policies[0]?.policies[0]?.using).toBe(text);
  });

  it("replaces a policy of the same name, one version on", async () => {
    const t = start();
    await t.mutation(api.policies.register, { table: "posts", name: "p", policy: own });
    await t.mutation(api.policies.register, { table: "posts", name: "p", policy: published });
    const [table] = await t.query(api.policies.list, { table: "posts" });
    expect(table).toMatchObject({ version: 2, policies: [{ name: "p", for: "select", to: ["member"] }] });
  });

  it("leaves a table protected when its last policy is dropped", async () => {
    const t = start();
    await t.mutation(api.policies.register, { table: "posts", name: "own", policy: own });
    await t.mutation(api.policies.drop, { table: "posts", name: "own" });
    expect(await t.query(api.policies.list, {})).toEqual([{ table: "posts", version: 2, policies: [] }]);
  });

  it("refuses to drop a policy that is not there", async () => {
    const t = start();
    expect(await errorOf(t.mutation(api.policies.drop, { table: "posts", name: "own" }))).toMatchObject({
      code: "NOT_FOUND",
      message: "There is no policy posts.own.",
    });
  });

  it.each([
    ["unknown command", { for: "truncate" }, /unknown command `for: "truncate"`/],
    ["unknown kind", { for: "all", as: "lenient" }, /unknown kind `as: "lenient"`/],
    ["insert with using", { for: "insert", using: { a: 1 } }, /insert policy takes no `using`/],
    ["select with withCheck", { for: "select", withCheck: { a: 1 } }, /select policy takes no `withCheck`/],
    ["delete with withCheck", { for: "delete", withCheck: {} }, /delete policy takes no `withCheck`/],
    ["text that is no JSON", { for: "all", using: "ownerId = 1" }, /`using` is not a filter/],
    ["text of an array", { for: "all", using: "[1]" }, /`using` is not a filter/],
    ["text of bytes", { for: "all", using: '{"$bytes":"AAAA"}' }, /`using` is not a filter/],
    ["a number", { for: "update", withCheck: 1 }, /`withCheck` is not a filter/],
    ["null", { for: "all", using: null }, /`using` is not a filter/],
    ["no roles", { for: "all", to: [] }, /`to` is an empty list/],
    ["an empty role", { for: "all", to: [""] }, /empty role/],
  ])("refuses %s, and says where", async (_, policy, message) => {
    const t = start();
    const data = await errorOf(t.mutation(api.policies.register, { table: "posts", name: "p", policy }));
    expect(data).toMatchObject({
      code: "INVALID_POLICY",
      table: "posts",
      policy: "p",
      message: expect.stringMatching(message),
    });
    expect(data.message).toMatch(/^posts\.p: /);
    expect(data.hint).toBeTruthy();
    expect(await stored(t)).toEqual({ policies: [], history: [], versions: [] });
  });

  it("refuses empty names", async () => {
    const t = start();
    const register = (table: string, name: string) => t.mutation(api.policies.register, { table, name, policy: own });
    expect(await errorOf(register("", "p"))).toMatchObject({ code: "INVALID_POLICY" });
    expect(await errorOf(register("posts", ""))).toMatchObject({ code: "INVALID_POLICY" });
    expect(await errorOf(t.mutation(api.policies.protect, { table: "" }))).toMatchObject({ code: "INVALID_POLICY" });
  });
});

describe("protect and unprotect", () => {
  it("protects with no policies, keeps those there are, and says nothing twice", async () => {
    const t = start();
    await t.mutation(api.policies.protect, { table: "posts" });
    expect(await t.query(api.policies.list, {})).toEqual([{ table: "posts", version: 1, policies: [] }]);
    await t.mutation(api.policies.register, { table: "posts", name: "own", policy: own });
    expect(await written(t, (ctx) => ctx.runMutation(api.policies.protect, { table: "posts" }))).toBe(0);
    expect((await t.query(api.policies.list, {}))[0]?.policies).toHaveLength(1);
  });

  it("unprotects a table and its policies, and never uses a version twice", async () => {
    const t = start();
    await t.mutation(api.policies.register, { table: "posts", name: "own", policy: own });
    await t.mutation(api.policies.unprotect, { table: "posts" });
    expect(await t.query(api.policies.list, {})).toEqual([]);
    expect(await written(t, (ctx) => ctx.runMutation(api.policies.unprotect, { table: "posts" }))).toBe(0);
    await t.mutation(api.policies.register, { table: "posts", name: "own", policy: own });
    expect((await t.query(api.policies.list, {}))[0]?.version).toBe(3);
  });
});

describe("sync", () => {
  const spec = { posts: { own, published }, comments: { own }, logs: {} };

  it("returns the difference, and nothing the second time", async () => {
    const t = start();
    expect(await t.mutation(api.policies.sync, { spec })).toEqual({
      added: ["posts.own", "posts.published", "comments.own"].sort(),
      changed: [],
      removed: [],
      unlisted: [],
    });
    const before = await stored(t);
    expect(await written(t, (ctx) => ctx.runMutation(api.policies.sync, { spec }))).toBe(0);
    expect(await stored(t)).toEqual(before);
    expect(before.policies.map((p) => p.table).sort()).toEqual(["comments", "logs", "posts"]);
  });

  it("changes, adds and removes; leaves unlisted tables alone", async () => {
    const t = start();
    await t.mutation(api.policies.sync, { spec });
    const before = await t.query(api.policies.list, { table: "comments" });
    const result = await t.mutation(api.policies.sync, {
      spec: { posts: { own: { ...own, as: "restrictive" }, drafts: { for: "select" } } },
    });
    expect(result).toEqual({
      added: ["posts.drafts"],
      changed: ["posts.own"],
      removed: ["posts.published"],
      unlisted: ["comments", "logs"],
    });
    expect(await t.query(api.policies.list, { table: "comments" })).toEqual(before);
  });

  it("prunes unlisted tables down to protection without policies, once", async () => {
    const t = start();
    await t.mutation(api.policies.sync, { spec });
    const args = { spec: { posts: { own, published } }, prune: true };
    expect(await t.mutation(api.policies.sync, args)).toEqual({
      added: [],
      changed: [],
      removed: ["comments.own"],
      unlisted: ["comments", "logs"],
    });
    expect(await t.query(api.policies.list, { table: "comments" })).toMatchObject([
      { table: "comments", policies: [] },
    ]);
    expect(await written(t, (ctx) => ctx.runMutation(api.policies.sync, args))).toBe(0);
  });

  it("writes nothing at all when one policy of many is refused", async () => {
    const t = start();
    const bad = { posts: { own }, comments: { p: { for: "insert", using: {} } } };
    expect(await errorOf(t.mutation(api.policies.sync, { spec: bad }))).toMatchObject({
      policy: "p",
      table: "comments",
    });
    expect(await stored(t)).toEqual({ policies: [], history: [], versions: [] });
  });

  it("lets the later of two syncs win as a whole, each reading and writing the same document", async () => {
    const t = start();
    const one = { posts: { a: own, b: own }, comments: { a: own } };
    const two = { posts: { c: published }, comments: { c: published } };
    await Promise.all([t.mutation(api.policies.sync, { spec: one }), t.mutation(api.policies.sync, { spec: two })]);
    const names = (await t.query(api.policies.list, {})).map((p) => p.policies.map((q) => q.name).join());
    expect([
      ["a", "a,b"],
      ["c", "c"],
    ]).toContainEqual(names);
    const versions = (await stored(t)).policies.map((p) => p.version);
    expect(new Set(versions).size).toBe(2);
    expect(Math.max(...versions)).toBe(4);
  });
});

describe("history", () => {
  it("keeps who, when, before and after of every change, newest first", async () => {
    const t = start();
    const from = Date.now();
    await t.mutation(api.policies.register, { table: "posts", name: "own", policy: own, actor: "ada" });
    await t.mutation(api.policies.register, { table: "posts", name: "own", policy: published, actor: "bob" });
    await t.mutation(api.policies.drop, { table: "posts", name: "own" });
    await t.mutation(api.policies.unprotect, { table: "posts", actor: "ada" });
    const history = await t.query(api.policies.history, {});
    const first = '{"as":"permissive","for":"all","name":"own","using":"{\\"ownerId\\":{\\"session\\":\\"userId\\"}}"}';
    expect(history.map(({ action, name, actor }) => [action, name, actor])).toEqual([
      ["unprotect", null, "ada"],
      ["remove", "own", null],
      ["change", "own", "bob"],
      ["add", "own", "ada"],
      ["protect", null, "ada"],
    ]);
    expect(history[3]).toMatchObject({ before: null, after: first });
    expect(history[2]).toMatchObject({ before: first });
    expect(history[1]).toMatchObject({ before: history[2]?.after, after: null });
    for (const { at, table } of history) {
      expect(at).toBeGreaterThanOrEqual(from);
      expect(table).toBe("posts");
    }
  });

  it("records each policy that goes when a table is unprotected", async () => {
    const t = start();
    await t.mutation(api.policies.sync, { spec: { posts: { a: own, b: own } } });
    await t.mutation(api.policies.unprotect, { table: "posts" });
    const actions = (await t.query(api.policies.history, { table: "posts", limit: 3 })).map((h) => [h.action, h.name]);
    expect(actions).toEqual([
      ["unprotect", null],
      ["remove", "b"],
      ["remove", "a"],
    ]);
  });

  it("narrows to a table and a limit", async () => {
    const t = start();
    await t.mutation(api.policies.sync, { spec: { posts: { a: own }, comments: { a: own } } });
    expect(await t.query(api.policies.history, { table: "posts" })).toHaveLength(2);
    expect(await t.query(api.policies.history, { limit: 1 })).toHaveLength(1);
    expect(await t.query(api.policies.history, { table: "none" })).toEqual([]);
  });
});

describe("snapshot", () => {
  it("reads one document a protected table, in one index range", async () => {
    const t = start();
    const spec = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`table${i}`, { own, published }]));
    await t.mutation(api.policies.sync, { spec });
    const { cost, found } = await t.query(async (ctx) => {
      const answer = await ctx.runQuery(api.policies.snapshot, {});
      return { cost: await ctx.meta.getTransactionMetrics(), found: answer };
    });
    expect(cost.documentsRead.used).toBe(11);
    expect(cost.databaseQueries.used).toBe(1);
    expect(found.tables).toHaveLength(11);
    expect(found.tables[0]?.policies.map((p) => p.name)).toEqual(["own", "published"]);
  });

  it("is empty, and free, where there are no policies", async () => {
    const t = start();
    const answer = await t.query(async (ctx) => {
      const found = await ctx.runQuery(api.policies.snapshot, {});
      return { found, read: (await ctx.meta.getTransactionMetrics()).documentsRead.used };
    });
    expect(answer).toEqual({ found: { tables: [], cursorKey: null }, read: 0 });
  });
});

describe("the cursor key", () => {
  const key = async (t: T) => {
    const { cursorKey } = await t.query(api.policies.snapshot, {});
    return cursorKey === null ? null : [...new Uint8Array(cursorKey)].join();
  };

  it("is made by the first policy change and kept by the others", async () => {
    const t = start();
    expect(await key(t)).toBeNull();
    await t.mutation(api.policies.protect, { table: "posts" });
    const first = await key(t);
    expect(first?.split(",")).toHaveLength(32);
    await t.mutation(api.policies.register, { table: "posts", name: "own", policy: own });
    expect(await key(t)).toBe(first);
  });

  it("is replaced by rotate, which makes one where there is none and leaves the versions alone", async () => {
    const t = start();
    await t.mutation(api.cursors.rotate, {});
    const first = await key(t);
    await t.mutation(api.policies.protect, { table: "posts" });
    expect(await key(t)).toBe(first);
    await t.mutation(api.cursors.rotate, {});
    expect(await key(t)).not.toBe(first);
    expect(await t.query(api.policies.list, {})).toEqual([{ table: "posts", version: 1, policies: [] }]);
  });

  it("outlives the last protected table, and stands in no list", async () => {
    const t = start();
    await t.mutation(api.policies.protect, { table: "posts" });
    await t.mutation(api.policies.protect, { table: "users" });
    const first = await key(t);
    await t.mutation(api.policies.unprotect, { table: "posts" });
    expect(await key(t)).toBe(first);
    await t.mutation(api.policies.unprotect, { table: "users" });
    expect(await key(t)).toBe(first);
    expect(await t.query(api.policies.list, {})).toEqual([]);
    expect((await t.query(api.policies.snapshot, {})).tables).toEqual([]);
    await t.mutation(api.policies.protect, { table: "users" });
    expect(await key(t)).toBe(first);
    expect((await t.query(api.policies.list, {})).map((p) => p.table)).toEqual(["users"]);
  });
});
