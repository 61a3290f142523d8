import { describe, expect, test } from "vitest";
import { codeOf, errorOf, makeApp } from "../support/app.js";
import { relations, schema, tables } from "./blog.js";

const app = () => makeApp({ schema, relations, tables });

describe("insert", () => {
  test("fills defaults per row, onUpdate included, and returns ids or documents", async () => {
    const { sys } = app();
    await sys(async (db) => {
      const id = await db.insert("users").values({ name: "a" });
      expect(typeof id).toBe("string");
      const rows = await db
        .insert("users")
        .values([{ name: "b" }, { name: "c", role: "admin" }])
        .returning();
      expect(rows.map((row: any) => [row.name, row.role, row.tags])).toEqual([
        ["b", "member", []],
        ["c", "admin", []],
      ]);
      expect(rows[0].tags).not.toBe(rows[1].tags);
      expect(rows[0].updatedAt).toEqual(expect.any(Number));
      expect(await db.insert("users").values([])).toEqual([]);
    });
  });

  test.each([
    ["an unknown field", { name: "a", nope: 1 }, "nope"],
    ["an ill-typed field", { name: 1 }, "name"],
    ["a missing field", {}, "name"],
    ["an id of another table", { name: "a", teamId: "1;users" }, "teamId"],
    ["a value that Convex has not", { name: "a", age: new Date() }, "age"],
    ["the platform's own field", { name: "a", _id: "x" }, "_id"],
    ["a lone surrogate", { name: "\ud800" }, "name"],
  ])("refuses %s with INVALID_VALUE that names it", async (_what, values, field) => {
    const { sys } = app();
    const error = await errorOf(() => sys((db) => db.insert("users").values(values)));
    expect(error.data.code).toBe("INVALID_VALUE");
    expect(`${error.message}`).toContain(field);
  });

  test("is atomic even when the caller catches the error and goes on", async () => {
    const { sys, rows } = app();
    await sys(async (db) => {
      const wrong = [
        { name: "a", email: "x" },
        { name: "b", age: 3 },
      ];
      expect(await codeOf(() => db.insert("users").values(wrong))).toBe("CHECK_VIOLATION");
      expect(
        await codeOf(() =>
          db.insert("users").values([
            { name: "a", email: "x" },
            { name: "b", email: "x" },
          ]),
        ),
      ).toBe("UNIQUE_VIOLATION");
    });
    expect(await rows("users")).toEqual([]);
  });
});

describe("uniques", () => {
  test("hold across rows and statements; absent and null do not collide", async () => {
    const { sys } = app();
    await sys(async (db) => {
      await db
        .insert("users")
        .values([
          { name: "a", email: "x" },
          { name: "b" },
          { name: "c" },
          { name: "d", email: null },
          { name: "e", email: null },
        ]);
      const error = await errorOf(() => db.insert("users").values({ name: "f", email: "x" }));
      expect(error.data).toMatchObject({ code: "UNIQUE_VIOLATION", unique: "email", fields: ["email"] });
      await db.insert("users").values([
        { name: "g", region: "r", number: 1 },
        { name: "h", region: "r" },
        { name: "i", region: "r" },
      ]);
      expect(await codeOf(() => db.insert("users").values({ name: "j", region: "r", number: 1 }))).toBe(
        "UNIQUE_VIOLATION",
      );
    });
  });

  test("of an update are judged on the rows as it leaves them", async () => {
    const { sys, rows } = app();
    await sys(async (db) => {
      await db.insert("users").values([
        { name: "a", region: "r", number: 1 },
        { name: "b", region: "r", number: 2 },
      ]);
      await db
        .update("users")
        .set((row: any) => ({ number: row.number + 1 }))
        .where({ region: "r" });
      await db.update("users").set({ name: "z" }).where({ region: "r", number: 3 });
      expect(await codeOf(() => db.update("users").set({ number: 9 }).where({ region: "r" }))).toBe("UNIQUE_VIOLATION");
    });
    expect((await rows("users")).map((row) => [row.name, row.number])).toEqual([
      ["a", 2],
      ["z", 3],
    ]);
  });
});

describe("upserts", () => {
  test("do nothing, or update, by a named unique", async () => {
    const { sys, rows } = app();
    await sys(async (db) => {
      const a = await db.insert("users").values({ name: "a", email: "x" });
      expect(await db.insert("users").values({ name: "b", email: "x" }).onConflictDoNothing({ target: "email" })).toBe(
        null,
      );
      const some = await db
        .insert("users")
        .values([
          { name: "b", email: "x" },
          { name: "c", email: "y" },
          { name: "d", email: "y" },
        ])
        .onConflictDoNothing({ target: "email" })
        .returning();
      expect(some.map((row: any) => row.name)).toEqual(["c"]);
      const before = (await db.query["users"].findUnique({ where: { _id: a } })).updatedAt;
      const id = await db
        .insert("users")
        .values({ name: "n", email: "x" })
        .onConflictDoUpdate({ target: "email", set: (row: any) => ({ name: `${row.name}!` }) });
      expect(id).toBe(a);
      const after = await db.query["users"].findUnique({ where: { _id: a } });
      expect(after.name).toBe("a!");
      expect(after.updatedAt).toBeGreaterThan(before);
      const twice = [
        { name: "n", email: "q" },
        { name: "m", email: "q" },
      ];
      expect(
        await codeOf(() =>
          db
            .insert("users")
            .values(twice)
            .onConflictDoUpdate({ target: "email", set: { name: "z" } }),
        ),
      ).toBe("UNIQUE_VIOLATION");
      expect(
        await codeOf(() => db.insert("users").values({ name: "n" }).onConflictDoUpdate({ target: "nope", set: {} })),
      ).toBe("INVALID_VALUE");
    });
    expect((await rows("users")).length).toBe(2);
  });
});

