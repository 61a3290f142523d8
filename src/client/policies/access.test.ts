import { describe, expect, test } from "vitest";
import { matches } from "../predicate/evaluate.js";
import { normalize } from "../predicate/normalize.js";
import { never } from "../predicate/types.js";
import { catalog, refusal, table } from "../../../test/support/policies.js";
import { SessionAccess, systemAccess } from "./access.js";
import type { SessionVariables } from "./clause.js";
import type { Snapshot, StoredPolicy } from "./run.js";

type Given = Omit<StoredPolicy, "name" | "as" | "using" | "withCheck"> & {
  as?: StoredPolicy["as"];
  using?: object;
  withCheck?: object;
};

/** A snapshot as the component would give it. */
function snapshot(tables: Record<string, Record<string, Given>>, version = 1): Snapshot {
  const text = (filter: object | undefined) => (filter === undefined ? undefined : JSON.stringify(filter));
  const entries = Object.entries(tables).map(([name, policies]) => {
    const stored = Object.entries(policies).map(([policy, given]) => ({
      ...given,
      name: policy,
      as: given.as ?? "permissive",
      using: text(given.using),
      withCheck: text(given.withCheck),
    })) as StoredPolicy[];
    return [name, { table: name, version, policies: stored }] as const;
  });
  return { tables: new Map(entries), cursorKey: null };
}

const access = (policies: Record<string, Given>, session: SessionVariables = {}) =>
  new SessionAccess(catalog, snapshot({ posts: policies }), session);

const rows = [
  { name: "mine", authorId: "u1", status: "draft", likes: 1 },
  { name: "live", authorId: "u2", status: "live", likes: 2 },
  { name: "nobody's", status: "draft", likes: 3 },
];
const seen = (rule: { predicate: Parameters<typeof normalize>[0] }) =>
  rows.filter((row) => matches(normalize(rule.predicate), row)).map((row) => row.name);
const select = (policies: Record<string, Given>, session: SessionVariables = {}) =>
  seen(access(policies, session).using(table("posts"), "select"));
const all = rows.map((row) => row.name);

const mine: Given = { for: "all", using: { authorId: { session: "userId" } } };
const live: Given = { for: "select", using: { status: "live" } };

describe("protection", () => {
  test("a table without policies is open, and no text is bound to it", () => {
    const free = new SessionAccess(catalog, snapshot({}), {});
    expect(free.isProtected(table("users"))).toBe(false);
    expect(free.using(table("users"), "select")).toEqual({ predicate: { kind: "const", value: true }, dropped: [] });
    expect(free.check(table("users"), "insert").predicate).toEqual({ kind: "const", value: true });
    expect(free.fingerprint(["users"])).toBe("");
  });
  test("a table with any policy is closed but for it", () => {
    const insertOnly = access({ add: { for: "insert", withCheck: {} } });
    expect(insertOnly.isProtected(table("posts"))).toBe(true);
    for (const command of ["select", "update", "delete"] as const) {
      expect(insertOnly.using(table("posts"), command).predicate).toBe(never);
    }
    expect(insertOnly.check(table("posts"), "update").predicate).toBe(never);
    expect(seen(insertOnly.check(table("posts"), "insert"))).toEqual(all);
  });
  test("`protected: true` and the last policy dropped are closed", () => {
    const fresh = new SessionAccess(catalog, snapshot({}), {});
    expect(fresh.isProtected(table("secrets"))).toBe(true);
    expect(fresh.using(table("secrets"), "select").predicate).toBe(never);
    expect(fresh.check(table("secrets"), "insert").predicate).toBe(never);
    expect(select({})).toEqual([]);
  });
  test("the system sees everything", () => {
    expect(systemAccess.isProtected(table("secrets"))).toBe(false);
    expect(seen(systemAccess.using(table("secrets"), "select"))).toEqual(all);
    expect(systemAccess.fingerprint(["secrets"])).toBe("");
  });
});

