/**
 * What a session may not see tells nothing by any other way either. Every test also asks as the system, which is the
 * same question with the guard removed, and must get another answer: else it would prove nothing.
 */
import { describe, expect, test } from "vitest";
import { open, orm, policies, thrown } from "./app.js";

const names = (rows: readonly { name: string }[]) => rows.map((row) => row.name).toSorted();

describe("relation filters are no oracle for hidden rows", () => {
  test("EXISTS, its negation and its nesting see visible rows only", async () => {
    const { as } = await open();
    await as("mary", async (db, system) => {
      const bobs = { where: { patients: { name: "Bob" } } };
      expect(await db.query.wards.findMany({ ...bobs, allowFullScan: true })).toEqual([]);
      expect(await system.query.wards.findMany({ ...bobs, allowFullScan: true })).toHaveLength(1);
      const none = { where: { NOT: { patients: { name: "Bob" } } }, allowFullScan: true };
      expect(await db.query.wards.findMany(none)).toHaveLength(1);
      expect(await system.query.wards.findMany(none)).toEqual([]);
      const nested = { where: { patients: { records: { text: "plague" } } }, allowFullScan: true };
      expect(await db.query.wards.exists(nested)).toBe(false);
      expect(await system.query.wards.exists(nested)).toBe(true);
    });
  });

  test("nor do they decide what is updated or deleted", async () => {
    const { as } = await open();
    const plagued = { patient: { name: "Bob" } };
    await as("mary", async (db) => {
      expect(await db.update("records").set({ cost: 9 }).where(plagued, { allowFullScan: true })).toMatchObject({
        count: 0,
      });
      expect(await db.delete("records").where(plagued, { allowFullScan: true })).toMatchObject({ count: 0 });
    });
    await as("mary", async (_db, system) => {
      expect(await system.update("records").set({ cost: 9 }).where(plagued, { allowFullScan: true })).toMatchObject({
        count: 1,
      });
    });
  });

  test("through a junction whose rows are hidden, or to a target that is", async () => {
    for (const spec of [{ treatments: {} }, policies]) {
      const { as } = await open(spec);
      await as("mary", async (db, system) => {
        const bobs = { where: { patients: { name: "Bob" } }, allowFullScan: true };
        expect(await db.query.doctors.count(bobs)).toBe(0);
        expect(await system.query.doctors.count(bobs)).toBe(1);
      });
    }
  });
});

describe("relations loaded", () => {
  test("a hidden to-one is null, as a missing one is", async () => {
    const { as, ids, t } = await open();
    const dangling = await t.run((ctx) => ctx.db.insert("records", { patientId: ids.gone, text: "old", cost: 3 }));
    await as("mary", async (db, system) => {
      const load = (_id: typeof dangling) => ({ where: { _id }, with: { patient: true } }) as const;
      expect(await db.query.records.findUnique(load(ids.bobsRecord))).toMatchObject({ patient: null });
      expect(await db.query.records.findUnique(load(dangling))).toMatchObject({ patient: null });
      expect(await db.query.records.findUnique(load(ids.adasRecord))).toMatchObject({ patient: { name: "Ada" } });
      expect(await system.query.records.findUnique(load(ids.bobsRecord))).toMatchObject({ patient: { name: "Bob" } });
    });
  });

  test("hidden children are not there, and a limit counts visible ones", async () => {
    const { as, ids, t } = await open();
    await t.run(async (ctx) => {
      for (let number = 10; number < 40; number++) {
        await ctx.db.insert("patients", {
          name: `P${number}`,
          nurse: number % 10 === 0 ? "mary" : "sue",
          wardId: ids.ward,
          number,
        });
      }
    });
    const load = { with: { patients: { orderBy: { number: "asc" }, limit: 3 } }, allowFullScan: true } as const;
    const seen = await as("mary", (db) => db.query.wards.findMany(load));
    expect(names(seen[0]!.patients)).toEqual(["Ada", "P10", "P20"]);
    const all = await as("mary", (_db, system) => system.query.wards.findMany(load));
    expect(names(all[0]!.patients)).toEqual(["Ada", "Bob", "P10"]);
  });

  test("hidden junction rows cut the path to visible ones", async () => {
    const { as } = await open({ treatments: {} });
    await as("mary", async (db, system) => {
      const load = { with: { patients: true }, allowFullScan: true } as const;
      expect(await db.query.doctors.findMany(load)).toMatchObject([{ patients: [] }]);
      const [house] = await system.query.doctors.findMany(load);
      expect(names(house!.patients)).toEqual(["Ada", "Bob"]);
    });
  });
});