describe("update", () => {
  test("counts, returns, runs onUpdate, removes with undefined, and takes a function", async () => {
    const { sys } = app();
    await sys(async (db) => {
      await db.insert("users").values([
        { name: "a", age: 20 },
        { name: "b", age: 30 },
      ]);
      expect(await db.update("users").set({ age: undefined }).where({ name: "a" }, { allowFullScan: true })).toEqual({
        count: 1,
        job: null,
      });
      const [row] = await db
        .update("users")
        .set((r: any) => ({ age: r.age + 1 }))
        .where({ name: "b" }, { allowFullScan: true })
        .returning();
      expect(row.age).toBe(31);
      const [a] = await db.query["users"].findMany({ where: { name: "a" }, allowFullScan: true });
      expect("age" in a).toBe(false);
      expect(await db.update("users").set({ age: 40 }).all()).toEqual({ count: 2, job: null });
      expect(await codeOf(() => db.update("users").set({ age: 4 }).all())).toBe("CHECK_VIOLATION");
      expect(await codeOf(() => db.update("users").set({ name: undefined }).all())).toBe("INVALID_VALUE");
      expect(await codeOf(() => db.update("users").set({ nope: 1 }).where({ role: "nobody" }))).toBe("INVALID_VALUE");
    });
  });

  test.each([
    ["an empty where", (db: any) => db.update("users").set({ name: "x" }).where({})],
    ["an undefined where", (db: any) => db.update("users").set({ name: "x" }).where(undefined)],
    ["an AND of nothing", (db: any) => db.delete("users").where({ AND: [{}] })],
    ["no where", (db: any) => db.update("users").set({ name: "x" })],
    ["no where of a delete", (db: any) => db.delete("users")],
    ["an undefined value", (db: any) => db.delete("users").where({ name: undefined })],
  ])("refuses %s", async (_what, run) => {
    const { sys, rows } = app();
    await sys((db) => db.insert("users").values({ name: "a" }));
    expect(await codeOf(() => sys(async (db) => await run(db)))).toBe("INVALID_WHERE");
    expect((await rows("users"))[0].name).toBe("a");
  });

  test("a statement runs once, when it is awaited", async () => {
    const { sys, rows } = app();
    await sys(async (db) => {
      db.insert("users").values({ name: "never" });
      const once = db.insert("users").values({ name: "once" });
      expect(await once).toBe(await once);
    });
    expect((await rows("users")).map((row) => row.name)).toEqual(["once"]);
  });
});

test("statements awaited together run one after another", async () => {
  const { sys, rows } = app();
  await sys(async (db) => {
    const both = await Promise.allSettled([1, 2].map((n) => db.insert("users").values({ name: `${n}`, email: "x" })));
    expect(both.map((each) => each.status)).toEqual(["fulfilled", "rejected"]);
    await Promise.all(
      [1, 2, 3].map(() =>
        db
          .update("users")
          .set((row: any) => ({ age: (row.age ?? 20) + 1 }))
          .where({ email: "x" }),
      ),
    );
  });
  expect((await rows("users")).map((row) => row.age)).toEqual([23]);
});

describe("foreign keys", () => {
  test("ask for the parent, by id and by natural key, at the end of the statement", async () => {
    const { sys } = app();
    await sys(async (db, ctx) => {
      const author = await db.insert("users").values({ name: "a" });
      const gone = await ctx.db.insert("users", { name: "g", role: "r", tags: [] });
      await ctx.db.delete(gone);
      await db.insert("posts").values({ authorId: author, title: "t" });
      expect(await codeOf(() => db.insert("posts").values({ authorId: gone, title: "t" }))).toBe(
        "FOREIGN_KEY_VIOLATION",
      );
      expect(await codeOf(() => db.insert("posts").values({ authorId: author, title: "t", teamCode: "x" }))).toBe(
        "FOREIGN_KEY_VIOLATION",
      );
      await db.insert("teams").values({ name: "x", code: "x" });
      await db.insert("posts").values({ authorId: author, title: "t", teamCode: "x" });
      expect(await codeOf(() => db.update("posts").set({ authorId: gone }).all())).toBe("FOREIGN_KEY_VIOLATION");
    });
  });

  test("act: cascade, set null, restrict, no action", async () => {
    const { sys, rows } = app();
    await sys(async (db) => {
      const team = await db.insert("teams").values({ name: "t", code: "c" });
      const boss = await db.insert("users").values({ name: "boss", teamId: team });
      const worker = await db.insert("users").values({ name: "w", managerId: boss });
      const post = await db.insert("posts").values({ authorId: worker, title: "p", teamCode: "c" });
      await db.insert("comments").values([
        { postId: post, body: "1" },
        { postId: post, body: "2" },
      ]);
      expect(await codeOf(() => db.delete("users").where({ _id: boss }))).toBe("RESTRICT_VIOLATION");
      await db.update("teams").set({ code: "d" }).where({ _id: team });
      expect((await db.query["posts"].findMany({ limit: 1 }))[0].teamCode).toBe("d");
      const invoice = await db.insert("invoices").values({ userId: worker, total: 1 });
      expect(await codeOf(() => db.delete("users").where({ _id: worker }))).toBe("FOREIGN_KEY_VIOLATION");
      expect(await codeOf(() => db.delete("users").where({ _id: worker }).inBackground())).toBe(
        "FOREIGN_KEY_VIOLATION",
      );
      await db.delete("invoices").where({ _id: invoice });
      // Rows that the statement itself deletes do not restrict it.
      expect(await db.delete("users").all()).toEqual({ count: 2, job: null });
      await db.delete("teams").all();
    });
    for (const table of ["users", "posts", "comments", "teams"]) expect(await rows(table)).toEqual([]);
  });
});
