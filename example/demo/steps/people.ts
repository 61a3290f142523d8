import type { Step } from "../demo.js";

const NEWEST = 3;

export const people: Step = {
  title: "4. The same query as three people",
  intro:
    "Invoices are protected: a support agent sees those of the customers it supports, a manager those of its " +
    "reports, a customer its own, and nobody else any. The policies are part of the plan: invoices that the " +
    "person may not see are not even read.",
  run: async (demo) => {
    const { expected, ids } = demo;
    for (const row of expected.data.Employee) demo.name(ids.get("employees", row.EmployeeId), row.FirstName);
    for (const row of expected.data.Customer) demo.name(ids.get("customers", row.CustomerId), row.FirstName);
    const [jane, nancy, luis] = ["jane@chinookcorp.com", "nancy@chinookcorp.com", "luisg@embraer.com.br"] as const;
    const seats = [
      { who: "Jane, agent", email: jane, want: expected.invoicesOfAgents(jane) },
      { who: "Nancy, manager", email: nancy, want: expected.invoicesOfManager(nancy) },
      { who: "Luís, customer", email: luis, want: expected.invoicesOfCustomer(luis) },
      { who: "a visitor", email: null, want: [] },
    ];
    const args = { orderBy: { invoiceDate: "desc" as const }, limit: NEWEST };
    demo.showCall("invoices.findMany", args);

    const rows: (string | number)[][] = [];
    const checks: (() => void)[] = [];
    for (const { who, email, want } of seats) {
      const { result, plan, cost } = await demo.ask(
        email,
        (db) => db.query.invoices.explain(args),
        (db) => db.query.invoices.findMany(args),
      );
      demo.out.line();
      demo.out.block("as", who);
      demo.showPlan(plan);
      demo.showCost(cost);

      const seen = await demo.ask(
        email,
        (db) => db.query.invoices.explain(),
        (db) => db.query.invoices.count(),
      );
      const totals = result.map((invoice) => invoice.total);
      const newest = totals.map((total) => `$${total.toFixed(2)}`).join(", ");
      rows.push([who, seen.result, newest || "none", cost.documents, cost.queries]);
      checks.push(() => {
        const all = want.slice(0, NEWEST).map((invoice) => invoice.Total);
        demo.check(
          `${who}: sees ${want.length} invoices, the newest as listed`,
          [seen.result, totals],
          [want.length, all],
        );
      });
    }
    demo.out.line();
    demo.out.table("rows", ["person", "sees", "totals of the newest", "documents", "ranges"], rows);
    for (const check of checks) check();
  },
};
