/** `@convex-dev/aggregate` as `tables.T.count`: kept right by every write. */
import { Triggers } from "convex-helpers/server/triggers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Orm } from "../../src/client/index.js";
import {
  app,
  byNote,
  components,
  expectKept,
  few,
  finish,
  orm,
  post,
  reads,
  relations,
  schema,
  seed,
  write,
  type Ctx,
  type Data,
  type Db,
  type UserId,
} from "./aggregate-app.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("insert, update, upsert, delete, soft delete, restore and purge keep every aggregate right", async () => {
  const t = app();
  const { users, posts } = await seed(t, 20);
  await expectKept(t);
  const [ada, bob] = users as [UserId, UserId];
  const steps: ((db: ReturnType<typeof orm.system<Ctx>>) => Promise<unknown>)[] = [
    async (db) => await db.update("posts").set({ likes: 7 }).where({ authorId: ada }),
    async (db) =>
      await db
        .update("posts")
        .set((row) => ({ likes: row.likes + 1, authorId: bob }))
        .where({ _id: posts[3]! }),
    async (db) => await db.update("posts").set({ editorId: undefined, status: "draft" }).where({ _id: posts[0]! }),
    async (db) =>
      await db
        .insert("posts")
        .values([post(ada, "post 1"), post(ada, "new")])
        .onConflictDoUpdate({ target: "slug", set: { likes: 99, authorId: ada } }),
    async (db) =>
      await db
        .insert("posts")
        .values([post(ada, "post 2"), post(ada, "newer")])
        .onConflictDoNothing({ target: "slug" }),
    async (db) => await db.delete("posts").where({ likes: { gte: 7 }, status: "live" }),
    async (db) => await db.restore("posts").where({ slug: "new" }),
    async (db) => await db.delete("posts").where({ slug: "post 5" }).hard(),
    async (db) => await db.update("posts").set({ deletedAt: 5 }).where({ slug: "post 7" }),
    async (db) => await db.update("posts").set({ deletedAt: undefined }).where({ slug: "post 8" }),
  ];
  for (const step of steps) {
    await write(t, async (ctx) => await step(orm.system(ctx)));
    await expectKept(t);
  }
  const rows = await t.run(async (ctx) => (await ctx.db.query("posts").collect()).length);
  await finish(t);
  expect(await t.run(async (ctx) => (await ctx.db.query("posts").collect()).length)).toBeLessThan(rows);
  await expectKept(t);
});

test("a cascade inline and the steps of a job keep them right, whatever the actions", async () => {
  for (const own of [orm, few]) {
    const t = app(own.functions());
    const { users, posts } = await seed(t, 40);
    await write(
      t,
      async (ctx) =>
        await own
          .system(ctx)
          .insert("notes")
          .values(posts.slice(0, 20).map((postId) => ({ postId, text: "x" }))),
    );
    const { job } = await write(t, async (ctx) => await own.system(ctx).delete("users").where({ _id: users[0]! }));
    expect(job === null).toBe(own === orm);
    await finish(t);
    await expectKept(t);
    const left = await t.run(async (ctx) => await ctx.db.query("posts").collect());
    expect(left.length).toBeGreaterThan(0);
    expect(left.every((row) => row.authorId !== users[0] && row.editorId === undefined)).toBe(true);
  }
});

test("background statements keep them right, in steps that leave room for the trees", async () => {
  const t = app();
  const { users } = await seed(t, 300);
  for (const run of [
    async (ctx: Ctx) =>
      await orm.system(ctx).update("posts").set({ likes: 3 }).where({ authorId: users[1]! }).inBackground(),
    async (ctx: Ctx) => await orm.system(ctx).delete("posts").where({ authorId: users[2]! }).inBackground(),
    async (ctx: Ctx) =>
      await orm
        .system(ctx)
        .restore("posts")
        .where({ likes: { lte: 5 } })
        .inBackground(),
    async (ctx: Ctx) => await orm.system(ctx).delete("users").where({ _id: users[1]! }).inBackground(),
  ]) {
    const { job } = await write(t, run);
    await finish(t);
    const done = await t.run(async (ctx) => await orm.jobs.get(ctx, job!));
    expect(done).toMatchObject({ status: "succeeded", attempts: 0 });
    await expectKept(t);
  }
});

test("a statement that its aggregates would take past the transaction is refused before it writes", async () => {
  const t = app();
  const { users } = await seed(t, 200);
  const caught = async (run: (ctx: Ctx) => Promise<unknown>): Promise<unknown> =>
    await write(t, async (ctx) => {
      try {
        return await run(ctx);
      } catch (error) {
        return (error as { data: { code: string } }).data.code;
      }
    });
  expect(await caught(async (ctx) => await orm.system(ctx).update("posts").set({ likes: 50 }).all())).toBe("BUDGET");
  expect(await caught(async (ctx) => await orm.system(ctx).delete("posts").all())).toBe("BUDGET");
  const many = Array.from({ length: 200 }, (_, i) => post(users[0]!, `more ${i}`));
  expect(await caught(async (ctx) => await orm.system(ctx).insert("posts").values(many))).toBe("BUDGET");
  await expectKept(t);
  // Fields that no aggregate names cost nothing more.
  expect(await caught(async (ctx) => await orm.system(ctx).update("users").set({ name: "x" }).all())).toMatchObject({
    count: 3,
  });
});

