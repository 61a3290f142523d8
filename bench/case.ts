import type { Ctx, TableName, World } from "./data.js";

/** What each contestant is called in the tables. */
export type Product = "by hand" | "convex-orm" | "better-convex" | "convex-ents" | "convex-helpers";

/** A product's way to an answer: the ids of its rows, related ones joined to them with `|`. */
export type Way = (ctx: Ctx, world: World) => Promise<readonly string[]>;

export interface Page {
  readonly keys: readonly string[];
  readonly isDone: boolean;
  readonly cursor: string | null;
}
/** A product's way to one page; each is a function run of its own. */
export type PagedWay = (ctx: Ctx, world: World, cursor: string | null) => Promise<Page>;

/** By product; a text says why the product cannot express the question. */
type Ways<W> = Readonly<Record<Product, W | string>>;

interface Question {
  /** What is asked. */
  readonly shape: string;
  /** What convex-orm is to reach, in documents and ranges. */
  readonly target: string;
  /** The tables that somebody else writes to, for "what a query watches". */
  readonly tables: readonly TableName[];
  /** The answer by brute force. */
  readonly truth: (world: World) => readonly string[];
  /**
   * What makes an answer right: these rows in this order, these rows in any order, or (a number) that many different ones
   * of these rows.
   */
  readonly judged: "ordered" | "set" | number;
}
/** One question, asked of every product that can express it. */
export interface Case extends Question {
  readonly ways: Ways<Way>;
}
/** One question whose answer is walked in pages, to its end. */
export interface PagedCase extends Question {
  readonly numItems: number;
  /** Of the pages after the first. */
  readonly laterTarget: string;
  readonly pages: Ways<PagedWay>;
}