describe("composition", () => {
  test("permissive policies are ORed", () => {
    expect(select({ mine, live }, { userId: "u1" })).toEqual(["mine", "live"]);
  });
  test("restrictive ones are ANDed, and alone let nothing through", () => {
    const few: Given = { as: "restrictive", for: "all", using: { likes: { lt: 2 } } };
    expect(select({ mine, live, few }, { userId: "u1" })).toEqual(["mine"]);
    expect(select({ few })).toEqual([]);
  });
  test("`{}` is true; a missing filter adds nothing to a permissive and takes nothing from a restrictive policy", () => {
    expect(select({ open: { for: "select", using: {} } })).toEqual(all);
    expect(select({ none: { for: "select" } })).toEqual([]);
    expect(select({ live, none: { as: "restrictive", for: "select" } })).toEqual(["live"]);
    const neither = access({ none: { for: "insert" } });
    expect(neither.check(table("posts"), "insert").predicate).toBe(never);
  });
  test("a policy for all applies to each command, one for a command to that alone", () => {
    const both = access({ mine, live }, { userId: "u1" });
    expect(seen(both.using(table("posts"), "update"))).toEqual(["mine"]);
    expect(seen(both.using(table("posts"), "delete"))).toEqual(["mine"]);
    expect(seen(both.check(table("posts"), "insert"))).toEqual(["mine"]);
    expect(seen(both.check(table("posts"), "update"))).toEqual(["mine"]);
  });
  test("`withCheck` falls back to `using`, policy by policy", () => {
    const own = access(
      { mine: { ...mine, withCheck: { status: "draft" } }, live: { for: "update", using: { status: "live" } } },
      { userId: "u1" },
    );
    expect(seen(own.check(table("posts"), "insert"))).toEqual(["mine", "nobody's"]);
    expect(seen(own.check(table("posts"), "update"))).toEqual(all);
    expect(seen(own.using(table("posts"), "update"))).toEqual(["mine", "live"]);
  });
});

describe("roles", () => {
  const forMembers: Given = { ...live, to: ["member", "editor"] };
  test.each([
    [{ roles: ["member"] }, ["live"]],
    [{ roles: ["guest", "editor"] }, ["live"]],
    [{ roles: ["guest"] }, []],
    [{ roles: [] }, []],
    [{ roles: null }, []],
    [{}, []],
    [{ roles: ["public"] }, []],
  ])("%j", (session, expected) => {
    expect(select({ forMembers }, session)).toEqual(expected);
  });
  test("`public` is everyone", () => {
    expect(select({ open: { ...live, to: ["public"] } })).toEqual(["live"]);
    expect(select({ open: { ...live, to: ["admin", "public"] } }, { roles: [] })).toEqual(["live"]);
  });
  test("a restrictive policy for another role does not restrict", () => {
    const few: Given = { as: "restrictive", for: "all", to: ["guest"], using: { likes: 99 } };
    expect(select({ live, few }, { roles: ["member"] })).toEqual(["live"]);
    expect(select({ live, few }, { roles: ["guest"] })).toEqual([]);
  });
  test.each([["member"], [[1]], [{ member: true }]])(
    "roles that are no list of texts are refused: %j",
    async (roles) => {
      expect(await refusal(() => select({ forMembers }, { roles }))).toMatchObject({
        code: "INVALID_POLICY",
        path: "session -> roles",
      });
    },
  );
});

describe("session variables", () => {
  test("null and undefined are unknown, negated too", () => {
    const others: Given = { for: "select", using: { NOT: { authorId: { session: "userId" } } } };
    expect(select({ mine }, { userId: null })).toEqual([]);
    expect(select({ mine }, { userId: undefined })).toEqual([]);
    expect(select({ others }, { userId: null })).toEqual([]);
    expect(select({ others }, { userId: "u1" })).toEqual(["live"]);
  });
  test("a null in a list acts as NULL in SQL's IN", () => {
    const listed: Given = { for: "select", using: { authorId: { in: { session: "ids" } } } };
    const unlisted: Given = { for: "select", using: { authorId: { notIn: [{ session: "a" }, { session: "b" }] } } };
    expect(select({ listed }, { ids: ["u1", null] })).toEqual(["mine"]);
    expect(select({ listed }, { ids: [] })).toEqual([]);
    expect(select({ listed }, { ids: null })).toEqual([]);
    expect(select({ unlisted }, { a: "u1", b: null })).toEqual([]);
    expect(select({ unlisted }, { a: "u1", b: "u3" })).toEqual(["live"]);
  });
  test("a missing one refuses, with its place; inherited names are missing", async () => {
    const expected = { code: "INVALID_POLICY", table: "posts", path: "policies -> posts -> mine -> using -> authorId" };
    expect(await refusal(() => select({ mine, live }))).toMatchObject(expected);
    expect(
      await refusal(() => select({ p: { for: "select", using: { status: { session: "toString" } } } })),
    ).toMatchObject({
      code: "INVALID_POLICY",
    });
  });
  test("one that only policies of other roles name may be missing", () => {
    expect(select({ live, mine: { ...mine, to: ["member"] } })).toEqual(["live"]);
  });
});

