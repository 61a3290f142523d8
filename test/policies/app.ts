/** A clinic: patients and their records are private, the rest is not. What leaks here would be a scandal. */
import { convexTest } from "convex-test";
import { componentsGeneric, defineSchema, defineTable, makeFunctionReference } from "convex/server";
import type { DataModelFromSchemaDefinition, GenericMutationCtx } from "convex/server";
import { v } from "convex/values";
import type { GenericId } from "convex/values";
import { defineRelations, Orm, session } from "../../src/client/index.js";
import type { ComponentApi } from "../../src/component/_generated/component.js";
import { register } from "../../src/test.js";

export const schema = defineSchema({
  wards: defineTable({ name: v.string() }),
  patients: defineTable({
    name: v.string(),
    nurse: v.string(),
    wardId: v.id("wards"),
    number: v.number(),
    deletedAt: v.optional(v.number()),
  })
    .index("by_nurse_and_number", ["nurse", "number"])
    .index("by_ward", ["wardId"])
    .index("by_number", ["number"]),
  records: defineTable({ patientId: v.id("patients"), text: v.string(), cost: v.number() })
    .index("by_patient", ["patientId"])
    .index("by_cost", ["cost"]),
  doctors: defineTable({ name: v.string() }).index("by_name", ["name"]),
  treatments: defineTable({ doctorId: v.id("doctors"), patientId: v.id("patients"), since: v.number() })
    .index("by_doctor", ["doctorId"])
    .index("by_patient", ["patientId"]),
  keys: defineTable({ text: v.string() }),
});

export const relations = defineRelations(schema, (r) => ({
  wards: { patients: r.many.patients({ to: "wardId" }) },
  patients: {
    ward: r.one.wards({ from: "wardId" }),
    records: r.many.records({ to: "patientId" }),
    doctors: r.many.doctors({ through: { table: "treatments", from: "patientId", to: "doctorId" } }),
  },
  records: { patient: r.one.patients({ from: "patientId", onDelete: "cascade" }) },
  doctors: { patients: r.many.patients({ through: { table: "treatments", from: "doctorId", to: "patientId" } }) },
}));

export interface Session {
  nurse: string | null;
  roles: string[];
}
type Ctx = GenericMutationCtx<DataModelFromSchemaDefinition<typeof schema>>;

export const { orm: component } = componentsGeneric() as unknown as { orm: ComponentApi };
export const orm = new Orm(component, {
  schema,
  relations,
  tables: {
    patients: { unique: { number: ["number"] }, deletion: { soft: "deletedAt" } },
    keys: { protected: true },
  },
  session: async (ctx): Promise<Session> => ({
    nurse: (await ctx.auth?.getUserIdentity())?.subject ?? null,
    roles: [],
  }),
});

/** What the app exports from convex/orm.ts. */
const functions = orm.functions();
export const hydrate = makeFunctionReference<"query">("orm:hydrate");
export const worker = makeFunctionReference<"mutation">("orm:worker");

const mine = { nurse: session("nurse") } as const;
/** Each nurse sees the patients in her care. */
export const policies = { patients: { mine: { for: "all", using: mine } } } as const;

export interface Ids {
  ward: GenericId<"wards">;
  ada: GenericId<"patients">;
  bob: GenericId<"patients">;
  /** A patient's id that is no longer anybody's. */
  gone: GenericId<"patients">;
  adasRecord: GenericId<"records">;
  bobsRecord: GenericId<"records">;
  house: GenericId<"doctors">;
}

/** Ada is in Mary's care, Bob in Sue's. Policies as given, or {@link policies}. */
export async function open(spec: Parameters<typeof orm.policies.sync>[1] = policies) {
  const modules = {
    "/convex/_generated/api.js": () => Promise.resolve({}),
    "/convex/orm.ts": () => Promise.resolve(functions),
  };
  const t = convexTest({ schema, modules, transactionLimits: true });
  register(t as never);
  const ids: Ids = await t.run(async (ctx) => {
    const ward = await ctx.db.insert("wards", { name: "North" });
    const ada = await ctx.db.insert("patients", { name: "Ada", nurse: "mary", wardId: ward, number: 1 });
    const bob = await ctx.db.insert("patients", { name: "Bob", nurse: "sue", wardId: ward, number: 2 });
    const gone = await ctx.db.insert("patients", { name: "Cid", nurse: "mary", wardId: ward, number: 3 });
    await ctx.db.delete(gone);
    const adasRecord = await ctx.db.insert("records", { patientId: ada, text: "flu", cost: 1 });
    const bobsRecord = await ctx.db.insert("records", { patientId: bob, text: "plague", cost: 2 });
    const house = await ctx.db.insert("doctors", { name: "House" });
    for (const patientId of [ada, bob]) await ctx.db.insert("treatments", { doctorId: house, patientId, since: 0 });
    return { ward, ada, bob, gone, adasRecord, bobsRecord, house };
  });
  await t.mutation(async (ctx) => void (await orm.policies.sync(ctx as never, spec)));
  /** Runs as a nurse, in a mutation of its own; `system` is the same with the guard removed. */
  const as = <T>(
    nurse: string,
    run: (db: ReturnType<typeof writer>, system: ReturnType<typeof writer>) => Promise<T>,
  ): Promise<T> => t.withIdentity({ subject: nurse }).mutation((ctx) => run(writer(ctx), orm.system(ctx)));
  /** The work items that the component holds. convex-test has the way in, and no type for it. */
  const itemsOfJobs = (): Promise<{ _id: string; work: string }[]> => {
    const { runInComponent } = t as unknown as {
      runInComponent(
        path: string,
        run: (ctx: Pick<Ctx, "db">) => Promise<unknown>,
      ): Promise<{ _id: string; work: string }[]>;
    };
    return runInComponent("orm", (ctx) => ctx.db.query("items" as never).collect());
  };
  return { t, ids, as, itemsOfJobs };
}
const writer = (ctx: Ctx) => orm.with(ctx);

/** What a call throws, as its code, its text and its data. */
export async function thrown(
  call: () => PromiseLike<unknown>,
): Promise<{ code: string; message: string; data: Record<string, unknown> }> {
  try {
    await call();
  } catch (error) {
    const { data, message } = error as { data?: Record<string, unknown>; message: string };
    if (data === undefined) throw error;
    return { code: String(data["code"]), message, data };
  }
  throw new Error("nothing was thrown");
}
