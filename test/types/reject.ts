import type { GenericId } from "convex/values";
import { component, mutationCtx, orm, queryCtx, relations, schema } from "./blog.js";
import { defineRelations, Orm, session } from "../../src/client/index.js";

const db = orm.with(queryCtx);
const writer = orm.with(mutationCtx);
declare const id: GenericId<"users">;
declare const teamId: GenericId<"teams">;

/** Filters: each line below must not compile, at the very place that is wrong. */
export async function filters() {
  await db.query.posts.findMany({
    where: {
      likes: 1,
      // @ts-expect-error a misspelt field
      autorId: id,
    },
  });
  await db.query.posts.findMany({
    where: {
      AND: [
        {
          likes: 1,
          // @ts-expect-error a misspelt field, nested
          titel: "x",
        },
      ],
    },
  });
  await db.query.posts.findMany({
    where: {
      likes: {
        gte: 1,
        // @ts-expect-error a misspelt operator
        greaterThan: 1,
      },
    },
  });
  await db.query.posts.findMany({
    where: {
      author: {
        name: "x",
        team: {
          // @ts-expect-error a misspelt field of a related row's related row
          nam: "x",
        },
      },
    },
  });
  // @ts-expect-error an id of another table
  await db.query.posts.findMany({ where: { authorId: teamId } });
  // @ts-expect-error a value that the union does not have
  await db.query.posts.findMany({ where: { status: "dead" } });
  // @ts-expect-error a string where a number is
  await db.query.posts.findMany({ where: { likes: { gt: "1" } } });
  // @ts-expect-error a text operator on a number
  await db.query.posts.findMany({ where: { likes: { like: "1%" } } });
  // @ts-expect-error an array operator on a string
  await db.query.posts.findMany({ where: { title: { arrayContains: ["x"] } } });
  // @ts-expect-error null is asked for with isNull
  await db.query.users.findMany({ where: { managerId: null } });
  // @ts-expect-error isNull: false is written isNotNull: true
  await db.query.users.findMany({ where: { managerId: { isNull: false } } });
  // @ts-expect-error a relation set to false is written NOT
  await db.query.posts.findMany({ where: { comments: false } });
  // @ts-expect-error an object value is written { eq: {...} }
  await db.query.users.findMany({ where: { profile: { city: "x" } } });
  // @ts-expect-error a session variable outside a policy
  await db.query.posts.findMany({ where: { authorId: { session: "userId" } } });
  // @ts-expect-error a dotted path that is not there
  await db.query.users.findMany({ where: { "profile.town": "x" } });
  // @ts-expect-error a dotted path of another type
  await db.query.users.findMany({ where: { "profile.zip": "x" } });
  // @ts-expect-error three bounds
  await db.query.posts.findMany({ where: { likes: { between: [1, 2, 3] } } });
}

export async function shapes() {
  await db.query.posts.findMany({
    with: {
      author: true,
      // @ts-expect-error a misspelt relation
      coments: true,
    },
  });
  await db.query.posts.findMany({
    with: {
      comments: {
        limit: 3,
        with: {
          user: true,
          // @ts-expect-error a misspelt relation, nested
          poster: true,
        },
      },
    },
  });
  await db.query.posts.findMany({
    with: {
      comments: {
        where: {
          approved: true,
          // @ts-expect-error a misspelt field in the filter of a loaded relation
          aproved: true,
        },
      },
    },
  });
  await db.query.posts.findMany({
    columns: {
      title: true,
      // @ts-expect-error a misspelt column
      titel: true,
    },
  });
  // @ts-expect-error columns are named, not excluded
  await db.query.posts.findMany({ columns: { title: false } });
  // @ts-expect-error a limit on a to-one relation
  await db.query.posts.findMany({ with: { author: { limit: 1 } } });
  // @ts-expect-error a junction row of a relation that has none
  await db.query.posts.findMany({ with: { comments: { through: true } } });
  // @ts-expect-error a misspelt sort key
  await db.query.posts.findMany({ orderBy: { publishdAt: "desc" } });
  // @ts-expect-error a direction that does not exist
  await db.query.posts.findMany({ orderBy: { publishedAt: "down" } });
  // @ts-expect-error a misspelt option
  await db.query.posts.findMany({ limits: 10 });
  // @ts-expect-error a table that is not there
  await db.query.post.findMany();
  const rows = await db.query.posts.findMany({ columns: { title: true } });
  // @ts-expect-error a column that was not asked for
  rows[0]?.body.trim();
  const withAuthor = await db.query.posts.findMany({ with: { author: true } });
  // @ts-expect-error the related row may be null
  withAuthor[0]?.author.name.trim();
  // @ts-expect-error vector search is for actions
  await db.query.posts.findMany({ vectorSearch: { index: "by_embedding", vector: [1] } });
  // @ts-expect-error a search index that does not exist
  await db.query.posts.findMany({ search: { index: "search_title", query: "x" } });
  await db.query.posts.findMany({
    // @ts-expect-error a field that the search index cannot filter
    search: { index: "search_body", query: "x", filters: { title: "x" } },
  });
  // @ts-expect-error pages need paginationOpts
  await db.query.posts.paginate({ where: { likes: 1 } });
  // @ts-expect-error neither the _id nor a unique
  await db.query.users.findUnique({ where: { name: "x" } });
  // @ts-expect-error findUnique needs a where
  await db.query.users.findUnique({});
}

