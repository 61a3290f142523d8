import { describe, expect, test, vi } from "vitest";
import { session } from "../../src/client/index.js";
import { codeOf, makeApp, type Ctx } from "../support/app.js";
import { relations, schema, tables } from "./blog.js";

let me: string | null = null;
const app = () => makeApp({ schema, relations, tables, session: () => ({ name: me, roles: [] }) });

const seed = async (a: ReturnType<typeof app>, policies: unknown, who = "ann") => {
  me = who;
  await a.mutate((ctx: Ctx) => a.orm.policies.sync(ctx, policies));
  await a.sys((db) =>
    db.insert("users").values([
      { name: "ann", email: "a", role: "own" },
      { name: "bob", email: "b", role: "own" },
      { name: "ann", email: "c", role: "hidden" },
    ]),
  );
};
const mine = { for: "all", using: { name: session("name") } };

describe("policies of writes", () => {
  test("hidden rows are not affected, and not counted", async () => {
    const a = app();
    await seed(a, { users: { mine } });
    expect(await a.as((db) => db.update("users").set({ age: 20 }).all())).toEqual({ count: 2, job: null });
    expect(await a.as((db) => db.delete("users").where({ email: "b" }))).toEqual({ count: 0, job: null });
    expect((await a.rows("users")).map((row) => row.age)).toEqual([20, undefined, 20]);
  });

  test("a new row that fails the check is refused, before uniques are looked at, and nothing is written", async () => {
    const a = app();
    await seed(a, { users: { mine } });
    const rows = [
      { name: "ann", email: "n" },
      { name: "bob", email: "a" },
    ];
    expect(await a.as((db) => codeOf(() => db.insert("users").values(rows)))).toBe("POLICY_VIOLATION");
    expect(await a.as((db) => codeOf(() => db.update("users").set({ name: "bob" }).all()))).toBe("POLICY_VIOLATION");
    expect((await a.rows("users")).length).toBe(3);
  });

  test("UPDATE and DELETE see only what SELECT shows; new rows must stay visible", async () => {
    const a = app();
    const shown = { for: "select", using: { role: "own" } };
    const change = { for: "update", using: {} };
    await seed(a, { users: { shown, change } });
    expect(await a.as((db) => db.update("users").set({ age: 30 }).all())).toEqual({ count: 2, job: null });
    expect(await a.as((db) => codeOf(() => db.update("users").set({ role: "hidden" }).all()))).toBe("POLICY_VIOLATION");
    expect(await a.as((db) => db.delete("users").all())).toEqual({ count: 0, job: null });
    expect(await a.as((db) => codeOf(() => db.insert("users").values({ name: "x" })))).toBe("POLICY_VIOLATION");
  });

  test("returning needs SELECT of the new row, a plain insert does not", async () => {
    const a = app();
    await seed(a, {
      users: { add: { for: "insert", withCheck: {} }, shown: { for: "select", using: { role: "own" } } },
    });
    expect(typeof (await a.as((db) => db.insert("users").values({ name: "x", role: "hidden" })))).toBe("string");
    expect(await a.as((db) => codeOf(() => db.insert("users").values({ name: "x", role: "hidden" }).returning()))).toBe(
      "POLICY_VIOLATION",
    );
    expect((await a.as((db) => db.insert("users").values({ name: "x", role: "own" }).returning())).role).toBe("own");
  });

  test("upserts: the target asks SELECT of the proposed row; a hidden old row is refused by DO UPDATE, silent under DO NOTHING", async () => {
    const a = app();
    await seed(a, {
      users: {
        add: { for: "insert", withCheck: {} },
        shown: { for: "select", using: { role: "own" } },
        change: { for: "update", using: { name: session("name") } },
      },
    });
    const upsert = (values: object) =>
      a.as((db) =>
        codeOf(() =>
          db
            .insert("users")
            .values(values)
            .onConflictDoUpdate({ target: "email", set: { age: 50 } }),
        ),
      );
    expect(await upsert({ name: "n", email: "new", role: "hidden" })).toBe("POLICY_VIOLATION");
    expect(await upsert({ name: "n", email: "b", role: "own" })).toBe("POLICY_VIOLATION");
    expect(await upsert({ name: "n", email: "c", role: "own" })).toBe("POLICY_VIOLATION");
    expect(
      await a.as((db) =>
        db.insert("users").values({ name: "n", email: "c", role: "own" }).onConflictDoNothing({ target: "email" }),
      ),
    ).toBe(null);
    await a.as((db) =>
      db
        .insert("users")
        .values({ name: "n", email: "a", role: "own" })
        .onConflictDoUpdate({ target: "email", set: { age: 50 } }),
    );
    expect((await a.rows("users")).map((row) => row.age)).toEqual([50, undefined, undefined]);
    // A unique violation on a hidden row shows.
    expect(await a.as((db) => codeOf(() => db.insert("users").values({ name: "n", email: "c", role: "own" })))).toBe(
      "UNIQUE_VIOLATION",
    );
  });

  test("a check on the `_id` of a row not yet inserted refuses, whichever way round", async () => {
    const a = app();
    await seed(a, { users: { odd: { for: "insert", withCheck: { NOT: { _id: "x" } } } } });
    expect(await a.as((db) => codeOf(() => db.insert("users").values({ name: "x" })))).toBe("POLICY_VIOLATION");
  });

  test("referential actions act as the system", async () => {
    const a = app();
    await seed(a, { users: { mine }, posts: {}, comments: {} });
    await a.sys(async (db) => {
      const [ann] = await db.query["users"].findMany({ where: { email: "a" } });
      const post = await db.insert("posts").values({ authorId: ann._id, title: "t" });
      await db.insert("comments").values({ postId: post, body: "b" });
    });
    expect(await a.as((db) => db.delete("posts").all())).toEqual({ count: 0, job: null });
    expect(await a.as((db) => db.delete("users").where({ email: "a" }))).toEqual({ count: 1, job: null });
    expect([await a.rows("posts"), await a.rows("comments")]).toEqual([[], []]);
  });

  test("relation filters of checks are asked anew by every statement", async () => {
    const a = app();
    await seed(a, {
      users: { mine },
      posts: { byMember: { for: "all", using: { author: { team: { name: "core" } } } } },
      teams: {},
    });
    await a.mutate(async (ctx) => {
      const db = a.orm.with(ctx);
      const sys = a.orm.system(ctx);
      const [ann] = await sys.query.users.findMany({ where: { email: "a" } });
      const post = () => codeOf(() => db.insert("posts").values({ authorId: ann._id, title: "t" }));
      expect(await post()).toBe("POLICY_VIOLATION");
      const team = await sys.insert("teams").values({ name: "core" });
      await sys.update("users").set({ teamId: team }).where({ _id: ann._id });
      await db.insert("posts").values({ authorId: ann._id, title: "t" });
      await sys.update("users").set({ teamId: undefined }).where({ _id: ann._id });
      expect(await post()).toBe("POLICY_VIOLATION");
    });
  });

  test("a background statement acts under the variables of its start and the policies of each step", async () => {
    vi.useFakeTimers();
    try {
      const a = makeApp({
        schema,
        relations,
        tables,
        session: () => ({ name: me, roles: [] }),
        functions: { stepRows: 1 },
      });
      await seed(a, { users: { mine } });
      const update = await a.as((db) => db.update("users").set({ age: 33 }).all().inBackground());
      expect(update.count).toBe(0);
      me = "bob";
      await a.drain();
      expect(await a.job(update.job)).toMatchObject({ status: "succeeded", rowsDone: 2 });
      expect((await a.rows("users")).map((row) => row.age)).toEqual([33, undefined, 33]);

      me = "ann";
      const removal = await a.as((db) => db.delete("users").all().inBackground());
      await a.mutate((ctx: Ctx) =>
        a.orm.policies.sync(ctx, { users: { mine: { for: "all", using: { name: session("name"), role: "own" } } } }),
      );
      await a.drain();
      expect(await a.job(removal.job)).toMatchObject({ status: "succeeded", rowsDone: 1 });
      expect((await a.rows("users")).map((row) => row.email)).toEqual(["b", "c"]);
    } finally {
      vi.useRealTimers();
    }
  });
});
