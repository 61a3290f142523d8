import { ConvexError } from "convex/values";
import { orm } from "../../convex/orm.js";
import { refusalOf } from "../refusal.js";
import { seatOf } from "../store.js";
import type { Step } from "../demo.js";

export const refused: Step = {
  title: "5. Writes that are refused",
  intro:
    "A statement happens as a whole or not at all: whatever can be refused is found before the first write. Jane " +
    "supports Luís, but not the customer that she tries to sell to.",
  run: async (demo) => {
    const { expected, ids } = demo;
    const jane = seatOf(demo.store, "jane@chinookcorp.com");
    const agent = expected.data.Employee.find((row) => row.Email === "jane@chinookcorp.com");
    const hers = expected.data.Customer.find((row) => row.SupportRepId === agent?.EmployeeId);
    const other = expected.data.Customer.find((row) => row.SupportRepId !== agent?.EmployeeId);
    if (hers === undefined || other === undefined) throw new Error("the JSON lacks a customer for this step");
    const billing = { billingAddress: "1 Main Street", billingCity: "Oslo", billingCountry: "Norway", total: 0.99 };

    const attempts = [
      {
        says: "an invoice for a customer of another agent",
        code: "POLICY_VIOLATION",
        write: () =>
          jane.mutation(async (ctx) => {
            await orm
              .with(ctx)
              .insert("invoices")
              .values({ ...billing, customerId: ids.get("customers", other.CustomerId) });
          }),
      },
      {
        says: "an invoice with a total below zero",
        code: "CHECK_VIOLATION",
        write: () =>
          jane.mutation(async (ctx) => {
            const customerId = ids.get("customers", hers.CustomerId);
            await orm
              .with(ctx)
              .insert("invoices")
              .values({ ...billing, customerId, total: -1 });
          }),
      },
      {
        says: "a second genre named Rock",
        code: "UNIQUE_VIOLATION",
        write: () =>
          jane.mutation(async (ctx) => {
            await orm.with(ctx).insert("genres").values({ name: "Rock" });
          }),
      },
      {
        says: "the deletion of a genre that tracks have",
        code: "RESTRICT_VIOLATION",
        write: () =>
          jane.mutation(async (ctx) => {
            await orm.with(ctx).delete("genres").where({ name: "Rock" });
          }),
      },
    ];
    for (const { says, code, write } of attempts) {
      const refusal = await refusalOf(write);
      demo.out.block("try", says);
      demo.out.block("error", demo.named(refusal instanceof ConvexError ? refusal.message : String(refusal)), "dim");
      demo.check(`refused with ${code}`, refusal instanceof ConvexError ? refusal.data.code : null, code);
    }
    const left = await demo.store.query(async (ctx) => {
      const sys = orm.system(ctx);
      return [
        await sys.query.invoices.count({ where: {}, allowFullScan: true }),
        await sys.query.genres.count({ where: {}, allowFullScan: true }),
      ];
    });
    demo.check("nothing was written", left, [expected.data.Invoice.length, expected.data.Genre.length]);
  },
};