export async function writes() {
  // @ts-expect-error a query gets no writers
  await db.insert("posts");
  // @ts-expect-error an update that names no rows is not awaitable as a result
  (await writer.update("comments").set({ text: "x" })).count;
  // @ts-expect-error an empty filter
  await writer.delete("comments").where({});
  // @ts-expect-error no filter at all
  await writer.delete("comments").where();
  // @ts-expect-error a delete that names no rows
  (await writer.delete("comments")).count;
  await writer.delete("comments").where({
    approved: true,
    // @ts-expect-error a misspelt field
    aproved: true,
  });
  // @ts-expect-error a table that is not there
  writer.insert("comment");
  // @ts-expect-error a required field is missing
  await writer.insert("comments").values({ postId: "x" as GenericId<"posts">, userId: id, text: "x" });
  await writer.insert("teams").values({
    name: "x",
    // @ts-expect-error a system field
    _creationTime: 3,
  });
  await writer.insert("teams").values({
    name: "x",
    // @ts-expect-error a misspelt field
    nam: "x",
  });
  // @ts-expect-error a misspelt field in one of several rows
  await writer.insert("teams").values([{ name: "x" }, { name: "x", nam: "x" }]);
  // @ts-expect-error a value of another type
  await writer.update("comments").set({ approved: "yes" }).where({ text: "x" });
  // @ts-expect-error a misspelt field
  await writer.update("comments").set({ aproved: true }).where({ text: "x" });
  await writer
    .update("posts")
    // @ts-expect-error a function that returns a value of another type
    .set((row) => ({ likes: row.title }))
    .where({ likes: 1 });
  // @ts-expect-error a unique that is not declared
  await writer.insert("teams").values({ name: "x" }).onConflictDoNothing({ target: "name" });
  // @ts-expect-error hard() is for deletes
  await writer.update("posts").set({ likes: 1 }).where({ likes: 2 }).hard();
}

export function definitions() {
  // @ts-expect-error from is no field of the table
  defineRelations(schema, (r) => ({ posts: { author: r.one.users({ from: "autorId" }) } }));
  // @ts-expect-error to is no field of the target
  defineRelations(schema, (r) => ({ users: { posts: r.many.posts({ to: "autorId" }) } }));
  // @ts-expect-error no such target
  defineRelations(schema, (r) => ({ posts: { author: r.one.user({ from: "authorId" }) } }));
  // @ts-expect-error no such table
  defineRelations(schema, (r) => ({ post: { author: r.one.users() } }));
  defineRelations(schema, (r) => ({
    // @ts-expect-error no such action
    posts: { author: r.one.users({ from: "authorId", onDelete: "remove" }) },
  }));
  defineRelations(schema, (r) => ({
    // @ts-expect-error a field that the junction does not have
    users: { groups: r.many.groups({ through: { table: "memberships", from: "uid", to: "groupId" } }) },
  }));
}

export async function policies() {
  await orm.policies.sync(mutationCtx, {
    // @ts-expect-error a session variable that the session does not have
    posts: { own: { for: "all", using: { authorId: session("user") } } },
  });
  await orm.policies.sync(mutationCtx, {
    // @ts-expect-error an id of a user compared with the id of a team
    users: { own: { for: "all", using: { teamId: session("userId") } } },
  });
  await orm.policies.sync(mutationCtx, {
    // @ts-expect-error a number compared with a list
    posts: { own: { for: "all", using: { likes: { gt: session("roles") } } } },
  });
  await orm.policies.sync(mutationCtx, {
    // @ts-expect-error a list of another type
    posts: { own: { for: "all", using: { authorId: { in: session("teamIds") } } } },
  });
  await orm.policies.sync(mutationCtx, {
    posts: {
      // @ts-expect-error an insert has no rows to see
      own: { for: "insert", using: { likes: 3 } },
    },
  });
  await orm.policies.sync(mutationCtx, {
    posts: {
      // @ts-expect-error a select writes nothing
      own: { for: "select", withCheck: { likes: 3 } },
    },
  });
  // @ts-expect-error a table that is not there
  await orm.policies.sync(mutationCtx, { post: {} });
}

export function options() {
  new Orm(component, {
    schema,
    relations,
    tables: {
      // @ts-expect-error a table that is not there
      user: {},
    },
  });
  new Orm(component, {
    schema,
    relations,
    tables: {
      users: {
        // @ts-expect-error a rule that does not exist
        uniques: {},
      },
    },
  });
  // @ts-expect-error a default of another type
  new Orm(component, { schema, relations, tables: { users: { defaults: { role: "boss" } } } });
  // @ts-expect-error a unique on a field that is not there
  new Orm(component, { schema, relations, tables: { users: { unique: { email: ["mail"] } } } });
  // @ts-expect-error a check on a field that is not there
  new Orm(component, { schema, relations, tables: { users: { checks: { adult: { ages: 1 } } } } });
  // @ts-expect-error a soft deletion of a field that is not there
  new Orm(component, { schema, relations, tables: { users: { deletion: { soft: "gone" } } } });
  // @ts-expect-error a limit that does not exist
  new Orm(component, { schema, relations, limits: { rows: 3 } });
}
