/** `@convex-dev/aggregate` as `tables.T.count`: what it counts, for whom, and what that reads. */
import { compareValues, type Value } from "convex/values";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { session } from "../../src/client/index.js";
import { FUZZ_TIMEOUT, fuzz } from "../support/fuzz.js";
import {
  app,
  caller,
  components,
  expectKept,
  few,
  finish,
  orm,
  plain,
  post,
  reads,
  seed,
  write,
  type App,
  type Db,
  type UserId,
} from "./aggregate-app.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Ten thousand posts, and the trees that ten thousand writes would have made: written at once, for time's sake. */
const large = 10_000;
async function seedLarge(t: App): Promise<UserId[]> {
  const users = await write(
    t,
    async (ctx) =>
      await orm
        .system(ctx)
        .insert("users")
        .values(Array.from({ length: 10 }, (_, i) => ({ name: `${i}` }))),
  );
  const rows: { _id: string; authorId: string; likes: number }[] = [];
  for (let from = 0; from < large; from += 2_500) {
    await t.run(async (ctx) => {
      for (let n = from; n < from + 2_500; n++) {
        const row = post(users[n % 10]!, `post ${n}`, { likes: n % 100 });
        rows.push({ ...row, _id: await ctx.db.insert("posts", row) });
      }
    });
  }
  const loader = (api: unknown): never => (api as { load: { build: never } }).load.build;
  const position = (key: Value, id: string): Value => [
    Array.isArray(key) ? ["", ...key.flatMap((part) => [part, ""])] : key,
    id,
    "",
  ];
  const load = async (api: unknown, key: (row: (typeof rows)[number]) => Value, namespace?: string): Promise<void> => {
    const items = rows.map((row) => ({ k: position(key(row), row._id), v: row._id, s: row.likes }));
    const sorted = items.sort((a, b) => compareValues(a.k, b.k));
    await write(t, async (ctx) => void (await ctx.runMutation(loader(api), { items: sorted, namespace } as never)));
  };
  await load(components.byAuthor, (row) => row.authorId);
  await load(components.byStatus, (row) => [row.likes, row.authorId], "live");
  return users;
}

test("counts of ten thousand rows read some dozen documents", { timeout: 120_000 }, async () => {
  const t = app();
  const users = await seedLarge(t);
  const cases: [filter: object, rows: number, ranges?: number][] = [
    [{}, 10_000],
    [{ authorId: users[3] }, 1_000],
    [{ authorId: { in: users.slice(0, 4) } }, 4_000, 4],
    [{ authorId: { ne: users[0] } }, 9_000, 2],
    [{ status: "live" }, 10_000],
    [{ status: "live", likes: { gte: 90 } }, 1_000],
    [{ status: "live", likes: { between: [0, 49] } }, 5_000],
    [{ status: "live", likes: 0 }, 100],
    [{ status: "draft" }, 0],
    // An index leads to these hundred rows; the tree still reads fewer.
    [{ status: "live", likes: 7, authorId: users[7] }, 100],
    [
      {
        OR: [
          { status: "live", likes: { lt: 10 } },
          { status: "live", likes: { gt: 95 } },
        ],
      },
      1_400,
      2,
    ],
  ];
  for (const [where, rows, ranges = 1] of cases) {
    const { answer, documents } = await reads(t, async (ctx) => await orm.system(ctx).query.posts.count({ where }));
    expect(answer, JSON.stringify(where)).toBe(rows);
    expect(documents, JSON.stringify(where)).toBeLessThan(48 * ranges);
  }
  // Without the aggregate it cannot be counted within maxScan.
  await expect(
    write(t, async (ctx) => await plain.system(ctx).query.posts.count({ where: { status: "live" } })),
  ).rejects.toThrow("SCAN_LIMIT");
  // A unique key is looked up: one document.
  const unique = await reads(t, async (ctx) => await orm.system(ctx).query.posts.count({ where: { slug: "post 5" } }));
  expect(unique).toEqual({ answer: 1, documents: 1 });
  // What no key decides is counted by reading.
  const mixed = await reads(
    t,
    async (ctx) => await orm.system(ctx).query.posts.count({ where: { authorId: users[3]!, slug: { like: "%33" } } }),
  );
  expect(mixed.answer).toBe(100);
  expect(mixed.documents).toBeGreaterThan(999);
  // One more row is one more, at the same price.
  await write(
    t,
    async (ctx) =>
      await orm
        .system(ctx)
        .insert("posts")
        .values(post(users[3]!, "one more", { likes: 3 })),
  );
  const more = await reads(
    t,
    async (ctx) => await orm.system(ctx).query.posts.count({ where: { authorId: users[3]! } }),
  );
  expect(more.answer).toBe(1_001);
});