describe("figures", () => {
  test("counts and existence are of visible rows", async () => {
    const { as } = await open();
    await as("mary", async (db, system) => {
      expect(await db.query.patients.count({ allowFullScan: true })).toBe(1);
      expect(await system.query.patients.count({ allowFullScan: true })).toBe(2);
      expect(await db.query.patients.exists({ where: { number: 2 } })).toBe(false);
      expect(await system.query.patients.exists({ where: { number: 2 } })).toBe(true);
    });
  });

  test("updates and deletes count visible rows, under `.all()` too", async () => {
    const { as } = await open();
    await as("mary", async (db) => {
      const all = { allowFullScan: true };
      expect(await db.update("patients").set({ name: "x" }).all(all)).toMatchObject({ count: 1 });
      expect(await db.delete("patients").all(all)).toMatchObject({ count: 1 });
      const seen: string[] = [];
      await db
        .update("patients")
        .set((row) => {
          seen.push(row.name);
          return {};
        })
        .all(all);
      expect(seen).toEqual([]);
    });
    await as("mary", async (_db, system) => {
      expect(names(await system.query.patients.findMany({ allowFullScan: true }))).toEqual(["Bob"]);
    });
  });

  test("analyze asks for the system, wherever the protected table stands", async () => {
    const { as } = await open();
    const asked = { where: { patients: { name: "Bob" } }, allowFullScan: true } as const;
    await as("mary", async (db, system) => {
      expect(await thrown(() => db.query.patients.analyze({ allowFullScan: true }))).toMatchObject({
        code: "POLICY_VIOLATION",
      });
      expect((await thrown(() => db.query.wards.analyze(asked))).data["hint"]).toContain("orm.system");
      expect(
        await thrown(() => db.query.wards.analyze({ with: { patients: true }, allowFullScan: true })),
      ).toMatchObject({
        code: "POLICY_VIOLATION",
      });
      expect((await system.query.patients.analyze({ allowFullScan: true })).documentsRead).toBeGreaterThanOrEqual(2);
    });
  });
});

describe("limits", () => {
  /** Sue's patients are many, Mary's are few and far between. */
  async function crowd() {
    const app = await open({
      patients: { mine: { for: "all", using: { OR: [{ nurse: { ilike: "nobody" } }, { ward: { name: "South" } }] } } },
    });
    await app.t.run(async (ctx) => {
      for (let number = 10; number < 60; number++) {
        await ctx.db.insert("patients", { name: `P${number}`, nurse: "sue", wardId: app.ids.ward, number });
      }
    });
    return app;
  }

  test("errors name the limit, not the figure", async () => {
    const { as } = await crowd();
    const where = { number: { gte: 0 } };
    await as("mary", async (db, system) => {
      const scan = await thrown(() => db.query.patients.findMany({ where, maxScan: 7 }));
      expect(scan).toMatchObject({ code: "SCAN_LIMIT", data: { limit: "maxScan" } });
      expect(scan.data).not.toHaveProperty("figure");
      const open = await thrown(() =>
        system.query.patients.findMany({ where: { ...where, name: { like: "%x" } }, maxScan: 7 }),
      );
      expect(open).toMatchObject({ code: "SCAN_LIMIT" });
      expect(Object.keys(open.data)).toContain("figure");
    });
  });

  test("maxRows counts visible rows", async () => {
    const { as } = await crowd();
    await as("mary", async (db, system) => {
      const asked = { where: { number: { gte: 0 } }, maxRows: 5 };
      expect(await db.query.patients.findMany(asked)).toEqual([]);
      expect(await thrown(() => system.query.patients.findMany(asked))).toMatchObject({ code: "TOO_MANY_ROWS" });
    });
  });

  test("maximumRowsRead: 1 does not step over hidden rows one by one", async () => {
    const { as } = await crowd();
    await as("mary", async (db) => {
      const page = await db.query.patients.paginate({
        where: { number: { gte: 0 } },
        paginationOpts: { numItems: 10, cursor: null, maximumRowsRead: 1 },
      });
      expect(page).toMatchObject({ page: [], isDone: true });
    });
  });
});

