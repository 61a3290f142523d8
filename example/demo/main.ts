import { chinook } from "./data.js";
import { counted, Demo, type Step } from "./demo.js";
import { Expected } from "./expected.js";
import { Renderer } from "./render.js";
import { cascade } from "./steps/cascade.js";
import { missing } from "./steps/missing.js";
import { or } from "./steps/or.js";
import { page } from "./steps/page.js";
import { people } from "./steps/people.js";
import { refused } from "./steps/refused.js";
import { relations } from "./steps/relations.js";
import { fillStore, openStore } from "./store.js";

const steps: readonly Step[] = [page, or, relations, people, refused, missing, cascade];

/** Loads the store, shows every step, and says whether all the answers were right. */
async function main(): Promise<boolean> {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1_000).toFixed(1)} s`;
  const out = new Renderer();
  const expected = new Expected(chinook);
  out.title("convex-orm on the Chinook music store");
  out.paragraph(
    `${counted(expected.rows, "row")} in ${Object.keys(chinook).length} tables, in an in-process Convex with a ` +
      "deployment's transaction limits. Every answer is compared with one that plain loops over the JSON give.",
  );
  out.line();
  const store = await openStore();
  const ids = await fillStore(store, chinook, (table, _, rows) => out.progress("load", rows, expected.rows, table));
  out.block("loaded", `in ${seconds()}`);

  const demo = new Demo(store, ids, expected, out);
  for (const step of steps) {
    out.heading(step.title);
    out.paragraph(step.intro);
    out.line();
    await step.run(demo);
  }
  out.heading("The end");
  out.verdict(
    demo.failures === 0,
    `${demo.checks - demo.failures} of ${counted(demo.checks, "answer")} as computed from the JSON, in ${seconds()}`,
  );
  return demo.failures === 0;
}

let passed = false;
try {
  passed = await main();
} catch (error) {
  console.error(error);
}
// The component's watchdogs still wait on timers here; the demo does not wait for them.
process.stdout.write("", () => process.exit(passed ? 0 : 1));
