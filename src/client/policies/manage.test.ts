import { describe, expect, test } from "vitest";
import { components, makePolicies, refusal, start, type Ctx } from "../../../test/support/policies.js";
import { session } from "./session.js";

const policies = makePolicies();
const own = { for: "all", using: { authorId: session("userId") } } as const;
const live = { for: "select", to: ["member"], using: { status: "live", tags: { arrayContains: ["a"] } } } as const;

/** What a call writes, in documents. */
async function written(ctx: Ctx, call: () => Promise<unknown>): Promise<number> {
  const before = (await ctx.meta.getTransactionMetrics()).documentsWritten.used;
  await call();
  return (await ctx.meta.getTransactionMetrics()).documentsWritten.used - before;
}

describe("sync", () => {
  test("returns the difference and the protected tables that it did not name", async () => {
    await start().mutation(async (ctx) => {
      expect(await policies.sync(ctx, { posts: { own, live }, teams: {} })).toEqual({
        added: ["posts.live", "posts.own"],
        changed: [],
        removed: [],
        unlisted: [],
      });
      const narrower = { ...live, to: ["editor"] };
      expect(await policies.sync(ctx, { posts: { live: narrower, all: { for: "all", using: {} } } })).toEqual({
        added: ["posts.all"],
        changed: ["posts.live"],
        removed: ["posts.own"],
        unlisted: ["teams"],
      });
    });
  });

  test("writes nothing when nothing changed, whatever the order of keys", async () => {
    await start().mutation(async (ctx) => {
      await policies.sync(ctx, { posts: { own, live } });
      const again = {
        using: { tags: { arrayContains: ["a"] }, status: "live" },
        to: ["member"],
        for: "select",
      } as const;
      expect(
        await written(ctx, () => policies.sync(ctx, { posts: { live: again, own: { ...own, as: "permissive" } } })),
      ).toBe(0);
    });
  });

  test("prunes the others when asked, and leaves them protected", async () => {
    await start().mutation(async (ctx) => {
      await policies.sync(ctx, { posts: { own }, teams: { all: { for: "all", using: {} } } });
      const result = await policies.sync(ctx, { posts: { own } }, { prune: true });
      expect(result).toMatchObject({ removed: ["teams.all"], unlisted: ["teams"] });
      expect(await policies.tables(ctx)).toEqual([
        { table: "posts", by: "policies", policies: ["own"] },
        { table: "secrets", by: "code", policies: [] },
        { table: "teams", by: "policies", policies: [] },
      ]);
    });
  });

  test("two at once leave one of the two sets", async () => {
    const t = start();
    const spec = (name: string) => ({ posts: { [name]: own }, teams: { [name]: { for: "all", using: {} } as const } });
    await Promise.all(["a", "b"].map((name) => t.mutation((ctx) => policies.sync(ctx, spec(name)))));
    const names = (await t.query((ctx) => policies.list(ctx))).map((policy) => policy.name);
    expect(new Set(names).size).toBe(1);
    expect(names).toHaveLength(2);
  });

  const wrong = (spec: unknown) => refusal(() => start().mutation((ctx) => policies.sync(ctx, spec as never)));
  test.each([
    [{ nothing: {} }, "policies -> nothing"],
    [{ posts: { own: { for: "all", using: { gone: 1 } } } }, "policies -> posts -> own -> using"],
    [
      { posts: { own: { for: "all", using: { authorId: undefined } } } },
      "policies -> posts -> own -> using -> authorId",
    ],
    [{ posts: { own: { for: "all", using: { authorId: null } } } }, "policies -> posts -> own -> using -> authorId"],
    [{ posts: { own: { for: "all", using: { likes: "many" } } } }, "policies -> posts -> own -> using -> likes"],
    [
      { posts: { own: { for: "all", withCheck: { team: { people: { nope: session("x") } } } } } },
      "policies -> posts -> own -> withCheck -> team -> people",
    ],
    [
      { posts: { own: { for: "all", using: { likes: { gt: { session: 1 } } } } } },
      "policies -> posts -> own -> using -> likes -> gt",
    ],
    [{ posts: { own: { for: "all", where: {} } } }, "policies -> posts -> own -> where"],
    [{ posts: { own: { using: {} } } }, "policies -> posts -> own -> for"],
    [{ posts: { own: { for: "all", to: "member" } } }, "policies -> posts -> own -> to"],
    [{ posts: { own: [] } }, "policies -> posts -> own"],
    [{ posts: null }, "policies -> posts"],
    [undefined, "policies"],
  ])("refuses %j at its place, before anything is written", async (spec, path) => {
    expect(await wrong(spec)).toMatchObject({ code: "INVALID_POLICY", path });
  });
  test.each([
    [{ for: "insert", using: {} }],
    [{ for: "select", withCheck: {} }],
    [{ for: "delete", withCheck: {} }],
    [{ for: "truncate", using: {} }],
    [{ for: "all", as: "strict", using: {} }],
    [{ for: "all", to: [], using: {} }],
  ])("refuses what the component refuses, as an OrmError: %j", async (policy) => {
    await start().mutation(async (ctx) => {
      await expect(policies.sync(ctx, { posts: { own, bad: policy } } as never)).rejects.toMatchObject({
        name: "OrmError",
        data: { code: "INVALID_POLICY", table: "posts", policy: "bad" },
      });
      expect(await policies.list(ctx)).toEqual([]);
    });
  });
});