test("maximumRowsRead: 1 steps over hidden rows where the platform could page by itself, too", async () => {
  const { as, t, ids } = await open({ patients: { notSues: { for: "select", using: { nurse: { ne: "sue" } } } } });
  await t.run(async (ctx) => {
    for (let number = 10; number < 30; number++) {
      await ctx.db.insert("patients", {
        name: `P${number}`,
        nurse: number === 29 ? "mary" : "sue",
        wardId: ids.ward,
        number,
      });
    }
  });
  const asked = { where: { number: { gt: 5 } }, orderBy: { number: "asc" } } as const;
  const paginationOpts = { numItems: 10, cursor: null, maximumRowsRead: 1 };
  await as("mary", async (db, system) => {
    expect((await db.query.patients.paginate({ ...asked, paginationOpts })).page).toMatchObject([{ number: 29 }]);
    const all = await system.query.patients.paginate({ ...asked, paginationOpts });
    expect(all.page).toMatchObject([{ number: 10 }]);
  });
});

describe("cursors", () => {
  const paged = { where: { nurse: { in: ["mary", "sue"] } }, orderBy: { number: "asc" } } as const;
  const withPage = (cursor: string | null) => ({ ...paged, paginationOpts: { numItems: 1, cursor } });

  async function several() {
    const app = await open({
      patients: { all: { for: "all", using: { OR: [{ nurse: session.nurse }, { number: { gt: 100 } }] } } },
    });
    await app.t.run(async (ctx) => {
      for (const number of [777_001, 777_002, 777_003]) {
        await ctx.db.insert("patients", { name: "Zoe", nurse: "mary", wardId: app.ids.ward, number });
      }
    });
    return app;
  }
  const session = { nurse: { session: "nurse" } } as const;

  test("show no field value", async () => {
    const { as } = await several();
    await as("mary", async (db) => {
      const first = await db.query.patients.paginate(withPage(null));
      const second = await db.query.patients.paginate(withPage(first.continueCursor));
      expect(second.page).toMatchObject([{ number: 777_001 }]);
      const cursor = second.continueCursor;
      const decoded =
        Buffer.from(cursor, "base64").toString("latin1") + Buffer.from(cursor, "base64url").toString("latin1");
      for (const text of [cursor, decoded]) expect(text).not.toMatch(/777|mary|number/);
    });
  });

  test("are another session's or another policy's no use", async () => {
    const { as, t } = await several();
    const cursor = await as("mary", async (db) => (await db.query.patients.paginate(withPage(null))).continueCursor);
    expect(await as("sue", (db) => thrown(() => db.query.patients.paginate(withPage(cursor))))).toMatchObject({
      code: "INVALID_CURSOR",
      data: { isConvexSystemError: true, paginationError: "InvalidCursor" },
    });
    expect((await as("mary", (db) => db.query.patients.paginate(withPage(cursor)))).page).toHaveLength(1);
    await t.mutation(async (ctx) => void (await orm.policies.sync(ctx as never, policies)));
    expect(await as("mary", (db) => thrown(() => db.query.patients.paginate(withPage(cursor))))).toMatchObject({
      code: "INVALID_CURSOR",
    });
  });

  test("pages hold visible rows only and are full", async () => {
    const { as, t, ids } = await open();
    await t.run(async (ctx) => {
      for (let number = 10; number < 110; number++) {
        await ctx.db.insert("patients", {
          name: `P${number}`,
          nurse: number % 10 === 0 ? "mary" : "sue",
          wardId: ids.ward,
          number,
        });
      }
    });
    const asked = { where: { number: { gte: 0 } }, orderBy: { number: "asc" } } as const;
    const sizes: number[] = [];
    const next = (cursor: string | null) =>
      as("mary", (db) => db.query.patients.paginate({ ...asked, paginationOpts: { numItems: 4, cursor } }));
    let page = await next(null);
    for (;;) {
      expect(page.page.every((row) => row.nurse === "mary")).toBe(true);
      sizes.push(page.page.length);
      if (page.isDone) break;
      page = await next(page.continueCursor);
    }
    expect(sizes.filter((size) => size > 0)).toEqual([4, 4, 3]);
  });
});

