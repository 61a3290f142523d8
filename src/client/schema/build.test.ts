import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { describe, expect, it } from "vitest";
import { OrmError } from "../errors.js";
import type { Catalog } from "./catalog.js";
import { buildCatalog } from "./build.js";
import { defineRelations, type Relation, type Relations } from "./relations.js";

const schema = defineSchema({
  teams: defineTable({ name: v.string(), code: v.string(), region: v.string() })
    .index("by_code_and_region", ["code", "region"])
    .index("by_name", ["name"]),
  users: defineTable({
    name: v.string(),
    email: v.string(),
    teamId: v.optional(v.id("teams")),
    code: v.union(v.string(), v.null()),
    region: v.optional(v.string()),
    managerId: v.optional(v.id("users")),
    deletedAt: v.optional(v.number()),
    avatarId: v.optional(v.id("_storage")),
    age: v.number(),
  })
    .index("by_teamId", ["teamId"])
    .index("by_email", ["email"])
    .index("by_region_and_code", ["region", "code", "age"])
    .index("by_managerId", { fields: ["managerId"], staged: true }),
  posts: defineTable({ title: v.string(), authorId: v.id("users"), likes: v.number() })
    .index("by_authorId", ["authorId", "likes"])
    .searchIndex("search_title", { searchField: "title", filterFields: ["authorId"] }),
  memberships: defineTable({ userId: v.id("users"), teamId: v.id("teams") }).index("by_userId", ["userId"]),
  profiles: defineTable({ userId: v.id("users"), bio: v.string() }).index("by_userId", ["userId"]),
});

type Make = {
  [K in "one" | "many"]: Record<string, (options?: Partial<Record<string, unknown>>) => Relation>;
};
/** Relations that the types would refuse, too. */
const build = (define: (r: Make) => Record<string, Record<string, unknown>>, tables: object = {}): Catalog => {
  const relations = defineRelations(schema, define as never) as unknown as Relations;
  return buildCatalog(schema, relations, tables);
};
const refusal = (define: (r: Make) => Record<string, Record<string, unknown>>, tables: object = {}): string => {
  try {
    build(define, tables);
  } catch (error) {
    expect(error).toBeInstanceOf(OrmError);
    expect((error as OrmError).code).toBe("INVALID_SCHEMA");
    return (error as OrmError).message;
  }
  throw new Error("nothing was refused");
};
const none = () => ({});

describe("buildCatalog", () => {
  const catalog = build(
    (r) => ({
      users: {
        team: r.one.teams!({ from: "teamId", onDelete: "set null" }),
        byCode: r.one.teams!({ from: ["code", "region"], to: ["code", "region"], onUpdate: "cascade", enforce: false }),
        posts: r.many.posts!({ to: "authorId", where: { likes: { gt: 1 }, author: { name: "x" } } }),
        profile: r.one.profiles!({ to: "userId" }),
      },
      posts: { author: r.one.users!({ from: "authorId", onDelete: "cascade" }) },
    }),
    {
      teams: { unique: { key: ["region", "code"] } },
      users: {
        defaults: { name: "nobody", age: () => 3 },
        onUpdate: { age: () => 4 },
        unique: { email: ["email"] },
        checks: { adult: { age: { gte: 18 }, NOT: { team: { name: "x" } } } },
        deletion: { soft: "deletedAt", purgeAfterMs: 5 },
        protected: true,
        files: { avatarId: "cascade" },
      },
    },
  );
  const { users, teams, posts } = catalog.tables;

  it("reads indexes as the backend orders them, staged ones left out", () => {
    expect(users!.indexes.map((index) => [index.name, index.fields, index.declared])).toEqual([
      ["by_teamId", ["teamId", "_creationTime", "_id"], 1],
      ["by_email", ["email", "_creationTime", "_id"], 1],
      ["by_region_and_code", ["region", "code", "age", "_creationTime", "_id"], 3],
      ["by_creation_time", ["_creationTime", "_id"], 0],
      ["by_id", ["_id"], 0],
    ]);
    expect(posts!.searchIndexes).toEqual([{ name: "search_title", searchField: "title", filterFields: ["authorId"] }]);
  });

  it("resolves relations, with _id where a side is left out", () => {
    expect(users!.relations["team"]).toMatchObject({ from: ["teamId"], to: ["_id"], targetUnique: true, kind: "one" });
    expect(users!.relations["posts"]).toMatchObject({ from: ["_id"], to: ["authorId"], targetUnique: false });
    expect(users!.relations["byCode"]).toMatchObject({ to: ["code", "region"], targetUnique: true });
    expect(users!.relations["profile"]).toMatchObject({ from: ["_id"], to: ["userId"], targetUnique: false });
  });

  it("makes foreign keys of the relations that declare an action, and of no other", () => {
    expect(users!.foreignKeys).toEqual([
      {
        name: "team",
        table: "users",
        fields: ["teamId"],
        target: "teams",
        targetFields: ["_id"],
        onDelete: "set null",
        onUpdate: "no action",
        enforce: true,
        index: "by_teamId",
      },
      {
        name: "byCode",
        table: "users",
        fields: ["code", "region"],
        target: "teams",
        targetFields: ["code", "region"],
        onDelete: "no action",
        onUpdate: "cascade",
        enforce: false,
        index: "by_region_and_code",
      },
    ]);
    expect(teams!.referencedBy.map((key) => key.name)).toEqual(["team", "byCode"]);
    expect(users!.referencedBy.map((key) => `${key.table}.${key.name}`)).toEqual(["posts.author"]);
    expect(posts!.referencedBy).toEqual([]);
  });

  it("normalises the rules", () => {
    expect(users!.rules).toMatchObject({
      unique: [{ name: "email", fields: ["email"], index: "by_email" }],
      softDelete: { field: "deletedAt", purgeAfterMs: 5 },
      protected: true,
      files: { avatarId: "cascade" },
    });
    expect(teams!.rules.unique).toEqual([{ name: "key", fields: ["code", "region"], index: "by_code_and_region" }]);
    expect(posts!.rules).toMatchObject({ unique: [], softDelete: null, protected: false });
  });

  it("is frozen", () => {
    expect(
      [catalog, catalog.tables, users, users!.relations, users!.foreignKeys, users!.referencedBy, users!.rules].every(
        Object.isFrozen,
      ),
    ).toBe(true);
  });
});

