import { internalMutationGeneric, makeFunctionReference, mutationGeneric, queryGeneric } from "convex/server";
import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import {
  catalog,
  components,
  makePolicies,
  noRows,
  refusal,
  start,
  table,
  type Ctx,
} from "../../../test/support/policies.js";
import { Policies } from "./policies.js";
import { session } from "./session.js";
import type { RunCtx } from "./run.js";

/** Counts the calls that a context makes to the component. */
function counted<C extends RunCtx>(ctx: C): { ctx: C; calls: () => number } {
  let calls = 0;
  const runQuery: RunCtx["runQuery"] = (reference, ...args) => {
    calls++;
    return ctx.runQuery(reference, ...args);
  };
  return { ctx: { ...ctx, runQuery }, calls: () => calls };
}

const own = { posts: { own: { for: "all", using: { authorId: session("userId") } } } } as const;
const isOpen = async (policies: ReturnType<typeof makePolicies>, ctx: RunCtx, name = "posts") =>
  !(await policies.access(ctx, [name])).isProtected(table(name));

describe("component calls", () => {
  test("one a run, shared by copies of the context, by access and cursor key, at once or in turn", async () => {
    const policies = makePolicies({ session: () => ({ userId: "u1" }) });
    const t = start();
    await t.mutation((ctx) => policies.sync(ctx, own));
    await t.query(async (given) => {
      const { ctx, calls } = counted(given);
      const [a, b] = await Promise.all([
        policies.access(ctx, ["posts"]),
        policies.access({ ...ctx, extra: 1 } as never, ["posts"]),
      ]);
      expect(a).toBe(b);
      expect(await policies.access({ ...ctx, db: {} } as never, ["posts"])).toBe(a);
      expect(await policies.cursorKey({ ...ctx })).toBeInstanceOf(ArrayBuffer);
      expect(calls()).toBe(1);
    });
  });

  test("it reads one document a protected table", async () => {
    const policies = makePolicies();
    const t = start();
    await t.mutation((ctx) => policies.sync(ctx, { posts: {}, users: {}, teams: { all: { for: "all", using: {} } } }));
    const metrics = await t.query(async (ctx) => {
      await policies.access(ctx, ["posts"]);
      return await ctx.meta.getTransactionMetrics();
    });
    expect(metrics.documentsRead.used).toBe(3);
    expect(metrics.databaseQueries.used).toBe(1);
  });

  test("none with rls: false", async () => {
    const policies = makePolicies({ rls: false });
    await start().query(async (given) => {
      const { ctx, calls } = counted(given);
      expect((await policies.access(ctx, ["secrets"])).system).toBe(true);
      expect(calls()).toBe(0);
    });
  });

  test("a nested function is a run of its own", async () => {
    const policies = makePolicies();
    let calls = 0;
    const inner = queryGeneric({
      args: {},
      handler: async (given) => {
        const own = counted(given);
        const open = await isOpen(policies, own.ctx);
        calls += own.calls();
        return open;
      },
    });
    const t = start({ nested: { inner } });
    await t.mutation(async (given) => {
      const { ctx } = counted(given);
      expect(await isOpen(policies, ctx)).toBe(true);
      expect(await ctx.runQuery(makeFunctionReference<"query">("nested:inner"), {})).toBe(true);
    });
    expect(calls).toBe(1);
  });

  test("two apps' worth of options over one component share it, with a session each", async () => {
    const one = makePolicies({ session: () => ({ userId: "u1" }) });
    const two = new Policies({
      component: components.orm,
      catalog,
      rls: true,
      rows: noRows,
      session: () => ({ userId: "u2" }),
    });
    const t = start();
    await t.mutation((ctx) => one.sync(ctx, own));
    await t.query(async (given) => {
      const { ctx, calls } = counted(given);
      const [a, b] = [await one.access(ctx), await two.access(ctx)];
      expect(a.fingerprint(["posts"])).not.toBe(b.fingerprint(["posts"]));
      expect(calls()).toBe(1);
    });
  });
});

