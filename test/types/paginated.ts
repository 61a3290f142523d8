import { usePaginatedQuery as resettingHook } from "convex-helpers/react";
import { usePaginatedQuery as cachingHook } from "convex-helpers/react/cache/hooks";
import { insertAtTop, usePaginatedQuery } from "convex/react";
import type { PaginatedQueryArgs, PaginatedQueryItem, PaginatedQueryReference } from "convex/react";
import type { OptimisticLocalStore } from "convex/browser";
import { paginationOptsValidator, queryGeneric } from "convex/server";
import type { ApiFromModules, QueryBuilder } from "convex/server";
import { v } from "convex/values";
import type { GenericId } from "convex/values";
import { expectTypeOf } from "vitest";
import { orm } from "./blog.js";
import type { Data } from "./blog.js";

/** Functions of an app, and what its clients see of them through `api`: the reactive hooks must take them as they are. */
const query = queryGeneric as QueryBuilder<Data, "public">;
const _functions = {
  list: query({
    args: { paginationOpts: paginationOptsValidator },
    handler: async (ctx, { paginationOpts }) => await orm.with(ctx).query.posts.paginate({ paginationOpts }),
  }),
  feed: query({
    args: { authorId: v.id("users"), paginationOpts: paginationOptsValidator },
    handler: async (ctx, { authorId, paginationOpts }) =>
      await orm.with(ctx).query.posts.paginate({
        where: { authorId, OR: [{ status: "live" }, { likes: { gte: 10 } }] },
        orderBy: { publishedAt: "desc" },
        columns: { title: true },
        extras: { slug: (row) => row.title.toLowerCase() },
        with: {
          author: { columns: { name: true } },
          comments: { columns: { text: true }, orderBy: { _creationTime: "desc" }, limit: 3 },
        },
        paginationOpts,
      }),
  }),
  found: query({
    args: { text: v.string(), paginationOpts: paginationOptsValidator },
    handler: async (ctx, { text, paginationOpts }) =>
      await orm.with(ctx).query.posts.paginate({
        search: { index: "search_body", query: text },
        columns: { _id: true },
        paginationOpts,
      }),
  }),
  all: query({ args: {}, handler: async (ctx) => await orm.with(ctx).query.teams.findMany() }),
};
declare const api: ApiFromModules<{ posts: typeof _functions }>["posts"];
declare const authorId: GenericId<"users">;

interface FeedItem {
  title: string;
  slug: string;
  author: { name: string } | null;
  comments: { text: string }[];
}

/** A query that pages by the ORM is a paginated query reference; its item is the row, exactly. */
export function references() {
  expectTypeOf(api.feed).toExtend<PaginatedQueryReference>();
  expectTypeOf<PaginatedQueryItem<typeof api.list>>().toEqualTypeOf<Data["posts"]["document"]>();
  expectTypeOf<PaginatedQueryItem<typeof api.feed>>().toEqualTypeOf<FeedItem>();
  expectTypeOf<PaginatedQueryItem<typeof api.found>>().toEqualTypeOf<{ _id: GenericId<"posts"> }>();
  expectTypeOf<PaginatedQueryArgs<typeof api.feed>>().toEqualTypeOf<{ authorId: GenericId<"users"> }>();
}

export function Feed(store: OptimisticLocalStore) {
  const options = { initialNumItems: 10 };
  expectTypeOf(usePaginatedQuery(api.feed, { authorId }, options).results).toEqualTypeOf<FeedItem[]>();
  expectTypeOf(usePaginatedQuery(api.list, {}, options).results).toEqualTypeOf<Data["posts"]["document"][]>();
  expectTypeOf(usePaginatedQuery(api.feed, "skip", options).results).toEqualTypeOf<FeedItem[]>();
  expectTypeOf(resettingHook(api.feed, { authorId }, options).results).toEqualTypeOf<FeedItem[]>();
  expectTypeOf(cachingHook(api.feed, { authorId }, options).results).toEqualTypeOf<FeedItem[]>();

  const item = { title: "x", slug: "x", author: null, comments: [] };
  insertAtTop({ paginatedQuery: api.feed, argsToMatch: { authorId }, localQueryStore: store, item });
  insertAtTop({
    paginatedQuery: api.feed,
    localQueryStore: store,
    // @ts-expect-error a row without its relation
    item: { title: "x", slug: "x", author: null },
  });

  // @ts-expect-error an argument of the query is missing
  usePaginatedQuery(api.feed, {}, options);
  // @ts-expect-error the hook gives paginationOpts itself
  usePaginatedQuery(api.feed, { authorId, paginationOpts: { numItems: 3, cursor: null } }, options);
  // @ts-expect-error a query that returns a list is no page
  usePaginatedQuery(api.all, {}, options);
  // @ts-expect-error a column that was not asked for
  usePaginatedQuery(api.feed, { authorId }, options).results[0]?.body.trim();
  // @ts-expect-error the related row may be null
  usePaginatedQuery(api.feed, { authorId }, options).results[0]?.author.name.trim();
}
