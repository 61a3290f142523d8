import { Migrations, type MigrationStatus } from "@convex-dev/migrations";
import type { ComponentApi as MigrationsApi } from "@convex-dev/migrations/_generated/component.js";
import { register as registerMigrations } from "@convex-dev/migrations/test";
import { customCtx, customMutation } from "convex-helpers/server/customFunctions";
import { Triggers } from "convex-helpers/server/triggers";
import { convexTest } from "convex-test";
import {
  componentsGeneric,
  defineSchema,
  defineTable,
  internalMutationGeneric,
  makeFunctionReference,
} from "convex/server";
import type { DataModelFromSchemaDefinition, GenericMutationCtx, MutationBuilder } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { defineRelations, Orm, session } from "../../src/client/index.js";
import type { ComponentApi } from "../../src/component/_generated/component.js";
import { register } from "../../src/test.js";

const schema = defineSchema({
  users: defineTable({ name: v.string(), handle: v.optional(v.string()) }).index("by_handle", ["handle"]),
  notes: defineTable({ ownerId: v.id("users"), text: v.string(), words: v.optional(v.number()) }).index("by_owner", [
    "ownerId",
  ]),
  log: defineTable({ note: v.id("notes") }),
});
type Data = DataModelFromSchemaDefinition<typeof schema>;
const internalMutation = internalMutationGeneric as MutationBuilder<Data, "internal">;

const components = componentsGeneric() as unknown as { orm: ComponentApi; migrations: MigrationsApi };
const orm = new Orm(components.orm, {
  schema,
  relations: defineRelations(schema, (r) => ({
    users: { notes: r.many.notes({ to: "ownerId" }) },
    notes: { owner: r.one.users({ from: "ownerId", onDelete: "cascade" }) },
  })),
  tables: {
    users: { unique: { handle: ["handle"] } },
    notes: { protected: true, checks: { counted: { words: { gte: 1 } } } },
  },
  session: async (ctx): Promise<{ userId: string | null }> => ({
    userId: (await ctx.auth.getUserIdentity())?.subject ?? null,
  }),
});

/** A migration's own functions are internal mutations of the app: wrapped, they fire its triggers. */
const triggers = new Triggers<Data>();
triggers.register("notes", async (ctx, change) => void (await ctx.db.insert("log", { note: change.id })));
const wrapped = customMutation(
  internalMutation,
  customCtx((ctx) => triggers.wrapDB(ctx)),
);
const migrations = new Migrations<Data>(components.migrations, { internalMutation, defaultBatchSize: 10 });
const triggering = new Migrations<Data>(components.migrations, {
  internalMutation: wrapped,
  defaultBatchSize: 10,
});
const words = (text: string) => text.split(" ").filter(Boolean).length;

const functions = {
  /** System access by the client: no policy is asked, checks, uniques and foreign keys are. */
  count: migrations.define({
    table: "notes",
    migrateOne: async (ctx, note) => {
      await orm
        .system(ctx)
        .update("notes")
        .set({ words: words(note.text) })
        .where({ _id: note._id });
    },
  }),
  /** As the session, which a scheduled function does not have: the policies hide every row. */
  countAsNobody: migrations.define({
    table: "notes",
    migrateOne: async (ctx, note) => {
      await orm
        .with(ctx)
        .update("notes")
        .set({ words: words(note.text) })
        .where({ _id: note._id });
    },
  }),
  /** The plain database: no policy either, and nothing else. */
  countPlain: migrations.define({ table: "notes", migrateOne: (_ctx, note) => ({ words: words(note.text) }) }),
  countTriggering: triggering.define({
    table: "notes",
    migrateOne: async (ctx, note) => {
      await orm
        .system(ctx)
        .update("notes")
        .set({ words: words(note.text) })
        .where({ _id: note._id });
    },
  }),
  handles: migrations.define({
    table: "users",
    migrateOne: async (ctx, user) => {
      await orm.system(ctx).update("users").set({ handle: user.name.toLowerCase() }).where({ _id: user._id });
    },
  }),
  /** Deletes as the ORM does: the notes go with their owners. */
  drop: migrations.define({
    table: "users",
    migrateOne: async (ctx, user) => {
      if (user.name.startsWith("spam")) await orm.system(ctx).delete("users").where({ _id: user._id });
    },
  }),
};
const modules = {
  "./convex/_generated/api.ts": () => Promise.resolve({}),
  "./convex/orm.ts": () => Promise.resolve(orm.functions()),
  "./convex/migrations.ts": () => Promise.resolve(functions),
};
type Name = keyof typeof functions;
const reference = (name: Name) => makeFunctionReference<"mutation">(`migrations:${name}`) as never;

