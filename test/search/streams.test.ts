import { mergedStream, type QueryStream } from "convex-helpers/server/stream";
import { convexTest } from "convex-test";
import { componentsGeneric, defineSchema, defineTable } from "convex/server";
import type { DataModelFromSchemaDefinition, GenericMutationCtx } from "convex/server";
import { compareValues, v } from "convex/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defineRelations, Orm, session } from "../../src/client/index.js";
import type { ComponentApi } from "../../src/component/_generated/component.js";
import { register } from "../../src/test.js";
import { codeOf } from "./app.js";

const schema = defineSchema({
  notes: defineTable({
    owner: v.string(),
    kind: v.optional(v.union(v.string(), v.null())),
    rank: v.number(),
    text: v.string(),
  })
    .index("by_owner_and_rank", ["owner", "rank"])
    .index("by_kind_and_rank", ["kind", "rank"]),
});
const { orm: component } = componentsGeneric() as unknown as { orm: ComponentApi };
const orm = new Orm(component, {
  schema,
  relations: defineRelations(schema, () => ({})),
  session: async (ctx): Promise<{ owner: string | null }> => ({
    owner: (await ctx.auth.getUserIdentity())?.subject ?? null,
  }),
});
type Ctx = GenericMutationCtx<DataModelFromSchemaDefinition<typeof schema>>;
type Note = DataModelFromSchemaDefinition<typeof schema>["notes"]["document"];

const kinds = ["a", "b", null, undefined] as const;
const notes = Array.from({ length: 24 }, (_, i) => {
  const kind = kinds[i % 4];
  return {
    owner: i % 3 === 0 ? "ada" : "bob",
    rank: (i * 7) % 10,
    text: `n${i}`,
    ...(kind === undefined ? {} : { kind }),
  };
});

async function open() {
  const t = convexTest({
    schema,
    modules: { "./convex/_generated/api.ts": () => Promise.resolve({}) },
    transactionLimits: true,
  });
  register(t as never);
  await t.run(async (ctx) => {
    for (const note of notes) await ctx.db.insert("notes", note);
  });
  const ask = async <T>(run: (ctx: Ctx) => Promise<T>, subject?: string) => {
    const caller = subject === undefined ? t : t.withIdentity({ subject });
    return await caller.query(async (ctx) => {
      const value = await run(ctx as unknown as Ctx);
      return { value, documents: (await ctx.meta.getTransactionMetrics()).documentsRead.used };
    });
  };
  const protect = () =>
    t.mutation(
      async (ctx) =>
        void (await orm.policies.sync(ctx as never, {
          notes: { own: { for: "select", using: { owner: session("owner") } } },
        })),
    );
  return { t, ask, protect };
}

const texts = (rows: readonly { text: string }[]): string[] => rows.map(({ text }) => text);
const sorted = (
  test: (note: (typeof notes)[number]) => boolean,
  by: (note: (typeof notes)[number]) => unknown[],
  sign = 1,
): string[] =>
  texts(
    notes
      .map((note, i) => ({ note, key: [...by(note), i] }))
      .filter(({ note }) => test(note))
      .sort((a, b) => {
        const at = a.key.findIndex((part, i) => compareValues(part as never, b.key[i] as never) !== 0);
        return sign * compareValues(a.key[at] as never, b.key[at] as never);
      })
      .map(({ note }) => note),
  );

