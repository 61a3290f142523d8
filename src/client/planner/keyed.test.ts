import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { where as anyWhere } from "../../../test/oracle/arbitrary.js";
import { catalog, fakeApp } from "../../../test/support/fake-app.js";
import { conjoin, normalize } from "../predicate/normalize.js";
import { equalities, parseWhere, type ParseScope } from "../predicate/parse.js";
import { always, never, type Predicate } from "../predicate/types.js";
import { planForKey, planKeyed, suppliedKey } from "./keyed.js";
import { defaultLimits } from "./limits.js";
import { planQuery } from "./plan-query.js";
import type { PlanRequest } from "./plan.js";

const { resolve } = fakeApp({});
const scope = {
  catalog,
  code: "INVALID_WHERE",
  visible: () => always,
  session: null,
  unrestricted: false,
} as ParseScope;
const parsed = (table: string, where: object): Predicate =>
  normalize(parseWhere(scope, catalog.tables[table]!, resolve(where), "where"));
const requestOf = (table: string, where: Predicate, more: Partial<PlanRequest> = {}): PlanRequest => ({
  table,
  where,
  order: [],
  limit: 3,
  offset: 0,
  paged: false,
  allowFullScan: true,
  limits: defaultLimits,
  semiJoins: false,
  ...more,
});
const byAuthor = (where: object, more: Partial<PlanRequest> = {}) =>
  planKeyed(catalog, requestOf("posts", parsed("posts", where), more), ["authorId"]);

describe("a plan for many keys", () => {
  test("is the plan that each key would have had", () => {
    const byLikes = [{ field: "likes", direction: "desc" }] as const;
    const keys = [
      ["posts", ["authorId"], ["00000001;users"]],
      ["parcels", ["region", "code"], ["ab", 2]],
    ] as const;
    for (const [table, fields, key] of keys) {
      fc.assert(
        fc.property(anyWhere(table, "convex"), fc.boolean(), (filter, ordered) => {
          const where = parsed(table, filter);
          const request = requestOf(table, where, { order: ordered && table === "posts" ? byLikes : [] });
          const whole = conjoin([equalities(fields, key), where]);
          const keyed = planKeyed(catalog, request, fields);
          const mine = planForKey(catalog, keyed, key);
          const own = planQuery(catalog, { ...request, where: whole });
          if (whole === never) {
            expect(mine === null || mine.combine === "none").toBe(true);
            return;
          }
          // What the filter says of the key itself is decided beforehand; an own plan may keep it as a test.
          if (keyed.keyTests.length > 0 || keyed.each !== null) return;
          expect(mine!.probes.length).toBe(own.probes.length);
          mine!.probes.forEach((probe, i) => {
            const { residual: _, ...bounds } = probe;
            const { residual: __, ...wanted } = own.probes[i]!;
            expect(bounds).toEqual(wanted);
          });
          expect([mine!.combine, mine!.sorting]).toEqual([own.combine, own.sorting]);
        }),
        { numRuns: 300, seed: 5 },
      );
    }
  });

  test("is frozen, and says where the key goes", () => {
    const keyed = byAuthor({ status: "live" });
    expect(Object.isFrozen(keyed)).toBe(true);
    expect(Object.isFrozen(keyed.plan.probes[0])).toBe(true);
    expect(keyed.plan.probes[0]).toMatchObject({
      index: "by_author_and_status_and_likes",
      keys: { set: suppliedKey, slots: [0] },
    });
    expect(planForKey(catalog, keyed, ["u1"])!.probes[0]).toMatchObject({ eq: ["u1", "live"], keys: null });
    expect(planForKey(catalog, keyed, ["u2"])!.probes[0]).toMatchObject({ eq: ["u2", "live"] });
  });

  test("a filter on the key is tested on the key", () => {
    const keyed = byAuthor({ authorId: { in: ["u1", "u2"] }, status: "live" });
    expect(keyed.each).toBe(null);
    expect(planForKey(catalog, keyed, ["u3"])).toBe(null);
    expect(planForKey(catalog, keyed, ["u2"])!.probes).toMatchObject([{ eq: ["u2", "live"], residual: null }]);
  });

  test("a filter that names the key in an OR is planned for each", () => {
    const keyed = byAuthor({ OR: [{ authorId: "u1" }, { status: "live" }] });
    expect(keyed.each).not.toBe(null);
    expect(planForKey(catalog, keyed, ["u1"])).toMatchObject({ combine: expect.not.stringMatching("none") });
    expect(planForKey(catalog, keyed, ["u2"])!.where).not.toBe(always);
  });

  test("is filled five times quicker than planned", () => {
    const time = (work: () => void): number => {
      const start = performance.now();
      work();
      return performance.now() - start;
    };
    const where = parsed("posts", { status: "live", likes: { gt: 1 } });
    const keyed = planKeyed(catalog, requestOf("posts", where), ["authorId"]);
    const plan = (i: number) =>
      planQuery(catalog, requestOf("posts", conjoin([equalities(["authorId"], [`k${i}`]), where])));
    for (let i = 0; i < 200; i++) void [plan(i), planForKey(catalog, keyed, [`k${i}`])];
    const planned = Math.min(
      ...[1, 2, 3].map(() =>
        time(() => {
          for (let i = 0; i < 1_000; i++) plan(i);
        }),
      ),
    );
    const filled = Math.min(
      ...[1, 2, 3].map(() =>
        time(() => {
          for (let i = 0; i < 1_000; i++) planForKey(catalog, keyed, [`k${i}`]);
        }),
      ),
    );
    expect(filled).toBeLessThan(planned / 5);
  });
});
