/** Thirty articles, and how the search tests ask for them. */
import type { PaginationResult } from "convex/server";
import { article, asking, fill, open, orm, type Article, type Fields, type Store } from "./app.js";

export const search = { index: "search_body", query: "convex" } as const;
export const langs = ["en", "de", "fr"] as const;

/** 30 articles: every second is about Convex, languages and teams take turns. */
export const thirty: Fields[] = Array.from({ length: 30 }, (_, i) =>
  article({
    title: `t${i}`,
    body: i % 2 === 0 ? `all of convex ${i}` : `something else ${i}`,
    lang: langs[i % 3]!,
    team: i % 4 < 2 ? "red" : "blue",
    likes: i,
  }),
);

export const titles = (rows: readonly { title: string }[]): string[] => rows.map((row) => row.title);
export const expected = (test: (row: Fields) => boolean): string[] =>
  thirty.filter((row) => row.body.includes("convex") && test(row)).map((row) => row.title);

export const pageOf = async (
  t: Store,
  where: object,
  numItems: number,
  cursor: string | null,
): Promise<PaginationResult<Article>> =>
  (
    await asking(t, (ctx) =>
      orm.with(ctx).query.articles.paginate({ search, where, paginationOpts: { numItems, cursor } }),
    )
  ).value;

export async function store(rows: readonly Fields[] = thirty): Promise<Store> {
  const t = await open();
  await fill(t, rows);
  return t;
}
