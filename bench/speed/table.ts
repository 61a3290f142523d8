import type { Speed } from "./run.js";

const figure = (microseconds: number | undefined): string =>
  microseconds === undefined ? "" : microseconds < 1 ? microseconds.toFixed(2) : microseconds.toFixed(1);

/** convex-orm's share of better-convex's time. */
export const ratio = (figures: Readonly<Record<string, number>>): number =>
  (figures["convex-orm"] ?? NaN) / (figures["better-convex"] ?? NaN);

/** Microseconds of CPU a call, and the ratios that are held to a target. */
export function speedTable({ queries, clients }: Speed): string {
  const row = (what: string, figures: Readonly<Record<string, number>>, target: string) =>
    `| ${what} | ${figure(figures["by hand"])} | ${figure(figures["convex-orm"])} | ${figure(figures["better-convex"])} | ` +
    `${ratio(figures).toFixed(3)} | ${target} |`;
  return [
    "| microseconds of CPU | by hand | convex-orm | better-convex | convex-orm / better-convex | to reach |",
    "| ------------------- | ------- | ---------- | ------------- | -------------------------- | -------- |",
    row("findMany: eq, range, order, limit 10", queries, "<= 0.35"),
    row("a client for a new context", clients, "<= 0.05"),
  ].join("\n");
}
