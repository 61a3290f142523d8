import { expectTypeOf } from "vitest";
import type { GenericId } from "convex/values";
import { actionCtx, mutationCtx, orm, queryCtx } from "./blog.js";
import { session } from "../../src/client/index.js";
import type { Where } from "../../src/client/index.js";
import type { BlogModel, Data } from "./blog.js";

const db = orm.with(queryCtx);
const t = 5;
declare const id: GenericId<"users">;

export async function reads() {
  const rows = await db.query.posts.findMany({
    where: {
      authorId: id,
      publishedAt: { gte: t },
      OR: [{ status: "live" }, { likes: { between: [1, 2] } }],
      author: { team: { name: "Core" } },
    },
    orderBy: [{ publishedAt: "desc" }, { title: "asc" }],
    limit: 10,
    offset: 0,
    columns: { title: true, authorId: true },
    extras: { slug: (row) => row.title.toLowerCase() },
    with: {
      author: true,
      comments: { where: { approved: true }, orderBy: { text: "desc" }, limit: 3, with: { user: true } },
    },
    allowFullScan: false,
    maxScan: 4_096,
    withDeleted: false,
  });
  expectTypeOf(rows).toEqualTypeOf<
    {
      title: string;
      authorId: GenericId<"users">;
      slug: string;
      author: Data["users"]["document"] | null;
      comments: {
        _id: GenericId<"comments">;
        _creationTime: number;
        postId: GenericId<"posts">;
        userId: GenericId<"users">;
        text: string;
        approved: boolean;
        user: Data["users"]["document"] | null;
      }[];
    }[]
  >();
  const plain = await db.query.users.findMany();
  expectTypeOf(plain).toEqualTypeOf<Data["users"]["document"][]>();
}

/** Code of the app that is generic over its own filters. */
export async function named(where: Where<BlogModel, "posts">, ctx: typeof queryCtx | typeof mutationCtx) {
  return await orm.with(ctx).query.posts.count({ where: { AND: [where, { likes: 3 }] } });
}

/** Every form that the contract writes, compiled; results compared exactly. */
export async function filters() {
  await db.query.users.findMany({ where: { "profile.city": { like: "B%" }, "profile.zip": { isNull: true } } });
  await db.query.users.findMany({ where: { profile: { eq: { city: "x" } }, tags: { arrayContains: ["a"] } } });
  await db.query.users.findMany({ where: { tags: ["a", "b"], settings: 3, "settings.x.y": { gt: "a" } } });
  await db.query.users.findMany({ where: { "scores.math": { gte: 3 }, managerId: { isNotNull: true } } });
  await db.query.users.findMany({ where: { role: { in: ["admin"], ne: "member" }, name: { notIlike: "%x%" } } });
  await db.query.posts.findMany({ where: { big: { between: [1n, 2n] }, NOT: { comments: true } } });
  await db.query.posts.findMany({ where: { comments: { user: { groups: { label: "x" } } } } });
  await db.query.users.findMany({ where: {}, orderBy: [{ "profile.city": "asc" }, { _creationTime: "desc" }] });
  await db.query.shapes.findMany({ where: { radius: { gt: 2 }, label: "x", kind: { in: ["circle", "square"] } } });
  const where = { status: "live" as const, OR: [{ likes: 3 }] };
  await db.query.posts.findMany({ where });
}

export async function methods() {
  const first = await db.query.posts.findFirst({ where: { likes: 1 }, columns: { title: true } });
  expectTypeOf(first).toEqualTypeOf<{ title: string } | null>();
  const sure = await db.query.posts.findFirstOrThrow({ with: { author: { columns: { name: true } } } });
  expectTypeOf(sure.author).toEqualTypeOf<{ name: string } | null>();
  const user = await db.query.users.findUnique({ where: { _id: id } });
  expectTypeOf(user).toEqualTypeOf<Data["users"]["document"] | null>();
  await db.query.users.findUnique({ where: { email: "a@b.c" } });
  const page = await db.query.posts.paginate({
    where: { likes: 3 },
    columns: { title: true },
    paginationOpts: { numItems: 3, cursor: null },
  });
  expectTypeOf(page.page).toEqualTypeOf<{ title: string }[]>();
  expectTypeOf(await db.query.posts.count({ where: { likes: 3 } })).toEqualTypeOf<number>();
  expectTypeOf(await db.query.posts.exists()).toEqualTypeOf<boolean>();
  const told = await db.query.posts.explain({ where: { likes: 3 }, orderBy: { likes: "asc" }, limit: 3 });
  expectTypeOf(told.text).toEqualTypeOf<string>();
  await db.query.posts.analyze({ where: { likes: 3 }, allowFullScan: true });
  const streamed = await db.query.posts.stream({ where: { authorId: id } }).first();
  expectTypeOf(streamed).toEqualTypeOf<Data["posts"]["document"] | null>();
  await db.query.posts.findMany({
    search: { index: "search_body", query: "x", filters: { lang: "en", status: "live" } },
    limit: 3,
    onTruncated: "throw",
  });
}