describe("a policy mutation in the same run is seen by what follows", () => {
  test("through orm.policies", async () => {
    const policies = makePolicies();
    await start().mutation(async (ctx) => {
      expect(await isOpen(policies, ctx)).toBe(true);
      await policies.sync(ctx, { posts: {} });
      expect(await isOpen(policies, ctx)).toBe(false);
      await policies.unprotect({ ...ctx }, "posts");
      expect(await isOpen(policies, ctx)).toBe(true);
    });
  });

  test("called on the component itself, from the context or a copy of it", async () => {
    const policies = makePolicies();
    await start().mutation(async (ctx) => {
      expect(await isOpen(policies, ctx)).toBe(true);
      await ctx.runMutation(components.orm.policies.protect, { table: "posts" });
      expect(await isOpen(policies, ctx)).toBe(false);
      const copy = { ...ctx, extra: 1 };
      await copy.runMutation(components.orm.policies.unprotect, { table: "posts" });
      expect(await isOpen(policies, ctx)).toBe(true);
    });
  });

  test("made by a nested mutation of the host, or tried by one that failed", async () => {
    const policies = makePolicies();
    const protect = internalMutationGeneric({
      args: { fail: v.boolean() },
      handler: async (ctx, args) => {
        await policies.protect(ctx, "posts");
        if (args.fail) throw new Error("rolled back");
      },
    });
    const t = start({ nested: { protect } });
    const reference = makeFunctionReference<"mutation">("nested:protect");
    await t.mutation(async (ctx) => {
      expect(await isOpen(policies, ctx)).toBe(true);
      await expect(ctx.runMutation(reference, { fail: true })).rejects.toThrow("rolled back");
      expect(await isOpen(policies, ctx)).toBe(true);
      await ctx.runMutation(reference, { fail: false });
      expect(await isOpen(policies, ctx)).toBe(false);
    });
  });

  test("while starting a job costs no second call", async () => {
    const policies = makePolicies();
    const worker = internalMutationGeneric({ args: {}, handler: () => ({ items: [], added: [], rows: 0 }) });
    const t = start({ orm: { worker } });
    await t.mutation(async (given) => {
      const { ctx, calls } = counted(given);
      await isOpen(policies, ctx);
      const retry = { attempts: 1, initialBackoffMs: 1, base: 2 };
      const job = {
        kind: "x",
        handle: "function://x",
        table: "posts",
        rowsDone: 0,
        items: [],
        retry,
        stepRows: 1,
        stepBytes: 1,
      };
      await ctx.runMutation(components.orm.jobs.start, job);
      await isOpen(policies, ctx);
      expect(calls()).toBe(1);
    });
  });

  test("and by the next run, without a deploy", async () => {
    const policies = makePolicies();
    const t = start();
    expect(await t.query((ctx) => isOpen(policies, ctx))).toBe(true);
    await t.mutation((ctx) => policies.protect(ctx, "posts"));
    expect(await t.query((ctx) => isOpen(policies, ctx))).toBe(false);
  });
});

