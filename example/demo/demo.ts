import { isDeepStrictEqual } from "node:util";
import type { GenericQueryCtx } from "convex/server";
import type { DataModel } from "../convex/_generated/dataModel.js";
import type { LoadedIds } from "../convex/lib/load.js";
import { orm } from "../convex/orm.js";
import type { Expected } from "./expected.js";
import type { Renderer } from "./render.js";
import { seatOf, type Store } from "./store.js";
import { asCode } from "./text.js";

/** One part of the demo: a heading, a few sentences for a newcomer, and what it shows. */
export interface Step {
  title: string;
  intro: string;
  run: (demo: Demo) => Promise<void>;
}

/** Documents and index ranges that a part of a query function read, by the platform's own metrics. */
export interface Reads {
  documents: number;
  queries: number;
}

/** What a query cost: its own reads, and apart from them the session and the policies, read once a function run. */
export interface Cost extends Reads {
  before: Reads;
}

type Db = ReturnType<typeof orm.with<GenericQueryCtx<DataModel>>>;

interface Explained {
  readonly text: string;
  readonly suggestions: readonly string[];
}

/** What the steps share: the store, the answers to expect, the screen, and a tally of the checks. */
export class Demo {
  checks = 0;
  failures = 0;
  /** Ids and their names, so that the screen shows `<Rock>` in place of a Convex id. */
  readonly names = new Map<string, string>();

  constructor(
    readonly store: Store,
    readonly ids: LoadedIds,
    readonly expected: Expected,
    readonly out: Renderer,
  ) {}

  /** Runs one query function as somebody: the plan first, which takes the policies, then the query. Measures both. */
  async ask<R>(
    email: string | null,
    explain: (db: Db) => Promise<Explained>,
    read: (db: Db) => Promise<R>,
  ): Promise<{ result: R; plan: string; advice: string[]; cost: Cost }> {
    return await seatOf(this.store, email).query(async (ctx) => {
      const reads = async (): Promise<Reads> => {
        const { documentsRead, databaseQueries } = await ctx.meta.getTransactionMetrics();
        return { documents: documentsRead.used, queries: databaseQueries.used };
      };
      const db = orm.with(ctx);
      const { text, suggestions } = await explain(db);
      const before = await reads();
      const result = await read(db);
      const all = await reads();
      const cost = { documents: all.documents - before.documents, queries: all.queries - before.queries, before };
      return { result, plan: text, advice: [...suggestions], cost };
    });
  }

  /** Shows a call as a newcomer would write it. */
  showCall(call: string, args: unknown): void {
    const open = `db.query.${call}(`;
    this.out.block("query", `${open}${asCode(args, this.names, 90 - open.length)})`);
  }

  showPlan(text: string): void {
    this.out.block("plan", this.named(text.trimEnd()), "dim");
  }

  showCost({ documents, queries, before }: Cost): void {
    const access =
      before.queries === 0 ? "" : ` (and ${before.documents} in ${before.queries} for session and policies)`;
    this.out.block("cost", `${counted(documents, "document")} read in ${counted(queries, "index range")}${access}`);
  }

  /** Compares an answer with the one that was computed from the JSON; one that differs fails the demo. */
  check(text: string, got: unknown, want: unknown): void {
    this.checks += 1;
    const passed = isDeepStrictEqual(got, want);
    if (!passed) this.failures += 1;
    this.out.verdict(passed, passed ? text : `${text}: got ${JSON.stringify(got)}, expected ${JSON.stringify(want)}`);
  }

  /** Remembers a name for an id, for display. */
  name<I extends string>(id: I, name: string): I {
    this.names.set(id, `<${name}>`);
    return id;
  }

  /** Puts names in place of the ids in a text. */
  named(text: string): string {
    let named = text;
    for (const [id, name] of this.names) named = named.replaceAll(JSON.stringify(id), name).replaceAll(id, name);
    return named;
  }
}

export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

/** Minutes and seconds of a track. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