async function start(users: Record<string, string[]>) {
  const t = convexTest({ schema, modules, transactionLimits: true });
  register(t as never);
  registerMigrations(t as never);
  await t.run(async (ctx) => {
    for (const [name, notes] of Object.entries(users)) {
      const ownerId = await ctx.db.insert("users", { name });
      for (const text of notes) await ctx.db.insert("notes", { ownerId, text });
    }
    await orm.policies.sync(ctx as unknown as GenericMutationCtx<Data>, {
      notes: { own: { for: "all", using: { ownerId: session("userId") } } },
    });
  });
  const run = async (name: Name, options: { reset?: boolean } = {}): Promise<MigrationStatus> => {
    await t.run((ctx) => migrations.runOne(ctx, reference(name), options));
    await t.finishAllScheduledFunctions(vi.runAllTimers, 1_000);
    return (await t.run((ctx) => migrations.getStatus(ctx, { migrations: [reference(name)] })))[0]!;
  };
  const rows = async <T extends "users" | "notes" | "log">(table: T) =>
    await t.run((ctx) => ctx.db.query(table).collect());
  return { t, run, rows };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "info").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const texts = Array.from({ length: 35 }, (_, i) => Array.from({ length: (i % 5) + 1 }, () => "word").join(" "));

test("orm.system migrates every row of a protected table, batch by batch; orm.with, without an identity, none", async () => {
  const { run, rows } = await start({ Ada: texts });
  expect(await run("countAsNobody")).toMatchObject({ processed: 35, isDone: true });
  expect((await rows("notes")).filter((note) => note.words !== undefined)).toEqual([]);
  expect(await run("count")).toMatchObject({ processed: 35, isDone: true, state: "success" });
  const counted = await rows("notes");
  expect(counted.map((note) => note.words)).toEqual(texts.map(words));
  expect(await rows("log")).toEqual([]);
});

test("wrapped as the app's mutations are, a migration fires its triggers", async () => {
  const { run, rows } = await start({ Ada: texts });
  expect(await run("countTriggering")).toMatchObject({ processed: 35, isDone: true });
  expect(await rows("log")).toHaveLength(35);
});

test("a row that breaks a check stops its batch; mended, the migration goes on from there", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { t, run, rows } = await start({ Ada: texts.map((text, i) => (i === 27 ? "" : text)) });
  const stopped = await run("count");
  expect(stopped).toMatchObject({ processed: 20, isDone: false, state: "failed" });
  expect(stopped.error).toContain("CHECK_VIOLATION");
  expect((await rows("notes")).filter((note) => note.words !== undefined)).toHaveLength(20);

  await t.run(async (ctx) => {
    const empty = (await ctx.db.query("notes").collect())[27]!;
    await ctx.db.patch("notes", empty._id, { text: "mended" });
  });
  expect(await run("count")).toMatchObject({ processed: 35, isDone: true, state: "success" });
  expect((await rows("notes")).filter((note) => note.words === undefined)).toEqual([]);
});

test("a patch that migrateOne returns goes past the ORM: the check does not hold it", async () => {
  const { run, rows } = await start({ Ada: ["", "one"] });
  expect(await run("countPlain")).toMatchObject({ isDone: true, state: "success" });
  expect((await rows("notes")).map((note) => note.words)).toEqual([0, 1]);
});

test("uniques hold inside a batch", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { run, rows } = await start({ ada: [], Ada: [] });
  const stopped = await run("handles");
  expect(stopped.state).toBe("failed");
  expect(stopped.error).toContain("UNIQUE_VIOLATION");
  expect((await rows("users")).filter((user) => user.handle !== undefined)).toEqual([]);
});

test("a delete cascades", async () => {
  const { run, rows } = await start({ spam1: texts, Ada: ["kept"], spam2: ["gone"] });
  expect(await run("drop")).toMatchObject({ processed: 3, isDone: true });
  expect((await rows("notes")).map((note) => note.text)).toEqual(["kept"]);
});