describe("the session", () => {
  /** Policies whose session counts how often it was asked. */
  function counting() {
    let asked = 0;
    const policies = makePolicies({
      session: async (ctx: Ctx) => {
        asked++;
        return { userId: (await ctx.auth.getUserIdentity())?.subject ?? null };
      },
    });
    return { policies, asked: () => asked };
  }

  test("is asked only when a protected table is touched, once a run and identity", async () => {
    const { policies, asked } = counting();
    const t = start();
    await t.mutation((ctx) => policies.sync(ctx, own));
    await t.withIdentity({ subject: "ada" }).query(async (ctx) => {
      await policies.access(ctx, ["users", "teams"]);
      expect(asked()).toBe(0);
      const ada = await policies.access(ctx, ["users", "posts"]);
      await Promise.all([policies.access({ ...ctx }, ["posts"]), policies.variables(ctx)]);
      expect(asked()).toBe(1);
      const eve = await policies.access(
        { ...ctx, auth: { getUserIdentity: () => Promise.resolve({ subject: "eve" }) } },
        ["posts"],
      );
      expect(asked()).toBe(2);
      expect(ada.fingerprint(["posts"])).toContain("ada");
      expect(eve.fingerprint(["posts"])).toContain("eve");
    });
    await t.query((ctx) => isOpen(policies, ctx));
    expect(asked()).toBe(3);
  });

  test("is asked for a table that the code protects, policies or not", async () => {
    const { policies, asked } = counting();
    await start().query((ctx) => isOpen(policies, ctx, "secrets"));
    expect(asked()).toBe(1);
  });

  test("an access made without it answers for no protected table", async () => {
    const { policies } = counting();
    const t = start();
    await t.mutation((ctx) => policies.sync(ctx, own));
    await t.query(async (ctx) => {
      const access = await policies.access(ctx, ["users"]);
      expect(() => access.using(table("posts"), "select")).toThrow("made without a session");
    });
  });

  test("that throws is thrown to each that asks, and only then", async () => {
    let asked = 0;
    const policies = makePolicies({
      session: () => {
        asked++;
        throw new Error("no session");
      },
    });
    const t = start();
    await t.mutation((ctx) => policies.sync(ctx, own));
    await t.query(async (ctx) => {
      expect((await policies.access(ctx, ["users"])).isProtected(table("users"))).toBe(false);
      await expect(policies.access(ctx, ["posts"])).rejects.toThrow("no session");
      await expect(policies.access(ctx, ["posts"])).rejects.toThrow("no session");
      expect(asked).toBe(1);
    });
  });

  test.each([[null], ["ada"], [undefined], [[]]])("that returns no object is refused: %j", async (returned) => {
    const policies = makePolicies({ session: () => returned });
    await start().query(async (ctx) => {
      expect(await refusal(() => policies.access(ctx, ["secrets"]))).toMatchObject({
        code: "INVALID_POLICY",
        path: "session",
      });
    });
  });

  test("that reads a protected table as itself is refused, not waited for; an open one is fine", async () => {
    const through = (name: string): ReturnType<typeof makePolicies> => {
      const policies: ReturnType<typeof makePolicies> = makePolicies({
        session: async (ctx: Ctx) => {
          await policies.access(ctx, [name]);
          return { userId: "u1" };
        },
      });
      return policies;
    };
    await start().query(async (ctx) => {
      expect(await refusal(() => through("secrets").access(ctx, ["secrets"]))).toMatchObject({
        code: "INVALID_POLICY",
        hint: expect.stringContaining("orm.system") as string,
      });
      await through("users").access({ ...ctx, auth: {} }, ["secrets"]);
    });
  });

  test("kept for a job, gives the same access there", async () => {
    const policies = makePolicies({
      session: () => ({ userId: undefined, ids: ["a", undefined], n: 1n, roles: ["x"] }),
    });
    const t = start();
    const ids = {
      posts: { own: { for: "all", to: ["x"], using: { authorId: { in: [session("userId")] } } } },
    } as const;
    await t.mutation((ctx) => policies.sync(ctx, ids));
    await t.query(async (ctx) => {
      const variables = await policies.variables(ctx);
      expect(variables).toEqual({ userId: null, ids: ["a", null], n: 1n, roles: ["x"] });
      const [now, later] = [await policies.access(ctx), await policies.accessAs(ctx, variables)];
      expect(later.fingerprint(["posts"])).toBe(now.fingerprint(["posts"]));
    });
  });

  test("a failed component call is not kept", async () => {
    const policies = makePolicies();
    await start().query(async (ctx) => {
      let fail = true;
      const flaky = {
        ...ctx,
        runQuery: ((...args) =>
          fail ? Promise.reject(new Error("down")) : ctx.runQuery(...args)) as RunCtx["runQuery"],
      };
      await expect(policies.access(flaky)).rejects.toThrow("down");
      fail = false;
      expect(await isOpen(policies, flaky)).toBe(true);
    });
  });
});

test("a context whose runMutation cannot be watched still works", async () => {
  const policies = makePolicies();
  const probe = mutationGeneric({
    args: {},
    handler: async (ctx) => await isOpen(policies, Object.freeze({ ...ctx })),
  });
  const t = start({ nested: { probe } });
  expect(await t.mutation(makeFunctionReference<"mutation">("nested:probe"), {})).toBe(true);
});