describe("a hidden row is a missing one", () => {
  test("to every read", async () => {
    const { as, ids } = await open();
    await as("mary", async (db, system) => {
      for (const where of [{ _id: ids.bob }, { _id: ids.gone }]) {
        expect(await db.query.patients.findUnique({ where })).toBeNull();
        expect(await db.query.patients.findFirst({ where, withDeleted: true })).toBeNull();
        expect(await db.query.patients.findMany({ where, with: { records: true } })).toEqual([]);
      }
      const errors = await Promise.all(
        [ids.bob, ids.gone].map((_id) => thrown(() => db.query.patients.findFirstOrThrow({ where: { _id } }))),
      );
      expect(errors[0]).toEqual(errors[1]);
      expect(errors[0]).toMatchObject({ code: "NOT_FOUND" });
      expect(await system.query.patients.findUnique({ where: { _id: ids.bob } })).not.toBeNull();
    });
  });

  test("to every write", async () => {
    const { as, ids } = await open();
    await as("mary", async (db) => {
      for (const _id of [ids.bob, ids.gone]) {
        expect(await db.update("patients").set({ name: "x" }).where({ _id })).toEqual({ count: 0, job: null });
        expect(await db.update("patients").set({ name: "x" }).where({ _id }).returning()).toEqual([]);
        expect(await db.delete("patients").where({ _id })).toEqual({ count: 0, job: null });
        expect(await db.delete("patients").where({ _id }).hard()).toEqual({ count: 0, job: null });
        expect(await db.restore("patients").where({ _id })).toMatchObject({ count: 0 });
      }
    });
  });

  test("but for unique, as in PostgreSQL: taken is taken, DO NOTHING is silent, DO UPDATE refuses", async () => {
    const { as, ids } = await open();
    const row = { name: "Eve", nurse: "mary", wardId: ids.ward, number: 2 };
    await as("mary", async (db) => {
      expect(await thrown(() => db.insert("patients").values(row))).toMatchObject({ code: "UNIQUE_VIOLATION" });
      expect(await db.insert("patients").values(row).onConflictDoNothing({ target: "number" })).toBeNull();
      const upsert = db
        .insert("patients")
        .values(row)
        .onConflictDoUpdate({ target: "number", set: { name: "x" } });
      const refused = await thrown(() => upsert);
      expect(refused).toMatchObject({ code: "POLICY_VIOLATION" });
      expect(JSON.stringify(refused)).not.toMatch(/Bob|sue/);
    });
  });

  test("and a foreign key: a hidden parent is allowed, a missing one is not", async () => {
    const { as, ids } = await open();
    await as("mary", async (db) => {
      await db.insert("records").values({ patientId: ids.bob, text: "note", cost: 1 });
      expect(
        await thrown(() => db.insert("records").values({ patientId: ids.gone, text: "note", cost: 1 })),
      ).toMatchObject({
        code: "FOREIGN_KEY_VIOLATION",
      });
    });
  });
});
