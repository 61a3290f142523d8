import { OrmError } from "convex-orm";
import type { GenericMutationCtx } from "convex/server";
import type { DataModel } from "../../convex/_generated/dataModel.js";
import { orm } from "../../convex/orm.js";
import { counted, type Demo, type Step } from "../demo.js";
import { seatOf } from "../store.js";

type Writer = ReturnType<typeof orm.with<GenericMutationCtx<DataModel>>>;

interface Attempt {
  says: string;
  code: string;
  write: (db: Writer) => PromiseLike<unknown>;
}

export const refused: Step = {
  title: "5. Writes that are refused",
  intro:
    "A statement happens as a whole or not at all, even when its caller catches the error and goes on, as here: " +
    "whatever can be refused is found before the first write. All four are tried by Jane, a support agent.",
  run: async (demo) => {
    for (const attempt of attempts(demo)) await tryIt(demo, attempt);
    const left = await demo.store.query(async (ctx) => {
      const { query } = orm.system(ctx);
      const all = { allowFullScan: true };
      return [await query.invoices.count(all), await query.genres.count(all), await query.tracks.count(all)];
    });
    const { Invoice, Genre, Track } = demo.expected.data;
    demo.check("invoices, genres and tracks are as they were", left, [Invoice.length, Genre.length, Track.length]);
  },
};

function attempts({ expected, ids }: Demo): Attempt[] {
  const { Customer, Employee } = expected.data;
  const jane = Employee.find((row) => row.Email === "jane@chinookcorp.com")?.EmployeeId;
  const hers = Customer.find((row) => row.SupportRepId === jane)?.CustomerId ?? 0;
  const other = Customer.find((row) => row.SupportRepId !== jane)?.CustomerId ?? 0;
  const invoice = { billingAddress: "1 Main Street", billingCity: "Oslo", billingCountry: "Norway", total: 0.99 };
  return [
    {
      says: "an invoice for a customer of another agent",
      code: "POLICY_VIOLATION",
      write: (db) => db.insert("invoices").values({ ...invoice, customerId: ids.get("customers", other) }),
    },
    {
      says: "an invoice with a total below zero, for a customer of hers",
      code: "CHECK_VIOLATION",
      write: (db) => db.insert("invoices").values({ ...invoice, customerId: ids.get("customers", hers), total: -1 }),
    },
    {
      says: "a second genre named Rock, after a new one in the same statement",
      code: "UNIQUE_VIOLATION",
      write: (db) => db.insert("genres").values([{ name: "Skiffle" }, { name: "Rock" }]),
    },
    {
      says: "the deletion of a genre that tracks have",
      code: "RESTRICT_VIOLATION",
      write: (db) => db.delete("genres").where({ name: "Rock" }),
    },
  ];
}

async function tryIt(demo: Demo, { says, code, write }: Attempt): Promise<void> {
  const jane = seatOf(demo.store, "jane@chinookcorp.com");
  const { refusal, read, written } = await jane.mutation(async (ctx) => {
    const refusal = await write(orm.with(ctx)).then(
      () => null,
      (error: unknown) => {
        if (error instanceof OrmError) return { code: error.code, message: error.message };
        throw error;
      },
    );
    const { documentsRead, documentsWritten } = await ctx.meta.getTransactionMetrics();
    return { refusal, read: documentsRead.used, written: documentsWritten.used };
  });
  demo.out.block("try", says);
  demo.out.block("error", demo.named(refusal?.message ?? "none"), "dim");
  demo.out.block("cost", `${counted(read, "document")} read, session and policies included; ${written} written`);
  demo.check(`refused with ${code}, nothing written`, [refusal?.code, written], [code, 0]);
}