test("a trigger of the host's that keeps the same aggregate does no harm, nor one that changes the row", async () => {
  const triggers = new Triggers<Data>();
  triggers.register("notes", byNote.trigger() as never);
  triggers.register("posts", async (ctx, { operation, newDoc }) => {
    if (operation !== "delete" && newDoc.likes === 13) await ctx.db.patch(newDoc._id, { likes: 14 });
  });
  const wrap = (ctx: object): never => triggers.wrapDB(ctx as Ctx) as never;
  const t = app(orm.functions({ wrap }));
  const { posts } = await seed(t, 6);
  const system = (ctx: Ctx): Db => orm.system(wrap(ctx) as Ctx);
  await write(
    t,
    async (ctx) =>
      await system(ctx)
        .insert("notes")
        .values(posts.map((postId) => ({ postId, text: "x" }))),
  );
  await write(
    t,
    async (ctx) => await system(ctx).update("notes").set({ postId: posts[1]! }).where({ postId: posts[0]! }),
  );
  await write(t, async (ctx) => await system(ctx).update("posts").set({ likes: 13 }).where({ _id: posts[2]! }));
  await expectKept(t);
  await write(t, async (ctx) => await system(ctx).delete("posts").where({ _id: posts[1]! }).hard());
  await expectKept(t);
  expect(await write(t, async (ctx) => await orm.system(ctx).query.notes.count())).toBe(4);
});

test("rows from before the aggregate: writes do not fail, counts read rows until it is backfilled", async () => {
  const t = app();
  const { posts } = await seed(t, 12);
  await t.run(async (ctx) => {
    for (const postId of posts) await ctx.db.insert("notes", { postId, text: "old" });
  });
  const with_ = (count: object) =>
    new Orm(components.orm, { schema, relations, tables: { notes: { count } } } as never) as unknown as typeof orm;
  const early = with_({ aggregate: byNote, backfilled: false });
  const count = async (own: typeof orm) =>
    await write(t, async (ctx) => await own.system(ctx).query.notes.count({ allowFullScan: true }));
  await write(t, async (ctx) => await early.system(ctx).delete("notes").where({ postId: posts[0]! }));
  await write(
    t,
    async (ctx) => await early.system(ctx).update("notes").set({ postId: posts[2]! }).where({ postId: posts[1]! }),
  );
  await write(t, async (ctx) => await early.system(ctx).insert("notes").values({ postId: posts[0]!, text: "new" }));
  expect(await count(early)).toBe(12);
  await write(t, async (ctx) => {
    for (const note of await ctx.db.query("notes").collect()) await byNote.insertIfDoesNotExist(ctx as never, note);
  });
  await expectKept(t);
  expect(await count(with_(byNote))).toBe(12);
});

test("queued writes of others are not missed: the rows are counted until they are in", async () => {
  const t = app();
  const { posts } = await seed(t, 6);
  await write(t, async (ctx) => {
    const id = await ctx.db.insert("notes", { postId: posts[0]!, text: "x" });
    await byNote.insert(ctx as never, (await ctx.db.get(id))!, { async: true });
    expect(await orm.system(ctx).query.notes.count({ where: { postId: posts[0]! } })).toBe(1);
  });
  await finish(t);
  const { answer, documents } = await reads(t, async (ctx) => await orm.system(ctx).query.notes.count());
  expect(answer).toBe(1);
  expect(documents).toBeGreaterThan(0);
});

test("a step that fails among its trees leaves no trace in them, and its next attempt keeps them right", async () => {
  let calls: number | null = null;
  let failures = 0;
  const wrap = (ctx: object): never => {
    const { runMutation } = ctx as Ctx;
    const faulty = async (mutation: never, args: never): Promise<unknown> => {
      // The rows are written by then, and some of the aggregates.
      if (calls !== null && ++calls % 5 === 0 && ++failures <= 3) throw new Error("not now");
      return await runMutation(mutation, args);
    };
    return { ...ctx, runMutation: faulty } as never;
  };
  const t = app(few.functions({ wrap }));
  const { users } = await seed(t, 40);
  const { job } = await write(t, async (ctx) => await few.system(ctx).delete("users").where({ _id: users[2]! }));
  await expectKept(t);
  calls = 0;
  await finish(t);
  expect(failures).toBeGreaterThanOrEqual(3);
  expect(await t.run(async (ctx) => await few.jobs.get(ctx, job!))).toMatchObject({ status: "succeeded" });
  await expectKept(t);
});
