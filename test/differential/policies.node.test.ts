/**
 * Row-level security against PostgreSQL: random policies, rows, sessions and statements on both, and after every
 * statement the same rows seen, the same rows affected, the same refusals and the same table.
 *
 * `ORM_FUZZ_RUNS=10000 npx vitest run test/differential/policies` is the long run. PGlite needs Node.
 */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fuzz, FUZZ_TIMEOUT } from "../support/fuzz.js";
import { OrmSide } from "./policies/orm.js";
import { MemorySide, RULES, type Rules } from "./policies/memory.js";
import { PostgresSide } from "./policies/postgres.js";
import { byKey, program } from "./policies/program.js";
import type { Doc, Outcome, Policy, Program, Side } from "./policies/program.js";

let postgres: PostgresSide;
beforeAll(async () => {
  postgres = await PostgresSide.start();
});
afterAll(() => postgres.stop());

const show = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => (inner === undefined ? "(absent)" : inner));

/**
 * What a side makes of a program, step by step. A refusal's reason is told where one row was at stake: of several,
 * PostgreSQL meets them row by row.
 */
async function* trace(side: Side, given: Program): AsyncGenerator<{ outcome: unknown; contents: Doc[] }> {
  await side.begin(given);
  for (const step of given.steps) {
    const outcome: Outcome = await side.run(step);
    const rows = step.statement.kind === "insert" ? step.statement.rows.length : 0;
    yield {
      outcome: "refused" in outcome && rows !== 1 ? { refused: true } : outcome,
      contents: await side.contents(),
    };
  }
}

/** Runs a program on both sides and throws at the first difference. */
async function compare(mine: Side, given: Program): Promise<void> {
  const theirs = trace(postgres, given);
  let at = 0;
  for await (const ours of trace(mine, given)) {
    const told = `step ${at}: ${show(given.steps[at++])}\npolicies ${show(given.policies)}\nrows ${show(byKey(given.rows))}`;
    expect(ours, told).toEqual((await theirs.next()).value);
  }
}

test(
  "the policies' predicates under the rules of docs/policies.md are PostgreSQL's",
  async () => {
    const memory = new MemorySide();
    await fc.assert(
      fc.asyncProperty(program(true), (given) => compare(memory, given)),
      fuzz(150, 1, 5_001),
    );
  },
  FUZZ_TIMEOUT,
);

test(
  "the ORM's rows, refusals and tables are PostgreSQL's",
  async () => {
    const orm = new OrmSide();
    await fc.assert(
      fc.asyncProperty(program(false), (given) => compare(orm, given)),
      fuzz(150, 1, 5_002),
    );
  },
  FUZZ_TIMEOUT,
);

/** Wrong rules and wrong readings of policies: PostgreSQL must object to each. */
const without = (rule: keyof Rules) => new MemorySide({ ...RULES, [rule]: false });
const misreading = (read: (policy: Policy) => Partial<Policy>) =>
  new MemorySide(RULES, (policy) => ({ ...policy, ...read(policy) }));
const everyone = ({ to: _to, ...policy }: Policy): Policy => policy;
const WRONG: Readonly<Record<string, MemorySide>> = {
  ...Object.fromEntries(Object.keys(RULES).map((rule) => [`no ${rule}`, without(rule as keyof Rules)])),
  "restrictive policies are permissive": misreading(() => ({ as: "permissive" })),
  "permissive policies are restrictive": misreading(() => ({ as: "restrictive" })),
  "policies of every role apply": new MemorySide(RULES, everyone),
  "a policy for one command is for all": misreading(() => ({ for: "all" })),
  "a missing using is true": misreading(({ using }) => ({ using: using ?? {} })),
  "a missing withCheck is true": misreading(({ withCheck }) => ({ withCheck: withCheck ?? {} })),
  "withCheck is ignored": misreading(({ using, withCheck }) =>
    using === undefined || withCheck === undefined ? {} : { withCheck: using },
  ),
};

test(
  "PostgreSQL finds each of these seeded bugs",
  async () => {
    const all = new Map(Object.entries(WRONG));
    for (const given of fc.sample(program(true), { numRuns: 600, seed: 5_003 })) {
      if (all.size === 0) break;
      const right = await steps(postgres, given);
      for (const [name, wrong] of all) if (!isDeepStrictEqual(await steps(wrong, given), right)) all.delete(name);
    }
    expect([...all.keys()]).toEqual([]);
  },
  FUZZ_TIMEOUT,
);

async function steps(side: Side, given: Program): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const step of trace(side, given)) all.push(step);
  return all;
}