describe("buildCatalog refuses, naming the place and the mend,", () => {
  it.each<[string, (r: Make) => Record<string, Record<string, unknown>>, RegExp]>([
    [
      "an unknown table",
      (r) => ({ post: { author: r.one.users!({ from: "authorId" }) } }),
      /no table "post".*relations -> post/,
    ],
    [
      "an unknown target",
      (r) => ({ posts: { author: r.one.user!({ from: "authorId" }) } }),
      /no table "user".*relations -> posts -> author\).*users/,
    ],
    [
      "an unknown field",
      (r) => ({ posts: { author: r.one.users!({ from: "autorId" }) } }),
      /no field "autorId".*relations -> posts -> author\).*authorId/,
    ],
    [
      "an unknown field of the target",
      (r) => ({ users: { posts: r.many.posts!({ to: "autorId" }) } }),
      /"posts" has no field "autorId".*relations -> users -> posts/,
    ],
    [
      "a relation named like a field",
      (r) => ({ posts: { title: r.one.users!({ from: "authorId" }) } }),
      /relations -> posts -> title/,
    ],
    [
      "a relation named AND",
      (r) => ({ posts: { AND: r.one.users!({ from: "authorId" }) } }),
      /relations -> posts -> AND/,
    ],
    [
      "an unknown option",
      (r) => ({ posts: { author: r.one.users!({ from: "authorId", ondelete: "cascade" }) } }),
      /no option "ondelete".*onDelete/,
    ],
    [
      "an action of a many",
      (r) => ({ users: { posts: r.many.posts!({ to: "authorId", onDelete: "cascade" }) } }),
      /no option "onDelete"/,
    ],
    [
      "an unknown action",
      (r) => ({ posts: { author: r.one.users!({ from: "authorId", onDelete: "remove" }) } }),
      /"remove".*cascade, set null/,
    ],
    ["no key at all", (r) => ({ posts: { author: r.one.users!() } }), /neither `from` nor `to`/],
    [
      "keys of different lengths",
      (r) => ({ users: { byCode: r.one.teams!({ from: ["code", "region"] }) } }),
      /differ in length/,
    ],
    [
      "ids of different tables",
      (r) => ({ posts: { team: r.one.teams!({ from: "authorId" }) } }),
      /never join.*"users" and of "teams"/,
    ],
    [
      "types without a common value",
      (r) => ({ posts: { author: r.one.users!({ from: "likes" }) } }),
      /no type in common/,
    ],
    [
      "a foreign key without an index, a staged one not counting",
      (r) => ({ users: { manager: r.one.users!({ from: "managerId", onDelete: "restrict" }) } }),
      /no index of "users" leads with managerId.*relations -> users -> manager\).*\.index\("by_managerId", \["managerId"\]\)/,
    ],
    [
      "a many without an index",
      (r) => ({ users: { reports: r.many.users!({ to: "managerId" }) } }),
      /\.index\("by_managerId", \["managerId"\]\)/,
    ],
    [
      "a many on a non-leading field",
      (r) => ({ teams: { fans: r.many.users!({ from: "region", to: "code" }) } }),
      /\.index\("by_code", \["code"\]\)/,
    ],
    [
      "a one to a field without an index",
      (r) => ({ users: { same: r.one.users!({ from: "name", to: "name" }) } }),
      /\.index\("by_name", \["name"\]\)/,
    ],
    [
      "a junction without an index on the far side",
      (r) => ({ users: { teams: r.many.teams!({ through: { table: "memberships", from: "userId", to: "teamId" } }) } }),
      /no index of "memberships".*relations -> users -> teams\).*\.index\("by_teamId", \["teamId"\]\)/,
    ],
    [
      "a foreign key to a field that is not unique",
      (r) => ({ users: { t: r.one.teams!({ from: "name", to: "name", onDelete: "cascade" }) } }),
      /must reference _id or a unique.*tables\.teams\.unique/,
    ],
    [
      "a foreign key made of _id",
      (r) => ({ users: { profile: r.one.profiles!({ to: "userId", onDelete: "cascade" }) } }),
      /relations -> users -> profile\).*profiles: \{ \.\.\.: r\.one\.users\(\{ from: "userId"/,
    ],
    [
      "set null on a required field",
      (r) => ({ posts: { author: r.one.users!({ from: "authorId", onDelete: "set null" }) } }),
      /"authorId" is required.*v\.optional/,
    ],
    [
      "set default without one",
      (r) => ({ posts: { author: r.one.users!({ from: "authorId", onUpdate: "set default" }) } }),
      /tables\.posts\.defaults\.authorId/,
    ],
    [
      "enforce without an action",
      (r) => ({ posts: { author: r.one.users!({ from: "authorId", enforce: false }) } }),
      /`enforce` is for foreign keys/,
    ],
    [
      "an unknown field in a standing where",
      (r) => ({ users: { posts: r.many.posts!({ to: "authorId", where: { OR: [{ like: 1 }] } }) } }),
      /no field "like".*relations -> users -> posts -> where -> OR\[0\] -> like/,
    ],
    [
      "something that is no relation",
      (r) => ({ posts: { author: r.one.users } }),
      /no relation.*relations -> posts -> author/,
    ],
  ])("%s", (_, define, message) => {
    expect(refusal(define)).toMatch(message);
  });

  it.each<[string, object, RegExp]>([
    ["an unknown table", { user: {} }, /no table "user".*tables -> user\)/],
    ["an unknown rule", { users: { uniques: {} } }, /no option "uniques".*tables -> users\).*unique/],
    [
      "an unknown field of defaults",
      { users: { defaults: { nam: 1 } } },
      /no field "nam".*tables -> users -> defaults -> nam/,
    ],
    ["a default for a system field", { users: { defaults: { _id: "x" } } }, /tables -> users -> defaults -> _id/],
    ["an unknown field of onUpdate", { users: { onUpdate: { nam: () => 1 } } }, /tables -> users -> onUpdate -> nam/],
    [
      "a unique that leads no index",
      { users: { unique: { name: ["name"] } } },
      /tables -> users -> unique -> name\).*\.index\("by_name", \["name"\]\)/,
    ],
    ["a unique that is not a list", { users: { unique: { email: "email" } } }, /tables -> users -> unique -> email/],
    [
      "a check on an unknown field",
      { users: { checks: { adult: { ages: { gte: 1 } } } } },
      /tables -> users -> checks -> adult -> ages/,
    ],
    ["null in a check", { users: { checks: { adult: { age: null } } } }, /isNull/],
    [
      "a soft deletion of an unknown field",
      { users: { deletion: { soft: "gone" } } },
      /no field "gone".*tables -> users -> deletion/,
    ],
    [
      "a soft deletion of a required field",
      { users: { deletion: { soft: "age" } } },
      /deletion\).*age: v\.optional\(v\.number\(\)\)/,
    ],
    ["a purge that is no number", { users: { deletion: { soft: "deletedAt", purgeAfterMs: "1d" } } }, /milliseconds/],
    ["a file in an unknown field", { users: { files: { avatar: "cascade" } } }, /tables -> users -> files -> avatar/],
    ["a file in an id of another table", { users: { files: { teamId: "cascade" } } }, /v\.id\("_storage"\)/],
    ["an unknown action for files", { users: { files: { avatarId: "delete" } } }, /"cascade"/],
    ["a protected that is no boolean", { users: { protected: "yes" } }, /tables -> users -> protected/],
  ])("%s", (_, tables, message) => {
    expect(refusal(none, tables)).toMatch(message);
  });

  it("fails in defineRelations already, where the options are not needed", () => {
    expect(() => defineRelations(schema, (r) => ({ users: { reports: r.many.users({ to: "managerId" }) } }))).toThrow(
      /INVALID_SCHEMA.*relations -> users -> reports/,
    );
  });
});

describe("buildCatalog allows", () => {
  it("set default on a required field that has a default", () => {
    const catalog = build((r) => ({ posts: { author: r.one.users!({ from: "authorId", onDelete: "set default" }) } }), {
      posts: { defaults: { authorId: () => "x" } },
    });
    expect(catalog.tables["posts"]!.foreignKeys).toHaveLength(1);
  });

  it("relations that were defined on an equal schema of another module instance", () => {
    const copy = defineSchema({ ...schema.tables });
    const relations = defineRelations(copy, (r) => ({ posts: { author: r.one.users({ from: "authorId" }) } }));
    expect(buildCatalog(schema, relations).tables["posts"]!.relations["author"]!.target).toBe("users");
  });
});
