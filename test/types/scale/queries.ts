import type { DataModelFromSchemaDefinition, GenericQueryCtx } from "convex/server";
import type { GenericId } from "convex/values";
import { orm } from "./orm.js";
import type { schema } from "./schema.js";

/** Forty queries as an app writes them: filters, relations, nested loads, columns, extras, junction rows. */
declare const ctx: GenericQueryCtx<DataModelFromSchemaDefinition<typeof schema>>;
declare const userId: GenericId<"users">;
declare const orgId: GenericId<"orgs">;
declare const productId: GenericId<"products">;
declare const paginationOpts: { numItems: number; cursor: string | null };

const db = orm.with(ctx);

export const org = () => db.query.orgs.findUnique({ where: { slug: "acme" }, with: { users: true, forums: true } });
export const orgsOnPlan = () => db.query.orgs.findMany({ where: { plan: { in: ["free", "pro"] } }, limit: 20 });
export const orgTree = () =>
  db.query.orgs.findFirst({
    where: { _id: orgId },
    with: { teams: { with: { members: { columns: { name: true }, through: true }, lead: true } } },
  });
export const user = () => db.query.users.findUnique({ where: { _id: userId }, with: { profile: true, org: true } });
export const userByEmail = () => db.query.users.findUnique({ where: { email: "a@b.c" }, columns: { name: true } });
export const admins = () => db.query.users.findMany({ where: { role: "admin", orgId }, orderBy: { name: "asc" } });
export const inCity = () =>
  db.query.users.findMany({ where: { "address.city": { startsWith: "Ber" } }, columns: { name: true, address: true } });
export const reports = () =>
  db.query.users.findMany({
    where: { managerId: userId },
    with: { manager: { columns: { name: true } }, reports: { limit: 5, with: { profile: true } } },
  });
export const initials = () =>
  db.query.users.findMany({
    where: { OR: [{ age: { gte: 18 } }, { age: { isNull: true } }] },
    columns: { _id: true },
    extras: { initials: (row) => row.name.slice(0, 2), adult: (row) => (row.age ?? 0) >= 18 },
  });
export const userTeams = () =>
  db.query.users.findMany({ columns: { email: true }, with: { teams: { through: true, orderBy: { name: "asc" } } } });
export const profiles = () =>
  db.query.profiles.findMany({ where: { user: { org: { plan: "pro" } } }, with: { user: true } });
export const profilePage = () =>
  db.query.profiles.paginate({ where: { links: { arrayContains: ["x"] } }, paginationOpts });
export const teams = () =>
  db.query.teams.findMany({ where: { members: { email: { endsWith: "@b.c" } } }, with: { org: true } });
export const leaderless = () => db.query.teams.count({ where: { NOT: { lead: true } } });
export const members = () =>
  db.query.memberships.findMany({
    where: { since: { between: [0, 5] } },
    with: { user: { columns: { name: true } }, team: true },
  });
export const categoryTree = () =>
  db.query.categories.findMany({
    where: { parentId: { isNull: true } },
    with: { children: { with: { children: { with: { products: { limit: 3 } } } } } },
  });
export const categoryNames = () => db.query.categories.findMany({ columns: { name: true }, limit: 100 });
export const products = () =>
  db.query.products.findMany({
    where: { live: true, price: { lt: 100 }, category: { name: "Books" } },
    orderBy: [{ price: "desc" }, { title: "asc" }],
    with: { category: { columns: { name: true } }, prices: true, reviews: { orderBy: { stars: "desc" }, limit: 3 } },
  });
export const productSearch = () =>
  db.query.products.findMany({ search: { index: "search_title", query: "tea", filters: { live: true } }, limit: 10 });
export const productPage = () =>
  db.query.products.paginate({
    where: { stock: { gt: 0n } },
    columns: { title: true, price: true },
    extras: { label: (row) => `${row.title} (${row.sku})` },
    paginationOpts,
  });
