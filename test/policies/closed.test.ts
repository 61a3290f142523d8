/** Where policies are missing, broken or evaded, the table is closed: seen as an error or as nothing, never as its rows. */
import { describe, expect, test } from "vitest";
import { component, open, orm, thrown } from "./app.js";

const names = (rows: readonly { name: string }[]) => rows.map((row) => row.name).toSorted();

describe("closed", () => {
  test("a fresh deployment with `protected: true` and no policies, to every command", async () => {
    const { as, t } = await open({});
    const secret = await t.run((ctx) => ctx.db.insert("keys", { text: "secret" }));
    await as("mary", async (db, system) => {
      expect(await db.query.keys.findMany({ allowFullScan: true })).toEqual([]);
      expect(await db.query.keys.findUnique({ where: { _id: secret } })).toBeNull();
      expect(await thrown(() => db.insert("keys").values({ text: "x" }))).toMatchObject({ code: "POLICY_VIOLATION" });
      expect(await db.update("keys").set({ text: "x" }).where({ _id: secret })).toMatchObject({ count: 0 });
      expect(await db.delete("keys").where({ _id: secret })).toMatchObject({ count: 0 });
      expect(await system.query.keys.findMany({ allowFullScan: true })).toHaveLength(1);
    });
  });

  test("a policy that the schema has outgrown, with its place", async () => {
    const { as, ids, t } = await open();
    await t.mutation((ctx) =>
      ctx.runMutation(component.policies.register, {
        table: "patients",
        name: "old",
        policy: { for: "delete", using: { gone: 1 } },
      }),
    );
    await as("mary", async (db, system) => {
      const refused = await thrown(() => db.query.patients.findMany({ allowFullScan: true }));
      expect(refused).toMatchObject({ code: "INVALID_POLICY", data: { path: "policies -> patients -> old -> using" } });
      expect(
        await thrown(() => db.query.wards.findMany({ where: { patients: true }, allowFullScan: true })),
      ).toMatchObject({
        code: "INVALID_POLICY",
      });
      expect(
        await thrown(() => db.query.wards.findMany({ with: { patients: true }, allowFullScan: true })),
      ).toMatchObject({
        code: "INVALID_POLICY",
      });
      expect(
        await thrown(() => db.insert("patients").values({ name: "x", nurse: "mary", wardId: ids.ward, number: 9 })),
      ).toMatchObject({
        code: "INVALID_POLICY",
      });
      expect(await db.query.doctors.findMany({ allowFullScan: true })).toHaveLength(1);
      expect(await system.query.patients.count({ allowFullScan: true })).toBe(2);
    });
  });

  test("a filter cannot name session variables, nor lift policies", async () => {
    const { as } = await open();
    await as("mary", async (db) => {
      const sneaky = [
        { nurse: { session: "nurse" } },
        { nurse: { eq: { session: "nurse" } } },
        { nurse: { in: { session: "nurse" } } },
        { OR: [{}, { nurse: { session: "nurse" } }] },
      ];
      for (const where of sneaky) {
        expect(await thrown(() => db.query.patients.findMany({ where: where as never }))).toMatchObject({
          code: "INVALID_WHERE",
        });
      }
      expect(
        names(await db.query.patients.findMany({ where: { OR: [{}, { number: 2 }] }, allowFullScan: true })),
      ).toEqual(["Ada"]);
      expect(names(await db.query.patients.findMany({ where: { NOT: { number: 99 } }, allowFullScan: true }))).toEqual([
        "Ada",
      ]);
      expect(names(await db.query.patients.findMany({ withDeleted: true, allowFullScan: true }))).toEqual(["Ada"]);
    });
  });

  test("an `_id` operand that is no id shows nothing, in policies as in filters", async () => {
    for (const operand of [{ gt: "0" }, { lt: "~" }, { between: ["0", "~"] }, { in: ["0"] }]) {
      const { as } = await open({ patients: { odd: { for: "select", using: { _id: operand } } } } as never);
      expect(await as("mary", (db) => db.query.patients.findMany({ allowFullScan: true }))).toEqual([]);
    }
  });

  test("nobody is nobody: a session without identity sees nothing", async () => {
    const { t } = await open();
    const seen = await t.query(async (ctx) => await orm.with(ctx).query.patients.findMany({ allowFullScan: true }));
    expect(seen).toEqual([]);
  });
});
