/**
 * Random relation trees before the brute-force oracle: filters and loads three relations deep, over rows with dangling,
 * null and absent keys. In memory, where thousands run; and as functions of the in-process Convex, policies looked up.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { dataSet } from "../oracle/arbitrary.js";
import { filteredQuery, loadedQuery } from "../relations/programs.js";
import { guarded } from "../support/app/orm.js";
import { fakeApp, fakeSubject } from "../support/fake-app.js";
import { fuzz, FUZZ_TIMEOUT, report } from "../support/fuzz.js";
import { store } from "../support/store.js";
import { subject } from "../support/subject.js";
import { judge } from "./judge.js";

const some = (query: fc.Arbitrary<import("../oracle/query.js").Query>, count: number) =>
  fc.noBias(fc.array(query, { minLength: 1, maxLength: count, size: "max" }));

test.each([
  ["filters", filteredQuery, 3_301],
  ["loads", loadedQuery, 3_302],
] as const)(
  "%s, in memory",
  async (name, query, seed) => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(dataSet("convex", 30), some(query, 40), async (data, asked) => {
        const app = fakeApp(data);
        const world = app.world();
        for (const program of asked) await judge(world, app.resolve(program), fakeSubject(app.db));
        compared += asked.length;
      }),
      fuzz(200, 20, seed),
    );
    report(`relations, ${name}, in memory`, compared);
  },
  FUZZ_TIMEOUT,
);

test.each([
  ["filters", filteredQuery, 3_303],
  ["loads", loadedQuery, 3_304],
] as const)(
  "%s, as functions",
  async (name, query, seed) => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(dataSet("convex", 24), some(query, 20), async (data, asked) => {
        const { t, world, resolve } = await store(data);
        for (const program of asked) await judge(world, resolve(program), subject(t, guarded));
        compared += asked.length;
      }),
      fuzz(40, 10, seed),
    );
    report(`relations, ${name}, as functions`, compared);
  },
  FUZZ_TIMEOUT,
);

test("the trees are deep", () => {
  const hops = fc
    .sample(filteredQuery, { numRuns: 500, seed: 1 })
    .map(
      (query) =>
        JSON.stringify(query.where, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value))
          .length,
    );
  expect(Math.max(...hops)).toBeGreaterThan(100);
  const depth = (loads: object | undefined): number =>
    loads === undefined ? 0 : Math.max(...Object.values(loads).map((load: { with?: object }) => 1 + depth(load.with)));
  expect(fc.sample(loadedQuery, { numRuns: 200, seed: 1 }).some((query) => depth(query.with) === 3)).toBe(true);
});
