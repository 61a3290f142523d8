import { ConvexError } from "convex/values";
import type { Id } from "../convex/_generated/dataModel.js";
import { chinook } from "../demo/data.js";
import { Expected } from "../demo/expected.js";
import { fillStore, openStore, seatOf, type Seat } from "../demo/store.js";
import { subset } from "../demo/subset.js";

/** A small Chinook in a fresh in-process Convex, and the people who use it. */
export async function openShop(artists: string[], invoicesPerCustomer?: number) {
  const data = subset(chinook, artists, invoicesPerCustomer);
  const t = await openStore();
  const ids = await fillStore(t, data);
  return {
    t,
    ids,
    data,
    expected: new Expected(data),
    visitor: t as Seat,
    jane: seatOf(t, "jane@chinookcorp.com"),
    steve: seatOf(t, "steve@chinookcorp.com"),
    nancy: seatOf(t, "nancy@chinookcorp.com"),
    robert: seatOf(t, "robert@chinookcorp.com"),
    luis: seatOf(t, "luisg@embraer.com.br"),
    /** The customer's id, by email address. */
    customer: (email: string): Id<"customers"> => {
      const row = data.Customer.find((customer) => customer.Email === email);
      return ids.get("customers", row?.CustomerId ?? 0);
    },
  };
}

export type Shop = Awaited<ReturnType<typeof openShop>>;

export const firstPage = (numItems: number) => ({ numItems, cursor: null });

/** The code of the `OrmError` that an attempt throws; null if it went through or threw something else. */
export async function codeOf(attempt: Promise<unknown>): Promise<unknown> {
  try {
    await attempt;
    return null;
  } catch (error) {
    return error instanceof ConvexError ? ((error.data as { code?: unknown }).code ?? null) : null;
  }
}
