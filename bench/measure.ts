import type { Case, Page, PagedCase, PagedWay, Product, Way } from "./case.js";
import type { Ctx, World } from "./data.js";
import { snapshot } from "./products/orm.js";
import type { Store } from "./store/store.js";
import { Transaction } from "./store/transaction.js";
import { otherWrites, rerunsBy } from "./watch.js";

export const products: readonly Product[] = ["by hand", "convex-orm", "better-convex", "convex-ents", "convex-helpers"];

/** What one product did with one question. */
export interface Cell {
  readonly documents: number;
  readonly queries: number;
  /** Calls of the component for policies and the cursors' key: one range and one document each, beside the above. */
  readonly calls: number;
  /** Null when the rows are right, else what is wrong with them. */
  readonly wrong: string | null;
  /** Of 1,000 writes to other rows, those that re-run the query. */
  readonly reruns: number;
}
/** A cell, or the reason why there is none: it cannot be said, or it throws. */
export type Outcome = Cell | { readonly none: string };
/** One line of the table. */
export interface Line {
  readonly shape: string;
  readonly target: string;
  readonly rows: number;
  readonly outcomes: Readonly<Record<Product, Outcome>>;
}

/** What is wrong with an answer, in a few words. */
function judge(judged: Case["judged"], truth: readonly string[], answer: readonly string[]): string | null {
  const wanted = new Set(truth);
  const different = new Set(answer);
  if (different.size < answer.length) return "rows twice";
  const count = typeof judged === "number" ? Math.min(judged, truth.length) : truth.length;
  if (answer.some((key) => !wanted.has(key))) return "other rows";
  if (answer.length !== count) return `${answer.length} of ${count} rows`;
  return judged === "ordered" && answer.some((key, at) => key !== truth[at]) ? "another order" : null;
}

function thrown(error: unknown): string {
  const { data, message } = error as { data?: { code?: string }; message?: string };
  const text = data?.code ?? (message ?? String(error)).split("\n")[0] ?? "";
  return `throws: ${text.length > 90 ? `${text.slice(0, 88)}…` : text}`;
}

type Ways<W> = Readonly<Record<Product, W | string>>;
/** Asks each product in turn; what it throws is its outcome. */
async function each<W, R>(
  ways: Ways<W>,
  none: (why: string) => R,
  ask: (way: W) => Promise<R>,
): Promise<Record<Product, R>> {
  const outcomes: Partial<Record<Product, R>> = {};
  for (const product of products) {
    const way = ways[product];
    try {
      outcomes[product] = typeof way === "string" ? none(way) : await ask(way);
    } catch (error) {
      outcomes[product] = none(thrown(error));
    }
  }
  return outcomes as Record<Product, R>;
}

/** Asks a question of every product, each in a transaction of its own. */
export async function measure(store: Store, world: World, question: Case): Promise<Line> {
  const { shape, target, tables, judged, ways } = question;
  const truth = question.truth(world);
  const outcomes = await each<Way, Outcome>(
    ways,
    (none) => ({ none }),
    async (way) => {
      const transaction = new Transaction(store, snapshot);
      const answer = await way(transaction.ctx() as Ctx, world);
      const reruns = rerunsBy(store, otherWrites(world, tables, answer), transaction.intervals());
      const { documents, queries, componentCalls: calls } = transaction;
      return { documents, queries, calls, reruns, wrong: judge(judged, truth, answer) };
    },
  );
  return { shape, target, rows: typeof judged === "number" ? judged : truth.length, outcomes };
}

/** Re-runs are counted for the first page and about this many later ones. */
const pagesWatched = 20;

/** Walks an answer to its end: a line for the first page, and one for the dearest of the later ones and for the whole walk. */
export async function measurePages(store: Store, world: World, question: PagedCase): Promise<[Line, Line]> {
  const { shape, tables, judged, numItems, pages } = question;
  const truth = question.truth(world);
  const most = Math.ceil(truth.length / numItems) + 2_010;
  const every = Math.max(1, Math.floor(truth.length / numItems / pagesWatched));
  const outcomes = await each<PagedWay, [Outcome, Outcome]>(
    pages,
    (none) => [{ none }, { none }],
    async (way) => {
      const cells: Cell[] = [];
      const walked: string[] = [];
      let short = false;
      let page: Page = { keys: [], isDone: false, cursor: null };
      for (let at = 0; !page.isDone && at < most; at++) {
        const transaction = new Transaction(store, snapshot);
        try {
          page = await way(transaction.ctx() as Ctx, world, page.cursor);
        } catch (error) {
          const none = thrown(error);
          return [cells[0] ?? { none }, { none }];
        }
        const { documents, queries, componentCalls: calls } = transaction;
        const watched = at < 2 || at % every === 0;
        const writes = watched ? otherWrites(world, tables, page.keys) : [];
        const reruns = rerunsBy(store, writes, transaction.intervals());
        cells.push({ documents, queries, calls, reruns, wrong: judge(judged, truth.slice(0, numItems), page.keys) });
        short ||= page.keys.length < numItems && !page.isDone && walked.length + page.keys.length < truth.length;
        walked.push(...page.keys);
      }
      const [first, ...later] = cells as [Cell, ...Cell[]];
      const dearest = (of: (cell: Cell) => number) => Math.max(0, ...later.map(of));
      const whole = judge(judged, truth, walked) ?? (page.isDone ? (short ? "pages not full" : null) : "no end");
      const worst = {
        documents: dearest((cell) => cell.documents),
        queries: dearest((cell) => cell.queries),
        calls: dearest((cell) => cell.calls),
        reruns: dearest((cell) => cell.reruns),
        wrong: whole,
      };
      return [first, worst];
    },
  );
  const half = (at: 0 | 1): Line["outcomes"] =>
    Object.fromEntries(products.map((product) => [product, outcomes[product][at]])) as Line["outcomes"];
  return [
    {
      shape: `${shape}: the first`,
      target: question.target,
      rows: Math.min(numItems, truth.length),
      outcomes: half(0),
    },
    { shape: `${shape}: every later one`, target: question.laterTarget, rows: truth.length, outcomes: half(1) },
  ];
}