describe("register, drop, protect, unprotect", () => {
  test("say what is there", async () => {
    await start().mutation(async (ctx) => {
      await policies.register(ctx, "posts", "own", own);
      await policies.register(ctx, "posts", "live", live);
      expect(await policies.list(ctx, "posts")).toEqual([
        { table: "posts", name: "live", as: "permissive", ...live },
        { table: "posts", name: "own", as: "permissive", ...own },
      ]);
      await policies.drop(ctx, "posts", "own");
      expect((await policies.list(ctx)).map((policy) => policy.name)).toEqual(["live"]);
      await policies.unprotect(ctx, "posts");
      expect(await policies.list(ctx)).toEqual([]);
      await policies.protect(ctx, "teams");
      expect(await policies.tables(ctx)).toMatchObject([{ table: "secrets" }, { table: "teams" }]);
    });
  });

  test("keys that begin with `_` come back as they were written, and are one policy with the bare component's", async () => {
    await start().mutation(async (ctx) => {
      const using = { OR: [{ likes: { in: [1, 2] } }, { author: { _id: { ne: session("userId") } } }] } as const;
      await policies.register(ctx, "posts", "ids", { for: "all", using });
      expect((await policies.list(ctx, "posts"))[0]?.using).toEqual(using);
      await ctx.runMutation(components.orm.policies.register, {
        table: "posts",
        name: "ids",
        policy: { for: "all", using },
      });
      expect(await policies.history(ctx)).toHaveLength(2);
    });
  });

  test("refuse a misspelt name", async () => {
    await start().mutation(async (ctx) => {
      expect(await refusal(() => policies.drop(ctx, "posts", "gone"))).toMatchObject({
        code: "NOT_FOUND",
        policy: "gone",
      });
      expect(await refusal(() => policies.protect(ctx, "post" as never))).toMatchObject({ code: "INVALID_POLICY" });
      expect(await refusal(() => policies.register(ctx, "post" as never, "own", own as never))).toMatchObject({
        code: "INVALID_POLICY",
      });
    });
  });

  test("unprotect does not lift what the code protects", async () => {
    await start().mutation(async (ctx) => {
      await policies.register(ctx, "secrets", "all", { for: "all", using: {} });
      await policies.unprotect(ctx, "secrets");
      expect(await policies.tables(ctx)).toEqual([{ table: "secrets", by: "code", policies: [] }]);
    });
  });
});

test("the history says who, when, before and after, newest first", async () => {
  await start().mutation(async (ctx) => {
    await policies.register(ctx, "posts", "own", own, { actor: "ada" });
    await policies.sync(ctx, { posts: { own: { ...own, for: "select" } } }, { actor: "bob" });
    await policies.drop(ctx, "posts", "own", { actor: "cy" });
    await policies.unprotect(ctx, "posts", { actor: "dee" });
    const before = { name: "own", as: "permissive", ...own };
    expect(await policies.history(ctx, "posts")).toEqual(
      [
        { name: null, action: "unprotect", actor: "dee", before: null, after: null },
        { name: "own", action: "remove", actor: "cy", before: { ...before, for: "select" }, after: null },
        { name: "own", action: "change", actor: "bob", before, after: { ...before, for: "select" } },
        { name: "own", action: "add", actor: "ada", before: null, after: before },
        { name: null, action: "protect", actor: "ada", before: null, after: null },
      ].map((line) => ({ table: "posts", at: expect.any(Number) as number, ...line })),
    );
    expect(await policies.history(ctx, "teams")).toEqual([]);
    expect(await policies.history(ctx, undefined, { limit: 1 })).toHaveLength(1);
  });
});

test("session() takes a name", () => {
  expect(session("userId")).toEqual({ session: "userId" });
  expect(() => session("")).toThrow("INVALID_POLICY");
});
