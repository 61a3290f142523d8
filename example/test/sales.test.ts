import { beforeAll, describe, expect, test } from "vitest";
import { api } from "../convex/_generated/api.js";
import { orm } from "../convex/orm.js";
import type { Seat } from "../demo/store.js";
import { codeOf, firstPage, openShop, type Shop } from "./shop.js";

let shop: Shop;
beforeAll(async () => {
  shop = await openShop(["AC/DC", "Accept"], 7);
}, 60_000);

const all = firstPage(100);
const visible = async (seat: Seat) =>
  (await seat.query(async (ctx) => await orm.with(ctx).query.invoices.findMany({ where: {}, limit: 1_000 }))).length;
const customersOf = async (seat: Seat) =>
  (await seat.query(api.sales.customers, { paginationOpts: all })).page.map((customer) => customer.email).sort();

describe("who sees which customers", () => {
  test("an agent those it supports, a manager those of its reports, a customer itself, others none", async () => {
    const emails = (agents: number[]) =>
      shop.data.Customer.filter((row) => agents.includes(row.SupportRepId))
        .map((row) => row.Email)
        .sort();
    expect(await customersOf(shop.jane)).toEqual(emails([3]));
    expect(await customersOf(shop.nancy)).toEqual(emails([3, 4, 5]));
    expect(await customersOf(shop.luis)).toEqual(["luisg@embraer.com.br"]);
    expect(await customersOf(shop.robert)).toEqual([]);
    expect(await customersOf(shop.visitor)).toEqual([]);
  });

  test("the agent's name comes along where the policies show it", async () => {
    const page = (await shop.luis.query(api.sales.customers, { paginationOpts: all })).page;
    expect(page[0]?.supportRep).toEqual({ firstName: "Jane", lastName: "Peacock" });
  });
});

describe("who sees which employees", () => {
  const names = async (seat: Seat) =>
    (await seat.query(async (ctx) => await orm.with(ctx).query.employees.findMany({ limit: 100 })))
      .map((employee) => employee.firstName)
      .sort();

  test("the staff their colleagues, a customer its agent, a visitor nobody", async () => {
    expect(await names(shop.robert)).toEqual(shop.data.Employee.map((row) => row.FirstName).sort());
    expect(await names(shop.luis)).toEqual(["Jane"]);
    expect(await names(shop.visitor)).toEqual([]);
  });
});

describe("who sees which invoices", () => {
  test("as the customers", async () => {
    expect(await visible(shop.jane)).toBe(shop.expected.invoicesOfAgents("jane@chinookcorp.com").length);
    expect(await visible(shop.nancy)).toBe(412);
    expect(await visible(shop.luis)).toBe(7);
    expect(await visible(shop.robert)).toBe(0);
    expect(await visible(shop.visitor)).toBe(0);
  });

  test("a customer's invoices come newest first, to those who may see them", async () => {
    const args = { customerId: shop.customer("luisg@embraer.com.br"), paginationOpts: firstPage(4) };
    const want = shop.expected.invoicesOfCustomer("luisg@embraer.com.br").map((row) => row.Total);
    for (const seat of [shop.luis, shop.jane, shop.nancy]) {
      const first = await seat.query(api.sales.invoicesOfCustomer, args);
      expect(first.page.map((invoice) => invoice.total)).toEqual(want.slice(0, 4));
      const paginationOpts = { numItems: 4, cursor: first.continueCursor };
      const second = await seat.query(api.sales.invoicesOfCustomer, { ...args, paginationOpts });
      expect(second.page.map((invoice) => invoice.total)).toEqual(want.slice(4));
    }
    for (const seat of [shop.steve, shop.visitor]) {
      expect((await seat.query(api.sales.invoicesOfCustomer, args)).page).toEqual([]);
    }
  });

  test("one invoice shows its lines and tracks; to others it is as if it did not exist", async () => {
    const line = shop.data.InvoiceLine[0];
    const invoice = shop.data.Invoice.find((row) => row.InvoiceId === line?.InvoiceId);
    const invoiceId = shop.ids.get("invoices", invoice?.InvoiceId ?? 0);
    const found = await shop.nancy.query(api.sales.invoice, { invoiceId });
    expect(found?.lines.map((row) => row.track?.name).sort()).toEqual(
      shop.data.InvoiceLine.filter((row) => row.InvoiceId === invoice?.InvoiceId)
        .map((row) => shop.data.Track.find((track) => track.TrackId === row.TrackId)?.Name)
        .sort(),
    );
    expect(await shop.visitor.query(api.sales.invoice, { invoiceId })).toBeNull();
    expect(await shop.robert.query(api.sales.invoice, { invoiceId })).toBeNull();
  });
});

describe("a sale", () => {
  const items = () => [
    { trackId: shop.ids.get("tracks", 1), quantity: 1 },
    { trackId: shop.ids.get("tracks", 2), quantity: 2 },
  ];

  test("by the agent who supports the customer, or by the customer, is an invoice with its lines", async () => {
    const customerId = shop.customer("luisg@embraer.com.br");
    for (const seat of [shop.jane, shop.luis]) {
      const invoiceId = await seat.mutation(api.sales.sell, { customerId, items: items() });
      const invoice = await shop.luis.query(api.sales.invoice, { invoiceId });
      expect(invoice).toMatchObject({ customerId, total: 2.97, billingCity: "São José dos Campos" });
      expect(invoice?.lines.map((line) => line.quantity).sort()).toEqual([1, 2]);
    }
  });

  test("to a customer of another agent is refused, and leaves nothing", async () => {
    const before = await visible(shop.nancy);
    const customerId = shop.customer("luisg@embraer.com.br");
    await expect(shop.steve.mutation(api.sales.sell, { customerId, items: items() })).rejects.toThrow(
      "No such customer",
    );
    const attempt = shop.steve.mutation(
      async (ctx) =>
        await orm.with(ctx).insert("invoices").values({
          customerId,
          billingAddress: "1 Main Street",
          billingCity: "Oslo",
          billingCountry: "Norway",
          total: 1,
        }),
    );
    expect(await codeOf(attempt)).toBe("POLICY_VIOLATION");
    expect(await visible(shop.nancy)).toBe(before);
  });

  test("of less than one of a track is refused as a whole", async () => {
    const before = await visible(shop.nancy);
    const customerId = shop.customer("luisg@embraer.com.br");
    const none = [{ trackId: shop.ids.get("tracks", 1), quantity: 0 }];
    expect(await codeOf(shop.jane.mutation(api.sales.sell, { customerId, items: none }))).toBe("CHECK_VIOLATION");
    expect(await visible(shop.nancy)).toBe(before);
  });
});