test(
  "policies are absorbed with the filter, or the rows are read; another's rows never count",
  { timeout: 120_000 },
  async () => {
    const t = app();
    const users = await seedLarge(t);
    await write(t, async (ctx) => {
      await orm.policies.sync(ctx, { posts: { own: { for: "select", using: { authorId: session("userId") } } } });
    });
    caller.userId = users[2]!;
    const own = await reads(t, async (ctx) => await orm.with(ctx).query.posts.count());
    expect(own.answer).toBe(1_000);
    expect(own.documents).toBeLessThan(160);
    expect(
      await write(t, async (ctx) => await orm.with(ctx).query.posts.count({ where: { authorId: users[3]! } })),
    ).toBe(0);
    // The policy and the filter together are no key's: rows are read, the caller's own.
    const mixed = await reads(
      t,
      async (ctx) => await orm.with(ctx).query.posts.count({ where: { slug: { like: "%2" } } }),
    );
    expect(mixed.answer).toBe(1_000);
    expect(mixed.documents).toBeGreaterThan(999);
    // A relation filter in a policy is tested on rows.
    await write(t, async (ctx) => {
      await orm.policies.sync(ctx, { posts: { own: { for: "select", using: { author: { name: "2" } } } } });
    });
    expect(
      await write(t, async (ctx) => await orm.with(ctx).query.posts.count({ where: { status: "live", likes: 2 } })),
    ).toBe(100);
    caller.userId = "";
  },
);

const counts = (user: UserId, other: UserId): fc.Arbitrary<object> => {
  const id = fc.constantFrom(user, other);
  const number = fc.constantFrom(0, 1, 2, 5, 9);
  const part = fc.oneof(
    id.map((authorId) => ({ authorId })),
    id.map((editorId) => ({ editorId })),
    fc.constantFrom({ editorId: { isNull: true } }, { editorId: { isNotNull: true } }),
    fc.constantFrom({ status: "live" }, { status: "draft" }, { status: { in: ["live", "draft"] } }),
    fc
      .tuple(fc.constantFrom("gt", "gte", "lt", "lte", "eq", "ne"), number)
      .map(([op, n]) => ({ status: "live", likes: { [op]: n } })),
    number.map((likes) => ({ status: "draft", likes, authorId: user })),
    fc.constantFrom({ slug: { startsWith: "post 1" } }, { author: { name: "Ada" } }),
  );
  const { filter } = fc.letrec<{ filter: object }>((tie) => ({
    filter: fc.oneof(
      { weight: 6, arbitrary: part },
      { weight: 2, arbitrary: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }).map((OR) => ({ OR })) },
      { weight: 1, arbitrary: fc.array(tie("filter"), { minLength: 1, maxLength: 2 }).map((AND) => ({ AND })) },
      { weight: 1, arbitrary: tie("filter").map((NOT) => ({ NOT })) },
      { weight: 1, arbitrary: fc.constant({}) },
    ),
  }));
  return filter;
};

const step = (users: readonly UserId[]): fc.Arbitrary<(db: Db) => PromiseLike<unknown>> => {
  const user = fc.constantFrom(...users);
  const slug = fc.integer({ min: 0, max: 20 }).map((n) => `post ${n}`);
  const likes = fc.constantFrom(0, -0, 1, 5);
  const status = fc.constantFrom("live" as const, "draft" as const);
  return fc.oneof(
    fc.tuple(slug, user, likes, status).map(
      ([name, author, n, now]) =>
        (db: Db) =>
          db
            .insert("posts")
            .values(post(author, name, { likes: n, status: now }))
            .onConflictDoUpdate({ target: "slug", set: { likes: n, authorId: author } }),
    ),
    fc.tuple(user, likes, status).map(
      ([author, n, now]) =>
        (db: Db) =>
          db.update("posts").set({ likes: n, status: now }).where({ authorId: author }),
    ),
    fc.tuple(slug, user).map(
      ([name, editor]) =>
        (db: Db) =>
          db.update("posts").set({ editorId: editor }).where({ slug: name }),
    ),
    slug.map((name) => (db: Db) => db.delete("posts").where({ slug: name })),
    slug.map((name) => (db: Db) => db.delete("posts").where({ slug: name }).hard()),
    slug.map((name) => (db: Db) => db.restore("posts").where({ slug: name })),
    likes.map((n) => (db: Db) => db.delete("posts").where({ likes: n, status: "draft" }).inBackground()),
    user.map((id) => (db: Db) => db.delete("users").where({ _id: id })),
  );
};

