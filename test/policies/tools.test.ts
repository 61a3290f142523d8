/** `orm.policies.test` on stored rows, as a person who writes policies uses it. */
import { expect, test } from "vitest";
import { session } from "../../src/client/index.js";
import { open, orm, thrown } from "./app.js";

const mary = { nurse: "mary", roles: [] as string[] };

test("finds a row by any filter, whoever may see it, and says what would happen", async () => {
  const { t, ids } = await open();
  await t.query(async (ctx) => {
    const ask = (where: object, command: "select" | "update" | "delete" = "select") =>
      orm.policies.test(ctx, { table: "patients", as: mary, command, where });
    expect(await ask({ _id: ids.ada }, "update")).toMatchObject({ allowed: true, by: ["patients.mine"] });
    expect(await ask({ _id: ids.bob }, "delete")).toMatchObject({ allowed: false, by: [] });
    expect(await ask({ name: "Bob" })).toMatchObject({ allowed: false, by: [] });
    expect(await ask({ records: { text: "flu" } })).toMatchObject({ allowed: true });
    expect(await thrown(() => ask({ name: "Nobody" }))).toMatchObject({ code: "NOT_FOUND" });
    expect(await thrown(() => ask({ gone: 1 }))).toMatchObject({ code: "INVALID_WHERE" });
  });
});

test("answers relation filters of policies from all rows, for stored rows and for rows as written", async () => {
  const treated = { for: "all", using: { doctors: { name: "House" } } } as const;
  const inNorth = { as: "restrictive", for: "insert", withCheck: { ward: { name: "North" } } } as const;
  const open_ = { for: "insert", withCheck: {} } as const;
  const { t, ids } = await open({ patients: { treated, inNorth, open: open_ }, doctors: {}, treatments: {} });
  await t.query(async (ctx) => {
    const asked = { table: "patients", as: mary } as const;
    expect(await orm.policies.test(ctx, { ...asked, command: "select", where: { _id: ids.bob } })).toMatchObject({
      allowed: true,
      by: ["patients.treated"],
    });
    const row = { name: "New", nurse: "mary", wardId: ids.ward, number: 9 };
    expect(await orm.policies.test(ctx, { ...asked, command: "insert", row })).toMatchObject({
      allowed: true,
      by: ["patients.open"],
    });
    const astray = { ...row, wardId: ids.ada as never };
    expect(await orm.policies.test(ctx, { ...asked, command: "insert", row: astray })).toMatchObject({
      allowed: false,
      by: ["patients.inNorth"],
    });
  });
});

test("agrees with what the session may do", async () => {
  const own = { for: "all", using: { nurse: session("nurse") } } as const;
  const calm = {
    as: "restrictive",
    for: "update",
    using: { number: { lt: 5 } },
    withCheck: { number: { lt: 3 } },
  } as const;
  const { t, ids, as } = await open({ patients: { own, calm } });
  for (const [number, allowed] of [
    [2, true],
    [4, false],
    [7, false],
  ] as const) {
    await t.run((ctx) => ctx.db.patch(ids.bob, { number }));
    const told = await t.query(async (ctx) => {
      const asked = { table: "patients", command: "update", where: { _id: ids.bob } } as const;
      return (await orm.policies.test(ctx, { ...asked, as: { nurse: "sue", roles: [] } })).allowed;
    });
    const done = await as("sue", async (db) => {
      try {
        return (await db.update("patients").set({ name: "Bobby" }).where({ _id: ids.bob })).count === 1;
      } catch {
        return false;
      }
    });
    expect([told, done]).toEqual([allowed, allowed]);
  }
});
