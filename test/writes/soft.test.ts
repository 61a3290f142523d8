import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { defineRelations } from "../../src/client/index.js";
import { codeOf, makeApp } from "../support/app.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const schema = defineSchema({
  users: defineTable({
    email: v.string(),
    avatarId: v.optional(v.id("_storage")),
    deletedAt: v.optional(v.number()),
  }).index("by_email", ["email"]),
  posts: defineTable({ authorId: v.id("users") }).index("by_author", ["authorId"]),
});
const relations = defineRelations(schema, (r) => ({
  posts: { author: r.one.users({ from: "authorId", onDelete: "cascade" }) },
}));
const day = 86_400_000;
const app = (purgeAfterMs?: number) =>
  makeApp({
    schema,
    relations,
    tables: {
      users: {
        unique: { email: ["email"] },
        deletion: { soft: "deletedAt", ...(purgeAfterMs === undefined ? {} : { purgeAfterMs }) },
        files: { avatarId: "cascade" },
      },
    },
  });
const grow = (t: ReturnType<typeof app>): Promise<string> =>
  t.sys(async (db) => {
    const id = await db.insert("users").values({ email: "a" });
    await db.insert("posts").values({ authorId: id });
    return id;
  });

test("a soft delete hides the row, fires no action, keeps its unique and still counts as a parent", async () => {
  const t = app();
  const id = await grow(t);
  await t.sys(async (db) => {
    expect(await db.delete("users").where({ _id: id })).toEqual({ count: 1, job: null });
    expect(await db.query["users"].findUnique({ where: { _id: id } })).toBe(null);
    expect(await db.query["users"].findMany({ withDeleted: true, limit: 9 })).toHaveLength(1);
    expect(await db.delete("users").where({ _id: id })).toEqual({ count: 0, job: null });
    expect(await db.update("users").set({ email: "b" }).where({ _id: id })).toEqual({ count: 0, job: null });
    expect(await codeOf(() => db.insert("users").values({ email: "a" }))).toBe("UNIQUE_VIOLATION");
    expect(await db.insert("users").values({ email: "a" }).onConflictDoNothing({ target: "email" })).toBe(null);
    expect(
      await codeOf(() =>
        db
          .insert("users")
          .values({ email: "a" })
          .onConflictDoUpdate({ target: "email", set: { email: "c" } }),
      ),
    ).toBe("UNIQUE_VIOLATION");
    await db.insert("posts").values({ authorId: id });
  });
  expect(await t.rows("posts")).toHaveLength(2);
});

test("restore undoes it; hard deletes for real, actions and files included", async () => {
  const t = app();
  const id = await grow(t);
  const file = await t.t.run((ctx) => ctx.storage.store(new Blob(["x"])));
  await t.sys(async (db) => {
    await db.update("users").set({ avatarId: file }).where({ _id: id });
    await db.delete("users").where({ _id: id });
    expect(await db.restore("users").where({ email: "a" })).toEqual({ count: 1, job: null });
    expect(await db.restore("users").where({ email: "a" })).toEqual({ count: 0, job: null });
    expect("deletedAt" in (await db.query["users"].findUnique({ where: { _id: id } }))).toBe(false);
    expect(await codeOf(() => db.restore("posts").all())).toBe("INVALID_SCHEMA");
    await db.delete("users").where({ _id: id });
    expect(await db.delete("users").where({ _id: id }).hard()).toEqual({ count: 1, job: null });
  });
  expect([await t.rows("users"), await t.rows("posts")]).toEqual([[], []]);
  expect(await t.t.run((ctx) => ctx.storage.getUrl(file))).toBe(null);
});

