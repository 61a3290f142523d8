/**
 * Row-level security against PostgreSQL: random policies, rows, sessions and statements on both, and after every
 * statement the same rows seen, the same rows affected, the same refusals and the same table.
 *
 * `ORM_FUZZ_RUNS=10000 npx vitest run test/differential/policies` is the long run. PGlite needs Node.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fuzz, FUZZ_TIMEOUT } from "../support/fuzz.js";
import { MemorySide } from "./policies/memory.js";
import { PostgresSide } from "./policies/postgres.js";
import { byKey, program } from "./policies/program.js";
import type { Outcome, Program, Side } from "./policies/program.js";

let postgres: PostgresSide;
beforeAll(async () => {
  postgres = await PostgresSide.start();
});
afterAll(() => postgres.stop());

const show = (value: unknown): string => JSON.stringify(value, (_key, inner: unknown) => (inner === undefined ? "(absent)" : inner));

/** A refusal's reason is compared where one row was at stake: of several, PostgreSQL meets them row by row. */
const comparable = (outcome: Outcome, rows: number): unknown =>
  "refused" in outcome && rows !== 1 ? { refused: true } : outcome;

/** Runs a program on both sides and throws at the first difference. */
export async function compare(mine: Side, theirs: Side, given: Program): Promise<void> {
  await theirs.begin(given);
  await mine.begin(given);
  for (const [at, step] of given.steps.entries()) {
    const { statement } = step;
    const rows = statement.kind === "insert" ? statement.rows.length : 0;
    const [ours, right] = [await mine.run(step), await theirs.run(step)];
    const told = `step ${at}: ${show(step)}\npolicies ${show(given.policies)}\nrows ${show(byKey(given.rows))}`;
    expect(comparable(ours, rows), told).toEqual(comparable(right, rows));
    expect(await mine.contents(), told).toEqual(await theirs.contents());
  }
}

test("the policies' predicates under the rules of docs/policies.md are PostgreSQL's", async () => {
  const memory = new MemorySide();
  await fc.assert(
    fc.asyncProperty(program(), (given) => compare(memory, postgres, given)),
    fuzz(300, 1, 5_001),
  );
}, FUZZ_TIMEOUT);
