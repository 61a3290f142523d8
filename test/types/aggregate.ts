/** `tables.T.count`: what compiles, and what must not, with the real package. */
import { DirectAggregate, TableAggregate } from "@convex-dev/aggregate";
import type { ComponentApi as AggregateApi } from "@convex-dev/aggregate/_generated/component.js";
import { expectTypeOf } from "vitest";
import { component, queryCtx, relations, schema, type Data } from "./blog.js";
import { Orm, type CountPlan } from "../../src/client/index.js";

declare const mounted: AggregateApi;
const byAuthor = new TableAggregate<{ Key: string; DataModel: Data; TableName: "posts" }>(mounted, {
  sortKey: (post) => post.authorId,
});
const spaced = new TableAggregate<{ Key: [number, string]; DataModel: Data; TableName: "posts"; Namespace: string }>(
  mounted,
  { namespace: (post) => post.status, sortKey: (post) => [post.likes, post.title], sumValue: (post) => post.likes },
);
const ofComments = new TableAggregate<{ Key: null; DataModel: Data; TableName: "comments" }>(mounted, {
  sortKey: () => null,
});
const direct = new DirectAggregate<{ Key: number; Id: string }>(mounted);

export async function accepted() {
  const one = new Orm(component, { schema, relations, tables: { posts: { count: byAuthor } } });
  new Orm(component, { schema, relations, tables: { posts: { count: [byAuthor, spaced] } } });
  new Orm(component, {
    schema,
    relations,
    tables: {
      posts: { count: { aggregate: spaced, key: ["likes", "title"], namespace: "status", backfilled: false } },
      comments: { count: [ofComments, { aggregate: ofComments }] },
    },
  });
  new Orm(component, { schema, relations, tables: { posts: { count: { aggregate: byAuthor, key: "authorId" } } } });
  const db = one.with(queryCtx);
  expectTypeOf(await db.query.posts.count({ where: { likes: 3 } })).toEqualTypeOf<number>();
  expectTypeOf((await db.query.posts.explain()).plan.count).toEqualTypeOf<CountPlan | null | undefined>();
}

export function rejected() {
  // @ts-expect-error an aggregate of another table
  new Orm(component, { schema, relations, tables: { posts: { count: ofComments } } });
  // @ts-expect-error among others
  new Orm(component, { schema, relations, tables: { posts: { count: [byAuthor, ofComments] } } });
  // @ts-expect-error declared
  new Orm(component, { schema, relations, tables: { posts: { count: { aggregate: ofComments } } } });
  // @ts-expect-error an aggregate that knows no documents
  new Orm(component, { schema, relations, tables: { posts: { count: direct } } });
  // @ts-expect-error the component itself
  new Orm(component, { schema, relations, tables: { posts: { count: mounted } } });
  // @ts-expect-error true
  new Orm(component, { schema, relations, tables: { posts: { count: true } } });
  // @ts-expect-error a field that is not there
  new Orm(component, { schema, relations, tables: { posts: { count: { aggregate: byAuthor, key: "autorId" } } } });
  // @ts-expect-error in a list too
  new Orm(component, { schema, relations, tables: { posts: { count: { aggregate: spaced, key: ["like"] } } } });
  // @ts-expect-error nor as the namespace
  new Orm(component, { schema, relations, tables: { posts: { count: { aggregate: spaced, namespace: "state" } } } });
}
