import type { QueryCtx } from "./_generated/server.js";
import type { Id } from "./_generated/dataModel.js";

/** What the policies may ask about the person who calls. A variable is null or empty, never absent. */
export type Session = {
  /** Null for an anonymous visitor. */
  email: string | null;
  employeeId: Id<"employees"> | null;
  customerId: Id<"customers"> | null;
  /** The employees that report to this one. */
  reportIds: Id<"employees">[];
  roles: Role[];
};

/** `manager` is an employee to whom others report; an employee of sales support is `support`; each is also `staff`. */
export type Role = "staff" | "support" | "manager" | "customer";

/**
 * Finds the employee or the customer behind the signed-in identity by its email address (have the identity provider
 * verify it). It reads the tables themselves and not through the ORM, since the ORM needs the session in order to read.
 */
export async function sessionOf(ctx: Pick<QueryCtx, "auth" | "db">): Promise<Session> {
  const email = (await ctx.auth.getUserIdentity())?.email ?? null;
  const nobody: Session = { email, employeeId: null, customerId: null, reportIds: [], roles: [] };
  if (email === null) return nobody;

  const employee = await ctx.db
    .query("employees")
    .withIndex("by_email", (q) => q.eq("email", email))
    .unique();
  if (employee !== null) {
    const reports = await ctx.db
      .query("employees")
      .withIndex("by_reports_to", (q) => q.eq("reportsTo", employee._id))
      .take(100);
    const roles: Role[] = ["staff"];
    if (employee.title === "Sales Support Agent") roles.push("support");
    if (reports.length > 0) roles.push("manager");
    return { ...nobody, employeeId: employee._id, reportIds: reports.map((report) => report._id), roles };
  }

  const customer = await ctx.db
    .query("customers")
    .withIndex("by_email", (q) => q.eq("email", email))
    .unique();
  return customer === null ? nobody : { ...nobody, customerId: customer._id, roles: ["customer"] };
}
