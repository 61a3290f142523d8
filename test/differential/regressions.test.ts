/** What random programs have found, each as its smallest program: it must not come back. */
import { expect, test } from "vitest";
import { ref, timeRef } from "../support/catalog.js";
import type { DataSet } from "../oracle/arbitrary.js";
import type { Row } from "../oracle/predicate.js";
import type { Query } from "../oracle/query.js";
import { forSession, open } from "../support/app/orm.js";
import { store } from "../support/store.js";
import { subject } from "../support/subject.js";
import { judge } from "./judge.js";

const user = { name: "a", score: 1, role: "admin", managerId: null };
const data: DataSet = {
  teams: [{ name: "a" }],
  users: [
    { ...user, rank: -1n, active: false, score: -Infinity },
    { ...user, rank: 1n, active: true, score: -1 },
    { ...user, rank: 1n, tags: ["a", "b"] },
  ],
  posts: [0, 1, 2].map((likes) => ({ authorId: ref("users", likes), title: "a", status: "live", likes })),
  comments: [0, 1, 2].map((likes) => ({ postId: ref("posts", 0), approved: true, likes })),
};

const programs: { readonly [what: string]: Query } = {
  "a descending walk over merged ranges goes on": {
    table: "comments",
    where: { _creationTime: { in: [timeRef("comments", 0), timeRef("comments", 2)] } },
    orderBy: [{ _id: "desc" }],
  },
  "a descending walk over merged ranges of a compound index goes on": {
    table: "users",
    where: { rank: { in: [1n, -1n] } },
    orderBy: [{ active: "desc" }, { score: "desc" }],
  },
  "no row is above what is no id": { table: "users", where: { _id: { gt: "0" } } },
  "no row is above an id of another table": { table: "users", where: { _id: { gte: ref("teams", 0) } } },
  "every row is outside what are no ids": { table: "users", where: { _id: { notBetween: ["0", "~"] } } },
};

test.each(Object.entries(programs))("%s", async (_, program) => {
  const { t, world, resolve } = await store(data);
  expect(await judge(world, resolve(program), subject(t, open))).toBe(0);
});

const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "an answer",
    (error: { data?: { code?: string } }) => error.data?.code,
  );

test("what is no id of the table matches nothing inside a policy either", async () => {
  const { t, world, resolve } = await store(data);
  const orm = forSession({ roles: [] });
  const policies = resolve({
    comments: { above: { for: "select", using: { _id: { gte: ref("comments", 0), lt: "~" } } } },
  });
  await t.mutation(async (ctx) => {
    await orm.policies.sync(ctx as never, policies as never);
  });
  const none = { ...world, rows: { ...world.rows, comments: [] } };
  expect(await judge(none, { table: "comments" }, subject(t, orm))).toBe(0);
});

const many = (count: number, row: (at: number) => Row): Row[] => Array.from({ length: count }, (_, at) => row(at));
const crowds: DataSet = {
  users: many(14, (at) => ({ ...user, age: at % 4 })),
  posts: many(12, (at) => ({ authorId: ref("users", at), title: "a", status: "live", likes: 0 })),
  comments: many(6, (likes) => ({ postId: ref("posts", 0), approved: true, likes })),
};

test.each([
  [{ comments: { post: { authorId: { notIn: [] } }, OR: [{ _creationTime: { gt: 0 } }] } }, { maxScan: 2 }, {}],
  [{ author: { NOT: { age: 3 } } }, { maxProbes: 3 }, { maximumRowsRead: 1 }],
])("a walk over a relation filter that meets a limit goes on: %o", async (where, options, pages) => {
  const { t, world } = await store(crowds);
  const refusals = new Set(["SCAN_LIMIT", "FULL_SCAN"]);
  const terms = { sizes: [2, 5], shortPages: true, refusals };
  await judge(world, { table: "posts", where }, subject(t, open, { options, pages }), terms);
});

test("a native page asks for its budget before the platform refuses", async () => {
  const { t } = await store(data);
  const poor = subject(t, open, { transactionLimits: { documentsRead: 1 } });
  expect(
    await code(poor.paginate({ table: "posts", orderBy: [{ authorId: "asc" }, { publishedAt: "asc" }] }, 5, null)),
  ).toBe("BUDGET");
});

test.each([
  ["related rows", { with: { user: { with: { manager: true } } } }, 6],
  ["related rows, one document short", { with: { user: { with: { manager: true } } } }, 7],
  ["relation filters of related rows", { with: { user: { where: { manager: { role: "admin" } } } } }, 6],
] as const)("what a native page read counts for the %s that it loads", async (_what, args, documentsRead) => {
  const reports = many(3, (at) => ({ ...user, managerId: at === 0 ? null : ref("users", 0) }));
  const comments = many(5, (at) => ({
    postId: ref("posts", 0),
    userId: ref("users", at % 3),
    approved: true,
    likes: at,
  }));
  const { t, world } = await store({ users: reports, comments });
  const program: Query = { table: "comments", ...args };
  expect(await code(subject(t, open, { transactionLimits: { documentsRead } }).paginate(program, 5, null))).toBe(
    "BUDGET",
  );
  const rich = subject(t, open, { transactionLimits: { documentsRead: 20 } });
  expect(await judge(world, program, rich, { sizes: [5] })).toBe(0);
});

test("a cursor that nobody made is refused as one", async () => {
  const { t } = await store(data);
  expect(await code(subject(t, open).paginate({ table: "users" }, 2, "garbage"))).toBe("INVALID_CURSOR");
});

test("array operators take elements of the array's own type", async () => {
  const { t } = await store(data);
  expect(await code(subject(t, open).findMany({ table: "users", where: { tags: { arrayContains: [1] } } }))).toBe(
    "INVALID_WHERE",
  );
});