test("after random programs every count is that of the rows", { timeout: FUZZ_TIMEOUT }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat()), fc.constantFrom(orm, few), async (numbers, own) => {
      const t = app(own.functions());
      const { users } = await seed(t, 15);
      const draw = <T>(arbitrary: fc.Arbitrary<T>): T =>
        fc.sample(arbitrary, { seed: numbers.next().value as number, numRuns: 1 })[0]!;
      for (let round = 0; round < 6; round++) {
        const statement = draw(step(users));
        // A user that is gone is no author: such a statement is refused, and changes nothing.
        await write(t, async (ctx) => {
          await Promise.resolve(statement(own.system(ctx) as Db)).catch((error: unknown) => {
            if (
              !["FOREIGN_KEY_VIOLATION", "UNIQUE_VIOLATION"].includes((error as { data: { code: string } }).data.code)
            )
              throw error;
          });
        });
        if (round % 2 === 1) await finish(t);
        await expectKept(t);
        await write(t, async (ctx) => {
          for (let n = 0; n < 8; n++) {
            const where = draw(counts(users[0]!, users[1]!));
            const [one, other] = [own.system(ctx), plain.system(ctx)];
            const wanted = await other.query.posts.count({ where, allowFullScan: true });
            expect(await one.query.posts.count({ where, allowFullScan: true }), JSON.stringify(where)).toBe(wanted);
          }
        });
      }
    }),
    fuzz(8, 1, 3),
  );
});

test("explain says by which aggregate, and what it would not say is counted by reading", async () => {
  const t = app();
  const { users } = await seed(t, 5);
  const [ada] = users as [UserId];
  const told = async (where: object) =>
    await write(t, async (ctx) => {
      const { text, plan } = await orm.system(ctx).query.posts.explain({ where });
      return [text.split("\n").at(-1)!.replace(ada, "ada"), plan.count?.nth ?? null] as const;
    });
  expect(await told({ authorId: ada })).toEqual(["count: aggregate 0 (authorId), 1 range", 0]);
  expect(await told({ editorId: { isNull: true } })).toEqual(["count: aggregate 1 (editorId), 1 range", 1]);
  expect(await told({ status: { in: ["live", "draft"] } })).toEqual([
    "count: aggregate 2 (likes, authorId) in status, 2 ranges",
    2,
  ]);
  expect(await told({ status: "live", likes: { gte: 0 } })).toEqual([
    'count: aggregate 2 (likes, authorId) in status, 1 range, less those with likes = -0 and status = "live" and deletedAt is null',
    2,
  ]);
  expect(await told({ likes: 3 })).toEqual(["count: reads the rows", null]);
  expect(await told({ slug: "post 1" })).toEqual(["count: reads the rows", null]);
});

test("in an action too, as the caller", async () => {
  const t = app();
  const { users } = await seed(t, 9);
  await write(t, async (ctx) => {
    await orm.policies.sync(ctx, { posts: { own: { for: "select", using: { authorId: session("userId") } } } });
  });
  caller.userId = users[1]!;
  const counted = await t.action(async (ctx) => {
    const { posts } = orm.with(ctx as never as Pick<typeof ctx, "runQuery" | "vectorSearch">).query;
    return [await posts.count(), await posts.count({ where: { authorId: users[0]! } })];
  });
  expect(counted).toEqual([3, 0]);
  caller.userId = "";
});

test("a count that would run the transaction dry is refused, and says no figure of a protected table", async () => {
  const t = app();
  const { users } = await seed(t, 9);
  const count = async (own: "with" | "system") =>
    await write(t, async (ctx) => {
      try {
        return await orm[own](ctx).query.posts.count({ where: { authorId: { in: users } }, headroom: 0.995 });
      } catch (error) {
        return (error as { data: object }).data;
      }
    });
  expect(await count("system")).toMatchObject({
    code: "BUDGET",
    resource: "documents",
    used: expect.any(Number) as number,
  });
  await write(t, async (ctx) => await orm.policies.sync(ctx, { posts: { all: { for: "select", using: {} } } }));
  const hidden = await count("with");
  expect(hidden).toMatchObject({ code: "BUDGET", resource: "documents" });
  expect(hidden).not.toHaveProperty("used");
});
