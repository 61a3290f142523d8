import { defineRelations, Orm } from "convex-orm";
import type { ComponentApi } from "convex-orm/_generated/component.js";
import { schema } from "./schema.js";

export const relations = defineRelations(schema, (r) => ({
  orgs: {
    users: r.many.users({ to: "orgId" }),
    teams: r.many.teams({ to: "orgId" }),
    orders: r.many.orders({ to: "orgId" }),
    forums: r.many.forums({ to: "orgId" }),
  },
  users: {
    org: r.one.orgs({ from: "orgId", onDelete: "cascade" }),
    manager: r.one.users({ from: "managerId", onDelete: "set null" }),
    reports: r.many.users({ to: "managerId" }),
    profile: r.one.profiles({ to: "userId" }),
    teams: r.many.teams({ through: { table: "memberships", from: "userId", to: "teamId" } }),
    carts: r.many.carts({ to: "userId" }),
    orders: r.many.orders({ to: "userId" }),
    reviews: r.many.reviews({ to: "userId" }),
    threads: r.many.threads({ to: "authorId" }),
    posts: r.many.posts({ to: "authorId" }),
  },
  profiles: { user: r.one.users({ from: "userId", onDelete: "cascade" }) },
  teams: {
    org: r.one.orgs({ from: "orgId", onDelete: "cascade" }),
    lead: r.one.users({ from: "leadId", onDelete: "set null" }),
    members: r.many.users({ through: { table: "memberships", from: "teamId", to: "userId" } }),
  },
  memberships: {
    user: r.one.users({ from: "userId", onDelete: "cascade" }),
    team: r.one.teams({ from: "teamId", onDelete: "cascade" }),
  },
  categories: {
    parent: r.one.categories({ from: "parentId", onDelete: "set null" }),
    children: r.many.categories({ to: "parentId" }),
    products: r.many.products({ to: "categoryId" }),
  },
  products: {
    category: r.one.categories({ from: "categoryId", onDelete: "restrict" }),
    prices: r.many.prices({ to: "productId" }),
    tags: r.many.tags({ through: { table: "productTags", from: "productId", to: "tagId" } }),
    reviews: r.many.reviews({ to: "productId" }),
    orderLines: r.many.orderLines({ to: "productId" }),
  },
  prices: { product: r.one.products({ from: "productId", onDelete: "cascade" }) },
  tags: { products: r.many.products({ through: { table: "productTags", from: "tagId", to: "productId" } }) },
  productTags: {
    product: r.one.products({ from: "productId", onDelete: "cascade" }),
    tag: r.one.tags({ from: "tagId", onDelete: "cascade" }),
  },
  carts: {
    user: r.one.users({ from: "userId", onDelete: "cascade" }),
    lines: r.many.cartLines({ to: "cartId" }),
  },
  cartLines: {
    cart: r.one.carts({ from: "cartId", onDelete: "cascade" }),
    product: r.one.products({ from: "productId", onDelete: "cascade" }),
  },
  orders: {
    user: r.one.users({ from: "userId", onDelete: "restrict" }),
    org: r.one.orgs({ from: "orgId" }),
    lines: r.many.orderLines({ to: "orderId" }),
    payments: r.many.payments({ to: "orderId" }),
  },
  orderLines: {
    order: r.one.orders({ from: "orderId", onDelete: "cascade" }),
    product: r.one.products({ from: "productId", onDelete: "restrict" }),
  },
  payments: { order: r.one.orders({ from: "orderId", onDelete: "restrict" }) },
  reviews: {
    product: r.one.products({ from: "productId", onDelete: "cascade" }),
    user: r.one.users({ from: "userId", onDelete: "cascade" }),
  },
  forums: { org: r.one.orgs({ from: "orgId" }), threads: r.many.threads({ to: "forumId" }) },
  threads: {
    forum: r.one.forums({ from: "forumId", onDelete: "cascade" }),
    author: r.one.users({ from: "authorId", onDelete: "cascade" }),
    posts: r.many.posts({ to: "threadId" }),
  },
  posts: {
    thread: r.one.threads({ from: "threadId", onDelete: "cascade" }),
    author: r.one.users({ from: "authorId", onDelete: "cascade" }),
    reactions: r.many.reactions({ to: "postId" }),
  },
  reactions: {
    post: r.one.posts({ from: "postId", onDelete: "cascade" }),
    user: r.one.users({ from: "userId", onDelete: "cascade" }),
  },
}));

export interface Session {
  userId: string | null;
  roles: string[];
}

declare const components: { readonly orm: ComponentApi };

export const orm = new Orm(components.orm, {
  schema,
  relations,
  tables: {
    users: { defaults: { role: "member", createdAt: () => Date.now() }, unique: { email: ["email"] } },
    orgs: { unique: { slug: ["slug"] }, defaults: { plan: "free" } },
    products: { unique: { sku: ["sku"] }, checks: { priced: { price: { gte: 0 } } } },
    orders: { defaults: { status: "open", placedAt: () => Date.now() } },
  },
  session: async (): Promise<Session> => ({ userId: null, roles: [] }),
});
