/** Pages on convex-test: the platform's own, a second one in a function, sealed ones, and those under policies. */
import { OrmError, session } from "convex-orm";
import type { DataModelFromSchemaDefinition, GenericQueryCtx } from "convex/server";
import { beforeAll, describe, expect, test } from "vitest";
import { components, forSession, guarded, open } from "../../../test/support/app/orm.js";
import type schema from "../../../test/support/schema.js";
import { store, type Stored } from "../../../test/support/store.js";
import { isKeysetCursor } from "./cursor.js";
import type { PageResult } from "./pages.js";

type Row = { readonly _id: string; readonly title?: string; readonly likes?: number };
type Page = PageResult<Row>;
type Ctx = GenericQueryCtx<DataModelFromSchemaDefinition<typeof schema>>;
interface Reader {
  paginate(args: object): Promise<Page>;
  findMany(args: object): Promise<Row[]>;
}
type App = { with(ctx: never): { readonly query: object } };
const reader = (app: App, ctx: Ctx, table: string): Reader =>
  (app.with(ctx as never).query as Record<string, Reader>)[table]!;

const posts = Array.from({ length: 30 }, (_, i) => ({
  title: `t${String(i).padStart(2, "0")}`,
  status: ["archived", "draft", "live"][i % 3]!,
  likes: i % 5,
  pinned: i % 2 === 0,
}));
const native = { where: { status: "live", pinned: true }, orderBy: { likes: "asc" } };
const merged = { where: { OR: [{ status: "live" }, { status: "draft" }] }, orderBy: [{ likes: "asc" }] };

let stored: Stored;
beforeAll(async () => {
  stored = await store({ posts });
});
const run = <T>(work: (ctx: Ctx) => Promise<T>): Promise<T> => stored.t.query(work);
const refusal = async (work: () => Promise<unknown>): Promise<OrmError> => {
  const error: unknown = await work().then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(OrmError);
  return error as OrmError;
};
const opts = (numItems: number, cursor: string | null, more: object = {}) => ({
  paginationOpts: { numItems, cursor, ...more },
});

describe("native pages", () => {
  test("serve a plan of one range whose residual is a filter", async () => {
    const first = await run((ctx) => reader(open, ctx, "posts").paginate({ ...native, ...opts(2, null) }));
    expect(first.page).toHaveLength(2);
    expect(isKeysetCursor(first.continueCursor)).toBe(false);
    const second = await run((ctx) =>
      reader(open, ctx, "posts").paginate({ ...native, ...opts(10, first.continueCursor) }),
    );
    expect(second).toMatchObject({ isDone: true });
    expect([...first.page, ...second.page].map(({ likes }) => likes)).toEqual([0, 1, 2, 3, 4]);
  });

  test("what is no cursor is refused in the form that makes the stock hook start over", async () => {
    for (const cursor of ["no cursor", "1", "ok1s.AAAA", "ok1p.W10"]) {
      const error = await refusal(() =>
        run((ctx) => reader(open, ctx, "posts").paginate({ ...native, ...opts(2, cursor) })),
      );
      expect(error.data).toMatchObject({
        code: "INVALID_CURSOR",
        isConvexSystemError: true,
        paginationError: "InvalidCursor",
      });
    }
  });

  test("a second one in a function goes by keyset, and its cursor goes on anywhere", async () => {
    let again: OrmError | null = null;
    const two = await run(async (ctx) => {
      const one = await reader(open, ctx, "posts").paginate({ ...native, ...opts(2, null) });
      const twice = await reader(open, ctx, "posts").paginate({ ...native, ...opts(2, null) });
      expect(twice.page).toEqual(one.page);
      again = await refusal(() => reader(open, ctx, "posts").paginate({ ...native, ...opts(2, one.continueCursor) }));
      return twice;
    });
    expect(isKeysetCursor(two.continueCursor)).toBe(true);
    expect(again).toMatchObject({
      data: { code: "INVALID_CURSOR", hint: expect.stringContaining("function of its own") as string },
    });
    const rest = await run((ctx) =>
      reader(open, ctx, "posts").paginate({ ...native, ...opts(10, two.continueCursor) }),
    );
    expect([...two.page, ...rest.page].map(({ likes }) => likes)).toEqual([0, 1, 2, 3, 4]);
  });

  test("after one of the host's own a first page goes by keyset", async () => {
    const page = await run(async (ctx) => {
      await ctx.db.query("posts").paginate({ numItems: 1, cursor: null });
      return await reader(open, ctx, "posts").paginate({ ...native, ...opts(2, null) });
    });
    expect(page.page).toHaveLength(2);
    expect(isKeysetCursor(page.continueCursor)).toBe(true);
  });
});

describe("options", () => {
  test("no rows asked for: an empty page that can be gone on from", async () => {
    for (const args of [native, merged]) {
      const none = await run((ctx) => reader(open, ctx, "posts").paginate({ ...args, ...opts(0, null) }));
      expect(none).toMatchObject({ page: [], isDone: false });
      const all = await run((ctx) =>
        reader(open, ctx, "posts").paginate({ ...args, ...opts(100, none.continueCursor) }),
      );
      expect(all.page).toHaveLength(args === native ? 5 : 20);
      expect(all.isDone).toBe(true);
    }
  });

  test.each([
    ["numItems", { numItems: -1, cursor: null }],
    ["numItems", { numItems: 1.5, cursor: null }],
    ["numItems", { cursor: null }],
    ["cursor", { numItems: 1, cursor: 7 }],
    ["maximumRowsRead", { numItems: 1, cursor: null, maximumRowsRead: 0 }],
    ["paginationOpts", 3],
  ])("%s: %j is refused", async (name, paginationOpts) => {
    const error = await refusal(() => run((ctx) => reader(open, ctx, "posts").paginate({ ...native, paginationOpts })));
    expect(error.code).toBe("INVALID_VALUE");
    expect(error.data["path"]).toContain(name);
  });
});