describe("a stream", () => {
  test("carries where and order, and reads what is asked for", async () => {
    const { ask } = await open();
    const taken = await ask((ctx) =>
      orm
        .with(ctx)
        .query.notes.stream({ where: { owner: "bob" }, orderBy: { rank: "desc" } })
        .take(3),
    );
    expect(texts(taken.value)).toEqual(
      sorted(
        (n) => n.owner === "bob",
        (n) => [n.rank],
        -1,
      ).slice(0, 3),
    );
    expect(taken.documents).toBe(3);
    const first = await ask((ctx) =>
      orm
        .with(ctx)
        .query.notes.stream({ where: { owner: "ada" } })
        .first(),
    );
    expect(first.value?.text).toBe(
      sorted(
        (n) => n.owner === "ada",
        (n) => [n.rank],
      )[0],
    );
    expect(first.documents).toBe(1);
    const none = await ask((ctx) =>
      orm
        .with(ctx)
        .query.notes.stream({ where: { owner: "ada" } })
        .take(0),
    );
    expect(none).toEqual({ value: [], documents: 0 });
    const iterated = await ask(async (ctx) => {
      const seen: string[] = [];
      for await (const note of orm.with(ctx).query.notes.stream({})) {
        seen.push(note.text);
        if (seen.length === 4) break;
      }
      return seen;
    });
    expect(iterated).toEqual({ value: ["n0", "n1", "n2", "n3"], documents: 4 });
  });

  test("composes with map, filterWith, distinct and mergedStream", async () => {
    const { ask } = await open();
    const of = (ctx: Ctx, owner: string) =>
      orm.with(ctx).query.notes.stream({ where: { owner }, orderBy: { rank: "asc" } });
    await ask(async (ctx) => {
      const merged = await mergedStream([of(ctx, "ada"), of(ctx, "bob")], ["rank"]).collect();
      expect(texts(merged)).toEqual(
        sorted(
          () => true,
          (n) => [n.rank],
        ),
      );
      const mapped = await of(ctx, "ada")
        .map(async ({ rank }) => rank * 2)
        .take(2);
      expect(mapped).toEqual([0, 2]);
      const even = await of(ctx, "bob")
        .filterWith(async ({ rank }) => rank % 2 === 0)
        .collect();
      expect(texts(even)).toEqual(
        sorted(
          (n) => n.owner === "bob" && n.rank % 2 === 0,
          (n) => [n.rank],
        ),
      );
      const distinct = await orm
        .with(ctx)
        .query.notes.stream({ orderBy: { kind: "asc" }, allowFullScan: true })
        .distinct(["kind"])
        .collect();
      expect(distinct.map(({ kind }) => kind)).toEqual([undefined, null, "a", "b"]);
      const ranks = await of(ctx, "bob")
        .distinct(["rank"])
        .map(async ({ rank }) => rank)
        .collect();
      expect(ranks).toEqual(
        [...new Set(notes.filter(({ owner }) => owner === "bob").map(({ rank }) => rank))].sort((a, b) => a - b),
      );
    });
    const skipping = await ask((ctx) =>
      orm
        .with(ctx)
        .query.notes.stream({ orderBy: [{ kind: "desc" }, { rank: "desc" }] })
        .distinct(["kind"])
        .collect(),
    );
    expect(skipping.documents).toBe(4);
  });

  test("pages an unprotected table through convex-helpers, each row once", async () => {
    const { ask } = await open();
    for (const direction of ["asc", "desc"] as const) {
      const read: string[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < 30; page++) {
        const got: Awaited<ReturnType<QueryStream<Note>["paginate"]>> = (
          await ask((ctx) =>
            orm
              .with(ctx)
              .query.notes.stream({ where: { rank: { gte: 2 } }, orderBy: { kind: direction }, allowFullScan: true })
              .paginate({ numItems: 5, cursor }),
          )
        ).value;
        read.push(...texts(got.page));
        if (got.isDone) break;
        cursor = got.continueCursor;
      }
      expect(read).toEqual(
        sorted(
          (n) => n.rank >= 2,
          (n) => [n.kind],
          direction === "asc" ? 1 : -1,
        ),
      );
    }
  });

  test("narrows to what brute force gives", { timeout: 60_000 }, async () => {
    const { ask } = await open();
    const key = fc.oneof(
      fc.tuple(fc.constantFrom(...kinds)),
      fc.tuple(fc.constantFrom(...kinds), fc.nat(9)),
      fc.constant([]),
    );
    await fc.assert(
      fc.asyncProperty(
        key,
        key,
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        async (lower, upper, lowerBoundInclusive, upperBoundInclusive, asc) => {
          const orderBy = asc
            ? ([{ kind: "asc" }, { rank: "asc" }] as const)
            : ([{ kind: "desc" }, { rank: "desc" }] as const);
          const got = await ask((ctx) =>
            orm
              .with(ctx)
              .query.notes.stream({ orderBy, allowFullScan: true })
              .narrow({ lowerBound: [...lower], upperBound: [...upper], lowerBoundInclusive, upperBoundInclusive })
              .collect(),
          );
          const compareTo = (n: (typeof notes)[number], bound: readonly unknown[]): number => {
            const own = [n.kind, n.rank];
            const at = bound.findIndex((part, i) => compareValues(part as never, own[i] as never) !== 0);
            return at < 0 ? 0 : compareValues(own[at] as never, bound[at] as never);
          };
          const inside = (n: (typeof notes)[number]): boolean =>
            (lower.length === 0 || compareTo(n, lower) > (lowerBoundInclusive ? -1 : 0)) &&
            (upper.length === 0 || compareTo(n, upper) < (upperBoundInclusive ? 1 : 0));
          expect(texts(got.value)).toEqual(sorted(inside, (n) => [n.kind, n.rank], asc ? 1 : -1));
        },
      ),
      { numRuns: 100 },
    );
  });

  test("is restricted by policies; pages are refused there, however composed", async () => {
    const { ask, protect } = await open();
    await protect();
    const all = await ask(
      (ctx) =>
        orm
          .with(ctx)
          .query.notes.stream({ orderBy: { rank: "asc" } })
          .collect(),
      "ada",
    );
    expect(texts(all.value)).toEqual(
      sorted(
        (n) => n.owner === "ada",
        (n) => [n.rank],
      ),
    );
    expect((await ask((ctx) => orm.with(ctx).query.notes.stream({}).collect())).value).toEqual([]);
    await ask(async (ctx) => {
      const stream = () => orm.with(ctx).query.notes.stream({ orderBy: { rank: "asc" } });
      const page = { numItems: 2, cursor: null };
      const pages: (() => Promise<unknown>)[] = [
        () => stream().paginate(page),
        () => stream().paginate({ numItems: 2, cursor: JSON.stringify([3, 1, "x"]) }),
        () =>
          stream()
            .map(async ({ text }) => text)
            .paginate(page),
        () =>
          stream()
            .filterWith(async () => true)
            .paginate(page),
        () => stream().distinct(["rank"]).paginate(page),
        () => mergedStream([stream(), stream()], ["rank"]).paginate(page),
      ];
      for (const ask of pages) expect(await codeOf(ask)).toBe("POLICY_VIOLATION");
      expect(
        (
          await stream()
            .distinct(["rank"])
            .map(async ({ rank }) => rank)
            .collect()
        ).length,
      ).toBeGreaterThan(2);
      expect(
        (
          await orm
            .system(ctx)
            .query.notes.stream({ orderBy: { rank: "asc" }, allowFullScan: true })
            .paginate(page)
        ).page,
      ).toHaveLength(2);
    }, "ada");
  });

  test("refuses what it cannot carry", async () => {
    const { ask } = await open();
    await ask(async (ctx) => {
      const { notes: query } = orm.with(ctx).query;
      const wild = query as unknown as { stream: (args: unknown) => QueryStream<Note> };
      expect(await codeOf(() => query.stream({ orderBy: [{ kind: "asc" }, { rank: "desc" }] }).first())).toBe(
        "INVALID_ORDER",
      );
      expect(await codeOf(() => wild.stream({ where: { nope: 1 } }).first())).toBe("INVALID_WHERE");
      expect(await codeOf(() => wild.stream({ where: { owner: undefined } }).first())).toBe("INVALID_WHERE");
      expect(await codeOf(async () => wild.stream({ limit: 3 }))).toBe("INVALID_VALUE");
      expect(await codeOf(() => query.stream({ where: { text: "n1" } }).first())).toBe("FULL_SCAN");
      expect(await codeOf(() => query.stream({ where: { owner: "bob" }, maxScan: 2 }).collect())).toBe("SCAN_LIMIT");
    });
  });
});
