/** A policy that needs more ranges than `maxProbes` is tested row by row, within `maxScan`; the same filter is refused. */
import { describe, expect, test } from "vitest";
import { open, thrown } from "./app.js";

/** Mary among them, Sue not: more than the 128 ranges that a query may take. */
const nurses = ["mary", ...Array.from({ length: 200 }, (_, i) => `nurse ${i}`)];

describe.each([
  ["a list", { nurse: { in: nurses } }],
  ["an OR", { OR: nurses.map((nurse) => ({ nurse, number: { gte: 0 } })) }],
  ["exceptions", { nurse: { notIn: ["sue", ...nurses.slice(1)] } }],
] as const)("a policy of many values: %s", (_what, using) => {
  const opened = () => open({ patients: { cared: { for: "select", using } } } as never);

  test("shows what it allows, whole, by filter, counted and in pages", async () => {
    const { as, ids } = await opened();
    await as("mary", async ({ query: { patients } }) => {
      const own = async (args: object) => (await patients.findMany(args)).map((row) => row._id);
      expect(await own({})).toEqual([ids.ada]);
      expect(await own({ orderBy: { name: "desc" }, limit: 5 })).toEqual([ids.ada]);
      expect(await own({ where: { number: { in: [1, 2] } } })).toEqual([ids.ada]);
      expect(await patients.count({})).toBe(1);
      expect(await patients.exists({ where: { number: 2 } })).toBe(false);
      const page = await patients.paginate({ paginationOpts: { numItems: 5, cursor: null } });
      expect([page.page.map((row) => row._id), page.isDone]).toEqual([[ids.ada], true]);
    });
  });

  test("meets maxScan, and tells no figure", async () => {
    const { as } = await opened();
    const error = await thrown(() => as("mary", ({ query: { patients } }) => patients.findMany({ maxScan: 1 })));
    expect(error.code).toBe("SCAN_LIMIT");
    expect(Object.keys(error.data ?? {})).not.toContain("figure");
  });
});

test("the same list in a filter is refused", async () => {
  const { as } = await open({});
  const where = { nurse: { in: nurses } };
  expect(await thrown(() => as("mary", ({ query: { patients } }) => patients.findMany({ where })))).toMatchObject({
    code: "TOO_MANY_PROBES",
  });
});