describe("keyset cursors", () => {
  const page = (app: App, args: object, cursor: string | null, numItems = 3) =>
    run((ctx) => reader(app, ctx, "posts").paginate({ ...args, ...opts(numItems, cursor) }));

  test("of another table, order or filter are refused; another page size is not", async () => {
    const { continueCursor } = await page(open, merged, null);
    expect((await page(open, merged, continueCursor, 100)).page).toHaveLength(17);
    for (const args of [
      { ...merged, orderBy: [{ likes: "desc" }] },
      { ...merged, where: { OR: [{ status: "live" }, { status: "archived" }] } },
      { ...merged, where: { status: "live", title: { endsWith: "1" } } },
    ]) {
      expect((await refusal(() => page(open, args, continueCursor))).code).toBe("INVALID_CURSOR");
    }
    const other = refusal(() =>
      run((ctx) =>
        reader(open, ctx, "comments").paginate({
          where: { OR: [{ likes: 1 }, { likes: 2 }] },
          ...opts(3, continueCursor),
        }),
      ),
    );
    expect((await other).code).toBe("INVALID_CURSOR");
  });

  test("a resumed probe never leaves the query's bounds", async () => {
    // An encoded cursor can be forged as long as there is no key: it reaches nothing that the query does not.
    const { continueCursor } = await page(open, merged, null);
    const [digest] = JSON.parse(atob(continueCursor.slice(5).replaceAll("-", "+").replaceAll("_", "/"))) as [string];
    const forged = `ok1p.${btoa(JSON.stringify([digest, ["order", [[-99]]]]))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "")}`;
    const rows = await page(open, merged, forged, 100);
    expect(rows.page).toHaveLength(20);
  });

  test("sealed as soon as there is a key, encoded ones then refused", async () => {
    const own = await store({ posts });
    const ask = (cursor: string | null) =>
      own.t.query((ctx) => reader(guarded, ctx, "posts").paginate({ ...merged, ...opts(3, cursor) }));
    const before = await ask(null);
    expect(before.continueCursor).toMatch(/^ok1p\./);
    await own.t.mutation(async (ctx) => void (await ctx.runMutation(components.orm.cursors.rotate, {})));
    expect((await refusal(() => ask(before.continueCursor))).code).toBe("INVALID_CURSOR");
    const after = await ask(null);
    expect(after.continueCursor).toMatch(/^ok1s\./);
    expect((await ask(null)).continueCursor).toBe(after.continueCursor);
    expect((await ask(after.continueCursor)).page).toHaveLength(3);
    await own.t.mutation(async (ctx) => void (await ctx.runMutation(components.orm.cursors.rotate, {})));
    expect((await refusal(() => ask(after.continueCursor))).code).toBe("INVALID_CURSOR");
  });

  test("bound to the session variables and to the policies' versions", async () => {
    const own = await store({ posts });
    const [ann, bob] = [forSession({ likes: 2 }), forSession({ likes: 3 })];
    const spec = (using: object) => ({ posts: { seen: { for: "select", using } } }) as never;
    await own.t.mutation(
      async (ctx) => void (await ann.policies.sync(ctx as never, spec({ likes: { lte: session("likes") } }))),
    );
    const args = { where: { status: { in: ["live", "draft"] } }, orderBy: [{ title: "asc" }] };
    const ask = (app: App, cursor: string | null) =>
      own.t.query((ctx) => reader(app, ctx, "posts").paginate({ ...args, ...opts(3, cursor) }));
    const first = await ask(ann, null);
    expect(first.page.every(({ likes }) => likes! <= 2)).toBe(true);
    expect((await ask(ann, first.continueCursor)).page).toHaveLength(3);
    expect((await refusal(() => ask(bob, first.continueCursor))).code).toBe("INVALID_CURSOR");
    await own.t.mutation(
      async (ctx) =>
        void (await ann.policies.sync(
          ctx as never,
          spec({ likes: { lte: session("likes") }, _id: { isNotNull: true } }),
        )),
    );
    expect((await refusal(() => ask(ann, first.continueCursor))).code).toBe("INVALID_CURSOR");
  });
});

test("under a residual policy maximumRowsRead counts visible rows only", async () => {
  const own = await store({ posts });
  const app = forSession({});
  const using = { OR: [{ likes: 4 }, { title: { endsWith: "9" } }] };
  await own.t.mutation(
    async (ctx) => void (await app.policies.sync(ctx as never, { posts: { seen: { for: "select", using } } } as never)),
  );
  const page = await own.t.query((ctx) =>
    reader(app, ctx, "posts").paginate({
      where: { status: "live" },
      orderBy: { title: "asc" },
      ...opts(10, null, { maximumRowsRead: 3 }),
    }),
  );
  // Seven rows were read; three of them are visible.
  expect(page.page).toHaveLength(2);
  expect(page.isDone).toBe(true);
  const bounded = await own.t.query((ctx) =>
    reader(app, ctx, "posts").paginate({
      orderBy: { title: "asc" },
      allowFullScan: true,
      ...opts(10, null, { maximumRowsRead: 3 }),
    }),
  );
  expect(bounded.page).toHaveLength(3);
  expect(bounded.isDone).toBe(false);
});
