// Bundled and run by main.ts: the ways of three to one query, and two clients made for a request.
import v8 from "node:v8";
import vm from "node:vm";
import type { Ctx } from "../data.js";
import { betterOf, openBetter } from "../products/better.js";
import { openOrm, ormOf } from "../products/orm.js";
import { stubCtx } from "./stub.js";

interface ByHand {
  query(table: string): {
    withIndex(
      index: string,
      range: (q: { eq(f: string, v: unknown): { gte(f: string, v: unknown): unknown } }) => unknown,
    ): { order(direction: string): { take(count: number): Promise<unknown[]> } };
  };
}

/** The bound differs in each call, so that nobody answers from a memory of values. */
const argsOf = (at: number) => ({
  where: { status: "s3", rank: { gte: at % 1_000 } },
  orderBy: { rank: "asc" },
  limit: 10,
});

const ctx = stubCtx();
const [own, better, hand] = [
  ormOf(ctx as unknown as Ctx, "posts"),
  betterOf(ctx as unknown as Ctx, "posts"),
  ctx.db as unknown as ByHand,
];

type Work = (at: number) => unknown;
/** One findMany, on a client that is there. */
export const queries: Readonly<Record<string, Work>> = {
  "by hand": (at) =>
    hand
      .query("posts")
      .withIndex("by_status_and_rank", (q) => q.eq("status", "s3").gte("rank", at % 1_000))
      .order("asc")
      .take(10),
  "convex-orm": (at) => own.findMany(argsOf(at)),
  "better-convex": (at) => better.findMany(argsOf(at)),
};

const contexts: Ctx[] = [];
/** Contexts that no client was made for, as many as a batch wants: they are not part of the time. */
export function freshContexts(calls: number): void {
  for (let at = 0; at < calls; at++) contexts[at] = stubCtx() as unknown as Ctx;
}
/** A client for a new context. */
export const clients: Readonly<Record<string, Work>> = {
  "convex-orm": (at) => openOrm(contexts[at] as Ctx),
  "better-convex": (at) => openBetter(contexts[at] as Ctx),
};

v8.setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("() => gc({ type: 'minor' })") as () => void;

const median = (figures: readonly number[]): number =>
  [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] as number;

/**
 * Microseconds of CPU a call: the median of rounds in which the contestants take turns, so that what else the machine
 * does falls on all of them. With `prepare`, contestants answer at once and are not awaited.
 */
export async function timed(
  contestants: Readonly<Record<string, Work>>,
  calls: number,
  rounds: number,
  prepare: ((calls: number) => void) | null = null,
): Promise<Record<string, number>> {
  const taken: Record<string, number[]> = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  const turns = Object.entries(contestants);
  for (let round = -2; round < rounds; round++) {
    turns.push(turns.shift() as (typeof turns)[number]);
    for (const [name, work] of turns) {
      prepare?.(calls);
      // Nobody pays for the garbage of the one before.
      collect();
      const before = process.cpuUsage();
      for (let at = 0; at < calls; at++) {
        const result = work(at);
        if (prepare === null) await result;
      }
      const { user, system } = process.cpuUsage(before);
      // The first two rounds warm the code up.
      if (round >= 0) taken[name]?.push((user + system) / calls);
    }
  }
  return Object.fromEntries(Object.entries(taken).map(([name, figures]) => [name, median(figures)]));
}
