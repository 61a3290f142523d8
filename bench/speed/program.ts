// Bundled and run by main.ts: the ways of three to one query, and two clients made for a request.
import type { Ctx } from "../data.js";
import { betterOf } from "../products/better.js";
import { ormOf } from "../products/orm.js";
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
const argsOf = (at: number) => ({ where: { status: "s3", rank: { gte: at % 1_000 } }, orderBy: { rank: "asc" }, limit: 10 });

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
/** A client for a new context, and its readers of one table. */
export const clients: Readonly<Record<string, Work>> = {
  "convex-orm": () => ormOf(stubCtx() as unknown as Ctx, "posts"),
  "better-convex": () => betterOf(stubCtx() as unknown as Ctx, "posts"),
};

const median = (figures: readonly number[]): number =>
  [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] as number;

/**
 * Microseconds of CPU a call: the median of rounds in which the contestants take turns, so that what else the machine
 * does falls on all of them.
 */
export async function timed(
  contestants: Readonly<Record<string, Work>>,
  calls: number,
  rounds: number,
): Promise<Record<string, number>> {
  const taken: Record<string, number[]> = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = -2; round < rounds; round++) {
    for (const [name, work] of Object.entries(contestants)) {
      const before = process.cpuUsage();
      for (let at = 0; at < calls; at++) await work(at);
      const { user, system } = process.cpuUsage(before);
      // The first two rounds warm the code up.
      if (round >= 0) taken[name]?.push((user + system) / calls);
    }
  }
  return Object.fromEntries(Object.entries(taken).map(([name, figures]) => [name, median(figures)]));
}
