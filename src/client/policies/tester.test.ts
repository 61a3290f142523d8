import { describe, expect, test } from "vitest";
import { makePolicies, refusal, start, type Session } from "../../../test/support/policies.js";
import type { PolicyCommand } from "../types/index.js";
import { session } from "./session.js";

const stored = { _id: "p1", authorId: "u1", status: "draft", likes: 1 };
const policies = makePolicies({
  rows: {
    find: (_ctx, _table, where) => Promise.resolve(JSON.stringify(where) === '{"likes":1}' ? stored : null),
    probe: () => (predicate) => Promise.resolve(predicate.relation.name === "team"),
  },
});
const as = (userId: string | null, roles: string[] = []) => ({ userId, roles }) as Session;

const spec = {
  posts: {
    own: { for: "all", using: { authorId: session("userId") } },
    live: { for: "select", to: ["member"], using: { status: "live" } },
    frozen: { as: "restrictive", for: "update", using: { likes: { lt: 5 } }, withCheck: { likes: { lt: 3 } } },
    silent: { for: "insert" },
  },
} as const;

async function ask(command: PolicyCommand, who: Session, row: object = { authorId: "u1", status: "draft", likes: 1 }) {
  const t = start();
  await t.mutation((ctx) => policies.sync(ctx, spec));
  return await t.query((ctx) => policies.test(ctx, { table: "posts", as: who, command, row: row as never }));
}

describe("policies.test", () => {
  test("allowed, by the policies that pass", async () => {
    expect(await ask("select", as("u1"))).toMatchObject({ allowed: true, by: ["posts.own"] });
    expect(await ask("select", as("u1", ["member"]), { authorId: "u1", status: "live", likes: 1 })).toMatchObject({
      allowed: true,
      by: ["posts.live", "posts.own"],
    });
    expect(await ask("insert", as("u1"))).toMatchObject({ allowed: true, by: ["posts.own"] });
  });

  test("denied by nobody in particular where no permissive policy passes", async () => {
    const answer = await ask("select", as(null), { authorId: "u1", status: "live", likes: 1 });
    expect(answer).toMatchObject({ allowed: false, by: [] });
    expect(answer.text).toBe(
      [
        "select on posts: denied, no permissive policy passes select's using",
        "  select using: refused",
        "    permissive posts.own: unknown",
        "    permissive posts.live: other roles",
      ].join("\n"),
    );
  });

  test("denied by a restrictive one, old row and new", async () => {
    expect(await ask("update", as("u1"), { authorId: "u1", status: "draft", likes: 9 })).toMatchObject({
      allowed: false,
      by: ["posts.frozen"],
    });
    const answer = await ask("update", as("u1"), { authorId: "u1", status: "draft", likes: 4 });
    expect(answer).toMatchObject({ allowed: false, by: ["posts.frozen"] });
    expect(answer.text).toBe(
      [
        "update on posts: denied by posts.frozen",
        "  select using: passes",
        "    permissive posts.own: true",
        "    permissive posts.live: other roles",
        "  update using: passes",
        "    restrictive posts.frozen: true",
        "    permissive posts.own: true",
        "  update withCheck: refused",
        "    restrictive posts.frozen: false",
        "    permissive posts.own (its using): true",
      ].join("\n"),
    );
  });

  test("a policy without the filter is silent", async () => {
    expect((await ask("insert", as("u1"))).text).toContain("permissive posts.silent (its using): silent");
  });

  test("`where` finds a stored row, and says when there is none", async () => {
    const t = start();
    await t.mutation((ctx) => policies.sync(ctx, spec));
    await t.query(async (ctx) => {
      const found = { table: "posts", as: as("u1"), command: "delete" } as const;
      expect(await policies.test(ctx, { ...found, where: { likes: 1 } })).toMatchObject({
        allowed: true,
        by: ["posts.own"],
      });
      expect(await refusal(() => policies.test(ctx, { ...found, where: { likes: 2 } }))).toMatchObject({
        code: "NOT_FOUND",
      });
    });
  });

  test("relation filters are asked", async () => {
    const t = start();
    const team = { for: "all", using: { team: true } } as const;
    const loner = { as: "restrictive", for: "all", using: { NOT: { author: true } } } as const;
    await t.mutation((ctx) => policies.sync(ctx, { posts: { team, loner } }));
    await t.query(async (ctx) => {
      const answer = await policies.test(ctx, { table: "posts", as: as("u1"), command: "insert", row: { likes: 1 } });
      expect(answer).toMatchObject({ allowed: true, by: ["posts.team"] });
    });
  });

  test("a table that is not protected allows, one that the code protects denies", async () => {
    await start().query(async (ctx) => {
      const asked = { as: as("u1"), command: "select" } as const;
      expect(await policies.test(ctx, { ...asked, table: "users", row: { name: "x" } })).toMatchObject({
        allowed: true,
        by: [],
      });
      expect(await policies.test(ctx, { ...asked, table: "secrets", row: { text: "x" } })).toMatchObject({
        allowed: false,
        by: [],
      });
    });
  });

  test("refuses what it cannot answer", async () => {
    const t = start();
    await t.mutation((ctx) => policies.sync(ctx, spec));
    await t.query(async (ctx) => {
      const asked = { table: "posts", as: as("u1"), command: "select", row: { likes: 1 } } as const;
      for (const wrong of [{ command: "all" }, { as: null }, { as: { roles: [] } }, { table: "nothing" }]) {
        expect(await refusal(() => policies.test(ctx, { ...asked, ...wrong } as never))).toMatchObject({
          code: "INVALID_POLICY",
        });
      }
    });
  });
});
