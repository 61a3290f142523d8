import { ConvexError } from "convex/values";
import { orm } from "../../convex/orm.js";
import { refusalOf } from "../refusal.js";
import type { Step } from "../demo.js";

export const missing: Step = {
  title: "6. An error that names a missing index",
  intro:
    "No index leads with unitPrice, so this query would read the whole table. It is refused, and the error says " +
    "which index to add to the schema. Who wants the scan all the same says so, and gets it within a bound.",
  run: async (demo) => {
    const where = { unitPrice: { gt: 1 } };
    demo.showCall("tracks.count", { where });
    const refusal = await refusalOf(() => demo.store.query((ctx) => orm.with(ctx).query.tracks.count({ where })));
    demo.out.block("error", refusal instanceof ConvexError ? refusal.message : String(refusal), "dim");
    demo.check("refused with FULL_SCAN", refusal instanceof ConvexError ? refusal.data.code : null, "FULL_SCAN");
    const named = refusal instanceof Error && refusal.message.includes('["unitPrice"]');
    demo.check('the error names an index on ["unitPrice"]', named, true);

    demo.out.line();
    demo.showCall("tracks.count", { where, allowFullScan: true });
    const scan = { where, allowFullScan: true };
    const { result, plan, advice, cost } = await demo.ask(
      null,
      (db) => db.query.tracks.explain(scan),
      (db) => db.query.tracks.count(scan),
    );
    demo.showPlan(plan);
    for (const suggestion of advice) demo.out.block("advice", suggestion);
    demo.out.block("rows", String(result));
    demo.showCost(cost);
    const want = demo.expected.data.Track.filter((track) => track.UnitPrice > 1).length;
    demo.check("tracks that cost more than a dollar", result, want);
  },
};
