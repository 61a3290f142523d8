/**
 * The third promise on reads: under random SELECT policies, every answer (rows, pages, counts, related rows, relation
 * filters) is what the same read gives on the visible rows alone.
 */
import type { TestConvex } from "convex-test";
import fc from "fast-check";
import { expect, test } from "vitest";
import { dataSet } from "../oracle/arbitrary.js";
import { session, spec, visibleWorld } from "../oracle/policies.js";
import { query } from "../oracle/programs.js";
import { forSession, open } from "../support/app/orm.js";
import type schema from "../support/schema.js";
import { fuzz, FUZZ_TIMEOUT, report } from "../support/fuzz.js";
import { store } from "../support/store.js";
import { subject } from "../support/subject.js";
import type { Orms } from "../support/subject.js";
import { judge } from "./judge.js";

type Sync = { policies: { sync(ctx: never, spec: never): Promise<unknown> } };
const sync = (t: TestConvex<typeof schema>, orm: object, policies: object): Promise<void> =>
  t.mutation(async (ctx) => {
    await (orm as Sync).policies.sync(ctx as never, policies as never);
  });

async function compare(
  runs: ReturnType<typeof fuzz>,
  readAs: (orm: ReturnType<typeof forSession>) => Orms,
): Promise<number> {
  let compared = 0;
  const programs = fc.noBias(fc.array(query("convex"), { minLength: 1, maxLength: 24, size: "max" }));
  await fc.assert(
    fc.asyncProperty(
      dataSet("convex", 20),
      fc.noBias(spec),
      session,
      programs,
      async (data, rules, variables, asked) => {
        const { t, world, resolve } = await store(data);
        const policies = resolve(rules);
        const known = resolve(variables);
        const orm = forSession(known);
        await sync(t, orm, policies);
        const seen = visibleWorld(world, policies, known);
        for (const program of asked) await judge(seen, resolve(program), subject(t, readAs(orm)));
        compared += asked.length;
      },
    ),
    runs,
  );
  return compared;
}

test(
  "under policies, answers are the oracle's on the visible rows",
  async () => {
    report("policies as the visible rows", await compare(fuzz(160, 12, 4_242), (orm) => orm));
  },
  FUZZ_TIMEOUT,
);

test(
  "a reader that looks up no policies is found out",
  async () => {
    await expect(compare({ numRuns: 10, seed: 4_242, endOnFailure: true }, () => open)).rejects.toThrow();
  },
  FUZZ_TIMEOUT,
);