export const productTags = () =>
  db.query.products.findFirstOrThrow({
    where: { _id: productId },
    with: {
      tags: { through: true, where: { label: { like: "a%" } } },
      reviews: { with: { user: { columns: { name: true } } } },
    },
  });
export const productBySku = () => db.query.products.findUnique({ where: { sku: "x" }, with: { orderLines: true } });
export const prices = () =>
  db.query.prices.findMany({ where: { productId, currency: "EUR" }, with: { product: true } });
export const popularTags = () =>
  db.query.tags.findMany({
    where: { products: { live: true } },
    with: { products: { columns: { title: true }, limit: 5 } },
  });
export const tagWeights = () =>
  db.query.productTags.findMany({
    where: { weight: { gt: 1 } },
    with: { tag: true, product: { columns: { sku: true } } },
  });
export const cart = () =>
  db.query.carts.findFirst({
    where: { userId },
    orderBy: { updatedAt: "desc" },
    with: { lines: { with: { product: { columns: { title: true, price: true } } } } },
  });
export const abandoned = () => db.query.carts.exists({ where: { updatedAt: { lt: 5 }, lines: true } });
export const cartLines = () =>
  db.query.cartLines.findMany({ where: { quantity: { notIn: [1, 2] } }, with: { cart: { with: { user: true } } } });
export const orders = () =>
  db.query.orders.paginate({
    where: { orgId, status: { in: ["open", "paid"] }, total: { gte: 10 } },
    orderBy: { placedAt: "desc" },
    with: {
      user: { columns: { name: true, email: true } },
      lines: { with: { product: { columns: { title: true } } } },
    },
    paginationOpts,
  });
export const orderDetail = () =>
  db.query.orders.findFirst({
    where: { userId },
    with: {
      lines: { extras: { total: (row) => row.quantity * row.unitPrice } },
      payments: true,
      org: true,
      user: { with: { profile: true } },
    },
  });
export const orderNotes = () =>
  db.query.orders.findMany({ where: { note: { ilike: "%late%" } }, columns: { note: true, total: true } });
export const orderLines = () =>
  db.query.orderLines.findMany({ where: { product: { category: { name: "Books" } } }, with: { order: true } });
export const payments = () =>
  db.query.payments.findMany({
    where: { order: { user: { org: { slug: "acme" } } } },
    with: { order: { with: { user: true } } },
  });
export const reviews = () =>
  db.query.reviews.findMany({
    where: { stars: { gte: 4 }, AND: [{ text: { contains: "good" } }, { NOT: { user: { role: "guest" } } }] },
    with: { product: { columns: { title: true } }, user: { columns: { name: true } } },
  });
export const reviewPlan = () =>
  db.query.reviews.explain({ where: { productId }, orderBy: { stars: "desc" }, limit: 3 });
export const forums = () =>
  db.query.forums.findMany({
    where: { orgId },
    with: { threads: { orderBy: { lastPostAt: "desc" }, limit: 5, with: { author: { columns: { name: true } } } } },
  });
export const threads = () =>
  db.query.threads.findMany({
    where: { pinned: true, forum: { org: { plan: "pro" } } },
    columns: { title: true },
    with: { posts: { columns: { body: true }, with: { reactions: { with: { user: { columns: { name: true } } } } } } },
  });
export const threadCount = () => db.query.threads.count({ where: { posts: { likes: { gt: 10 } } } });
export const posts = () =>
  db.query.posts.findMany({
    where: { author: { teams: { name: "Core" } }, likes: { gte: 3 } },
    orderBy: { likes: "desc" },
    limit: 10,
    with: { author: { with: { org: true } }, thread: { columns: { title: true }, with: { forum: true } } },
    extras: { short: (row) => row.body.slice(0, 80) },
  });
export const reactions = () =>
  db.query.reactions.findMany({ where: { emoji: { ne: "x" } }, with: { post: { with: { author: true } } } });