describe("policies that do not fit the schema", () => {
  const broken: Given = { for: "delete", to: ["nobody"], using: { gone: 1 } };
  test("close their table, whatever the command, and say where", async () => {
    const closed = access({ live, broken });
    const error = await refusal(() => closed.using(table("posts"), "select"));
    expect(error).toMatchObject({
      code: "INVALID_POLICY",
      table: "posts",
      path: "policies -> posts -> broken -> using",
    });
    // The platform rewrites the data of an error that leaves a function: the next one is another object.
    expect(await refusal(() => closed.check(table("posts"), "insert"))).toEqual(error);
    expect(closed.isProtected(table("posts"))).toBe(true);
  });
  test("leave other tables alone", () => {
    expect(access({ broken }).using(table("users"), "select").predicate).toEqual({ kind: "const", value: true });
  });
  test("text that is no JSON closes too", async () => {
    const bad: Snapshot = {
      tables: new Map([
        ["posts", { table: "posts", version: 1, policies: [{ name: "x", as: "permissive", for: "all", using: "{" }] }],
      ]),
      cursorKey: null,
    };
    expect(await refusal(() => new SessionAccess(catalog, bad, {}).using(table("posts"), "select"))).toMatchObject({
      code: "INVALID_POLICY",
    });
  });
});

test("what says nothing for the session is dropped, by name", () => {
  const policies: Record<string, Given> = {
    mine,
    live,
    member: { ...live, to: ["member"] },
    always: { as: "restrictive", for: "all", using: {} },
    add: { for: "insert", withCheck: {} },
  };
  expect(access(policies, { userId: null }).using(table("posts"), "select").dropped.toSorted()).toEqual([
    "posts.always",
    "posts.member",
    "posts.mine",
  ]);
});

describe("relation filters in policies", () => {
  const ofTeam: Given = { for: "select", using: { team: { people: { _id: { session: "userId" } } } } };
  test("look at all rows but the soft-deleted", () => {
    const { predicate } = access({ ofTeam }, { userId: "u1" }).using(table("posts"), "select");
    expect(predicate).toMatchObject({ kind: "exists", unrestricted: true, policies: ["posts.ofTeam"] });
    const back = new SessionAccess(catalog, snapshot({ teams: { t: { for: "select", using: { posts: true } } } }), {});
    expect(back.using(table("teams"), "select").predicate).toMatchObject({
      kind: "exists",
      where: { kind: "field", field: "deletedAt", total: true },
    });
  });
});

describe("fingerprint", () => {
  const print = (session: SessionVariables, version = 1, policies: Record<string, Given> = { mine }) =>
    new SessionAccess(catalog, snapshot({ posts: policies }, version), session).fingerprint(["posts", "users"]);
  test("changes with the policies' versions and the variables that they name", () => {
    expect(print({ userId: "u1" })).toBe(print({ userId: "u1", other: 5 }));
    expect(print({ userId: "u1" })).not.toBe(print({ userId: "u2" }));
    expect(print({ userId: "u1" })).not.toBe(print({ userId: "u1" }, 2));
    expect(print({ userId: null })).toBe(print({ userId: undefined }));
    expect(print({ userId: null })).not.toBe(print({ userId: "null" }));
  });
  test("changes with the roles where a policy names some", () => {
    expect(print({ userId: "u1", roles: ["a"] })).toBe(print({ userId: "u1", roles: ["b"] }));
    const policies = { mine: { ...mine, to: ["a"] } };
    expect(print({ userId: "u1", roles: ["a"] }, 1, policies)).not.toBe(
      print({ userId: "u1", roles: ["b"] }, 1, policies),
    );
  });
});
