import { products, type Line } from "./measure.js";
import { readsTable, summary, watchTable } from "./report.js";
import type { Speed } from "./speed/run.js";
import { speedTable } from "./speed/table.js";
import { sizes } from "./data.js";

const store = Object.entries(sizes)
  .map(([table, rows]) => `${rows.toLocaleString("en-US")} ${table}`)
  .join(", ");

/** docs/bench.md: the tables of one run, with what they mean. */
export const page = (lines: readonly Line[], times: Speed): string => `<!-- Written by \`npm run bench\`. -->

# Side by side

The same questions, asked of the same store (${store}, and comments and memberships) by hand-written Convex code, by
convex-orm, and by better-convex 0.11, convex-ents 0.20 and convex-helpers 0.1. Every answer is compared with a
brute-force evaluation; later pages are walked to the end of the list.

![Documents read and re-runs, by question and product](bench.svg)

${summary(lines)}

## What is read

A cell says documents/index ranges, and whether the rows are right. \`+1\` is a call of the component: one range, and
one document a protected table (one here), for policies or the key of cursors, once a function. A line of later pages
gives the dearest of them, and judges the whole walk.

${readsTable(lines)}

## What re-runs a query

A reactive query is paid again whenever somebody writes inside what it read. Of 1,000 random writes to other rows of the
tables asked (inserts, deletions, changes of one field, equal shares; the same for all products but for the rows that
each returned), so many re-run it:

${watchTable(lines)}

## What the code itself costs

On a database that answers at once with the same ten rows: what is left is planning, checking and shaping. Both clients
are in one bundle and one process and take turns, each after a minor garbage collection; medians of CPU time. The
figures are this machine's, the ratios carry over. convex-orm makes its environment when the first table is named, so
its second line is what a function pays that asks nothing; the rest of it is in the first query of a function and adds
less than a microsecond there.

${speedTable(times)}

## What is measured, and what is not

- Documents and ranges are counted by an in-memory database of this bench as the backend counts them: a document when it
  is consumed, rows that a native \`.filter\` drops among them; a range when it is opened; a get is one of each. The
  backend merges ranges that overlap or adjoin, this counts each: text searches that read on in chunks look dearer in
  ranges than they are. \`npm run bench -- --check\` asks the same of convex-test and compares.
- An interval ends at the last document that was consumed. An open stream prefetches on the real backend and then reads,
  and watches, more than was consumed; that is left out, in favour of those who iterate streams (convex-helpers, and the
  merges by hand; convex-orm asks for bounded chunks).
- "By hand" is what an expert writes for the one question, so it is the floor; it has no policies of its own (the query
  says "mine"), and its pages look one row ahead, as convex-orm's do.
- A product that cannot say a question would need code of the kind that "by hand" shows. One that is wrong may be right
  with another phrasing or after a setting; each was asked as its documentation shows, and its defaults were kept.
  better-convex was given \`allowFullScan\` and \`maxScan\` where it asked for them.
- Left out: latency of a deployment, bytes, writes, search and vectors, bundle size (\`npm run size\`). The store has no
  skew beyond one discussed post and tied events; other data would give other figures, though not other answers.
- Products: ${products.join(", ")}. The clock of the in-process Convex says nothing about production, so time is taken on
  the stub only.
`;