export async function shapes() {
  const groups = await db.query.users.findMany({
    columns: { name: true },
    with: { groups: { through: true, where: { label: "x" } }, manager: { columns: { _id: true } }, team: true },
    extras: { shout: (row) => row.email.toUpperCase(), age: (row) => (row.age ?? 0) + 1 },
  });
  expectTypeOf(groups).toEqualTypeOf<
    {
      name: string;
      shout: string;
      age: number;
      team: Data["teams"]["document"] | null;
      manager: { _id: GenericId<"users"> } | null;
      groups: {
        _id: GenericId<"groups">;
        _creationTime: number;
        label: string;
        _through: Data["memberships"]["document"];
      }[];
    }[]
  >();
  const optional = await db.query.users.findFirstOrThrow({ columns: { age: true, profile: true } });
  expectTypeOf(optional).toEqualTypeOf<{ age?: number; profile?: { city: string; zip?: number } }>();
  const shape = await db.query.shapes.findFirstOrThrow({ columns: { kind: true, radius: true, side: true } });
  expectTypeOf(shape).toEqualTypeOf<{ kind: "circle"; radius: number } | { kind: "square"; side: number }>();
  const nested = await db.query.teams.findFirst({ extras: { double: (row) => ({ twice: row.name + row.name }) } });
  expectTypeOf(nested?.double.twice).toEqualTypeOf<string | undefined>();
  const deep = await db.query.users.findMany({
    columns: { _id: true },
    with: {
      posts: {
        columns: { title: true },
        extras: { words: (row) => row.body.split(" ") },
        with: { comments: { columns: { text: true }, with: { user: { columns: { name: true } } } } },
      },
    },
  });
  expectTypeOf(deep).toEqualTypeOf<
    {
      _id: GenericId<"users">;
      posts: {
        title: string;
        words: string[];
        comments: { text: string; user: { name: string } | null }[];
      }[];
    }[]
  >();
}

export async function writes() {
  const writer = orm.with(mutationCtx);
  const user = { name: "x", email: "x", tags: [], settings: {}, scores: {} };
  expectTypeOf(await writer.insert("users").values(user)).toEqualTypeOf<GenericId<"users">>();
  expectTypeOf(await writer.insert("users").values([user])).toEqualTypeOf<GenericId<"users">[]>();
  const row = await writer.insert("users").values(user).returning();
  expectTypeOf(row).toEqualTypeOf<Data["users"]["document"]>();
  const rows = await writer.insert("users").values([user, user]).returning();
  expectTypeOf(rows).toEqualTypeOf<Data["users"]["document"][]>();
  const skipped = await writer.insert("users").values(user).onConflictDoNothing({ target: "email" });
  expectTypeOf(skipped).toEqualTypeOf<GenericId<"users"> | null>();
  const upserted = await writer
    .insert("users")
    .values(user)
    .onConflictDoUpdate({ target: "email", set: (old) => ({ name: old.name + "!" }) })
    .returning();
  expectTypeOf(upserted).toEqualTypeOf<Data["users"]["document"]>();
  const { count, job } = await writer.update("posts").set({ likes: 3 }).where({ authorId: id });
  expectTypeOf(count).toEqualTypeOf<number>();
  expectTypeOf(job).toEqualTypeOf<string | null>();
  const changed = await writer
    .update("posts")
    .set((old) => ({ likes: old.likes + 1, publishedAt: undefined }))
    .where({ author: { name: "x" } }, { allowFullScan: true, maxScan: 3 })
    .returning();
  expectTypeOf(changed).toEqualTypeOf<Data["posts"]["document"][]>();
  await writer.update("posts").set({ likes: 3 }).all().inBackground();
  await writer.delete("users").where({ _id: id }).hard().returning();
  await writer.delete("users").where({ OR: [{ _id: id }, { email: "x" }] });
  await writer.restore("users").where({ _id: id });
  await writer.insert("shapes").values({ kind: "square", side: 3 });
  const many = [{ name: "a" }, { name: "b" }];
  await writer.insert("teams").values(many);
  await writer.query.users.findMany();
}

export async function vectors() {
  const reader = orm.with(actionCtx);
  const scored = await reader.query.posts.findMany({
    vectorSearch: { index: "by_embedding", vector: [1, 2], limit: 10, filter: { lang: "en" }, includeScore: true },
    where: { status: "live" },
    columns: { title: true },
    with: { author: { columns: { name: true } } },
  });
  expectTypeOf(scored).toEqualTypeOf<{ title: string; author: { name: string } | null; _score: number }[]>();
  const plain = await reader.query.posts.findMany({ vectorSearch: { index: "by_embedding", vector: [1] } });
  expectTypeOf(plain).toEqualTypeOf<Data["posts"]["document"][]>();
}

export async function policies() {
  await orm.policies.sync(mutationCtx, {
    posts: {
      own: { for: "all", using: { authorId: session("userId") } },
      published: { for: "select", to: ["member"], using: { status: "live" } },
      teamOnly: { as: "restrictive", for: "select", using: { author: { teamId: { in: session("teamIds") } } } },
      reports: { for: "select", using: { author: { manager: { _id: { in: [session("userId"), id] } } } } },
      insert: { for: "insert", withCheck: { authorId: { eq: session("userId") } } },
      nobody: { for: "update", using: {}, withCheck: { OR: [] } },
    },
    comments: {},
  });
}
