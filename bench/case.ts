import type { Ctx } from "./data.js";

/** What each contestant is called in the tables. */
export type Product = "convex-orm" | "by hand" | "convex-ents" | "convex-helpers" | "better-convex";

/** One answer: a product's way to it. It returns keys (ids or texts) that are compared with the first product's. */
export type Way = (ctx: Ctx) => Promise<readonly string[]>;

/** One question, asked of every product that can express it. */
export interface Case {
  /** What is asked, in words. */
  question: string;
  /** Whether the order of the answer is part of it. */
  ordered: boolean;
  /** By product; one that is absent cannot express the question. "by hand" is what an expert writes on `ctx.db`. */
  ways: Partial<Record<Product, Way>>;
  /** Documents read where a product's `.filter` drops rows: the backend counts those, the in-process Convex does not. */
  scanned?: Partial<Record<Product, number>>;
}
