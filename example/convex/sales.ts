import { nullable } from "convex-helpers/validators";
import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { ConvexError, v } from "convex/values";
import type { Id } from "./_generated/dataModel.js";
import { mutation, query } from "./_generated/server.js";
import { vCustomerWithRep, vInvoice, vInvoiceWithLines } from "./lib/validators.js";
import { orm } from "./orm.js";

/*
 * None of these functions asks who is calling: the policies do. An agent, a manager, a customer and a visitor call the
 * same queries and see what is theirs.
 */

/** The customers that the caller may see, by name, a page at a time. */
export const customers = query({
  args: { paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(vCustomerWithRep),
  handler: async (ctx, { paginationOpts }) =>
    await orm.with(ctx).query.customers.paginate({
      orderBy: [{ lastName: "asc" }, { firstName: "asc" }],
      with: { supportRep: { columns: { firstName: true, lastName: true } } },
      paginationOpts,
    }),
});

/** A customer's invoices, newest first, a page at a time. */
export const invoicesOfCustomer = query({
  args: { customerId: v.id("customers"), paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(vInvoice),
  handler: async (ctx, { customerId, paginationOpts }) =>
    await orm.with(ctx).query.invoices.paginate({
      where: { customerId },
      orderBy: { invoiceDate: "desc" },
      paginationOpts,
    }),
});

/** One invoice with its lines and their tracks; null when there is none, or none that the caller may see. */
export const invoice = query({
  args: { invoiceId: v.id("invoices") },
  returns: nullable(vInvoiceWithLines),
  handler: async (ctx, { invoiceId }) =>
    await orm.with(ctx).query.invoices.findUnique({
      where: { _id: invoiceId },
      with: { lines: { with: { track: true } } },
    }),
});

/**
 * Records a sale at today's prices and gives the new invoice's id. The policies let a customer buy for itself, and an
 * agent sell to the customers it supports; anyone else gets `POLICY_VIOLATION`, and nothing is written.
 */
export const sell = mutation({
  args: {
    customerId: v.id("customers"),
    items: v.array(v.object({ trackId: v.id("tracks"), quantity: v.number() })),
  },
  returns: v.id("invoices"),
  handler: async (ctx, { customerId, items }): Promise<Id<"invoices">> => {
    if (items.length === 0) throw new ConvexError("A sale needs at least one track.");
    const db = orm.with(ctx);
    const customer = await db.query.customers.findUnique({ where: { _id: customerId } });
    if (customer === null) throw new ConvexError("No such customer, or not yours to sell to.");

    const trackIds = [...new Set(items.map((item) => item.trackId))];
    const tracks = await db.query.tracks.findMany({ where: { _id: { in: trackIds } } });
    const prices = new Map(tracks.map((track) => [track._id, track.unitPrice]));
    const lines = items.map((item) => {
      const unitPrice = prices.get(item.trackId);
      if (unitPrice === undefined) throw new ConvexError("One of the tracks is no longer sold.");
      return { ...item, unitPrice };
    });

    const cents = lines.reduce((sum, line) => sum + Math.round(line.unitPrice * 100) * line.quantity, 0);
    const invoiceId = await db.insert("invoices").values({
      customerId,
      billingAddress: customer.address,
      billingCity: customer.city,
      billingState: customer.state,
      billingCountry: customer.country,
      billingPostalCode: customer.postalCode,
      total: cents / 100,
    });
    await db.insert("invoiceLines").values(lines.map((line) => ({ ...line, invoiceId })));
    return invoiceId;
  },
});
