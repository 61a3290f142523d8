/**
 * How long the random tests run. `npm test` runs a few hundred programs from fixed seeds; a long run asks for more:
 * `ORM_FUZZ_RUNS=20000 ORM_FUZZ_SEED=7 npx vitest run test/differential`. `ORM_FUZZ_FIRST=1` does not shrink.
 */
import type { Parameters } from "fast-check";

const variable = (name: string): string | undefined =>
  (import.meta.env as Record<string, string | undefined>)[name] ??
  (typeof process === "undefined" ? undefined : process.env[name]);

/** Is this the long run? Then its seed is the caller's, and the time limit is none. */
export const LONG = variable("ORM_FUZZ_RUNS") !== undefined;

/** Vitest's time limit for a random test, in milliseconds. */
export const FUZZ_TIMEOUT = LONG ? 24 * 3_600_000 : 120_000;

/** Parameters for `fc.assert`: `programs` in all, `perDataSet` of them on one data set. */
export function fuzz<T>(programs: number, perDataSet: number, seed: number): Parameters<T> {
  const asked = Number(variable("ORM_FUZZ_RUNS") ?? programs);
  return {
    numRuns: Math.max(1, Math.ceil(asked / perDataSet)),
    seed: Number(variable("ORM_FUZZ_SEED") ?? seed),
    endOnFailure: variable("ORM_FUZZ_FIRST") !== undefined,
    // The first failure is shrunk for a bounded time, then printed.
    interruptAfterTimeLimit: LONG ? 20 * 3_600_000 : 110_000,
    markInterruptAsFailure: false,
  };
}

/** A long run says how many programs it compared. */
export function report(judge: string, programs: number): void {
  if (LONG) console.log(`${programs} programs: ${judge}`);
}