test("a purge deletes for real after its time, actions included", async () => {
  const t = app(day);
  const id = await grow(t);
  const { count, job } = await t.sys((db) => db.delete("users").where({ _id: id }));
  expect(count).toBe(1);
  expect(await t.job(job)).toMatchObject({ kind: "purge", status: "pending" });
  expect(await t.rows("users")).toHaveLength(1);
  await t.drain();
  expect(await t.job(job)).toMatchObject({ status: "succeeded", rowsDone: 2 });
  expect([await t.rows("users"), await t.rows("posts")]).toEqual([[], []]);
});

test("a purge leaves alone what was restored, and what was deleted anew later", async () => {
  const t = app(day);
  const id = await grow(t);
  const first = await t.sys((db) => db.delete("users").where({ _id: id }));
  vi.setSystemTime(Date.now() + 1_000);
  await t.sys((db) => db.restore("users").where({ _id: id }));
  vi.setSystemTime(Date.now() + 1_000);
  const second = await t.sys((db) => db.delete("users").where({ _id: id }));
  expect(second.job).not.toBe(first.job);
  await t.sys((db) => db.restore("users").where({ _id: id }));
  await t.drain();
  expect(await t.job(first.job)).toMatchObject({ status: "succeeded", rowsDone: 0 });
  expect(await t.rows("users")).toHaveLength(1);
});

test("a restore ends the purge that waits for its rows alone; one that waits for others goes on without them", async () => {
  const t = app(day);
  const [a, b, c]: string[] = await t.sys((db) =>
    db.insert("users").values(["a", "b", "c"].map((email) => ({ email }))),
  );
  const one = await t.sys((db) => db.delete("users").where({ _id: a }));
  vi.setSystemTime(Date.now() + 1_000);
  const two = await t.sys((db) => db.delete("users").all());
  expect(two.count).toBe(2);
  await t.sys((db) => db.restore("users").where({ _id: { in: [a, b] } }));
  expect(await t.job(one.job)).toMatchObject({ status: "succeeded", rowsDone: 0, frontier: 0, steps: 0 });
  expect(await t.job(two.job)).toMatchObject({ status: "pending", frontier: 1 });
  await t.drain();
  expect(await t.job(two.job)).toMatchObject({ status: "succeeded", rowsDone: 1, frontier: 0 });
  expect((await t.rows("users")).map((row) => row._id)).toEqual([a, b]);
  expect(c).toBeDefined();

  const three = await t.sys((db) => db.delete("users").all());
  await t.mutate((ctx) => t.orm.jobs.cancel(ctx, three.job));
  await t.sys((db) => db.restore("users").all());
  expect(await t.job(three.job)).toMatchObject({ status: "cancelled", frontier: 0 });
  await t.mutate((ctx) => t.orm.jobs.retry(ctx, three.job));
  await t.drain();
  expect(await t.job(three.job)).toMatchObject({ status: "succeeded", rowsDone: 0 });
  expect(await t.rows("users")).toHaveLength(2);
});

test("in the background it is soft too, and purged; a restore in the background undoes it", async () => {
  const t = app(day);
  await grow(t);
  const started = await t.sys((db) => db.delete("users").where({ email: "a" }).inBackground());
  await t.t.finishInProgressScheduledFunctions();
  await vi.advanceTimersByTimeAsync(1);
  await t.t.finishInProgressScheduledFunctions();
  expect((await t.rows("users"))[0].deletedAt).toEqual(expect.any(Number));
  const [{ _id: purge }]: any[] = await t.mutate((ctx) => t.orm.jobs.list(ctx, { status: "pending" }));
  await t.sys((db) => db.restore("users").all().inBackground());
  await t.t.finishInProgressScheduledFunctions();
  await vi.advanceTimersByTimeAsync(1);
  await t.t.finishInProgressScheduledFunctions();
  expect(await t.job(purge)).toMatchObject({ kind: "purge", status: "succeeded", steps: 0 });
  await t.drain();
  expect(await t.job(started.job)).toMatchObject({ status: "succeeded", rowsDone: 1 });
  const [row] = await t.rows("users");
  expect("deletedAt" in row).toBe(false);
});
