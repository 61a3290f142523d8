// How long a cascade of any size takes, and what it costs: the frontier of docs/cascades.md, stepped without a database.
// `node scripts/simulate-cascade.mjs [seconds a step, default 1] [rows below each row, by level: 10,10,10,19; 0: none]`
//
// The rules are the worker's and the component's own: a step changes at most 1,000 rows, reads one index range for each
// key that it takes and each row that it deletes (3,686 of the platform's 4,096, a tenth left untouched), an item holds
// 128 keys, and a step loads at most 256 items.
const stepRows = 1_000;
const stepQueries = Math.floor(4_096 * 0.9);
const keysPerItem = 128;
const itemsPerStep = 256;
const inlineRows = 500;
const secondsPerStep = Number(process.argv[2] ?? 1);
const asked = process.argv[3]?.split(",").map(Number);

/** `fan[i]` rows below each row of level i; level 0 is the deleted row. */
const shapes = {
  "flat: 1 -> n": (n) => [n],
  "flat: 1 -> n -> 0": (n) => [n, 0],
  "wide: 1 -> n/5 -> 4": (n) => [n / 5, 4],
  "five levels": (n) => {
    const fan = n ** (1 / 5);
    return Array.from({ length: 5 }, () => fan);
  },
};

/** Runs the frontier: batches of keys, each with the rows that they still have below, oldest first. */
function simulate(fan) {
  const rowsAt = (level) => Math.round(fan.slice(0, level + 1).reduce((all, each) => all * each, 1));
  const total = fan.reduce((sum, _each, level) => sum + rowsAt(level), 1);
  let steps = 0;
  let read = 0;
  let written = 0;
  let largestFrontier = 0;
  let inline = inlineRows;
  for (let level = 0; level < fan.length; level++) {
    const isLeaf = level === fan.length - 1;
    let keys = level === 0 ? 1 : rowsAt(level - 1);
    let rows = rowsAt(level);
    // Keys that nothing references cost a range each, and no row.
    while (rows === 0 && keys > 0) {
      const taken = Math.min(keys, stepQueries, itemsPerStep * keysPerItem);
      const items = Math.ceil(taken / keysPerItem);
      keys -= taken;
      steps++;
      read += 2 * items + 6;
      written += items + 4;
    }
    const perKey = rows / keys;
    // The first rows, from the top down, went with the mutation.
    const gone = Math.min(rows, inline);
    inline -= gone;
    rows -= gone;
    keys -= gone / perKey;
    while (rows > 0.5) {
      // A step is spent by its rows, its queries, or the items that it loads.
      const byRows = Math.min(stepRows, rows);
      const byQueries = stepQueries / (1 / Math.max(perKey, 1e-9) + 1);
      const byItems = itemsPerStep * keysPerItem * perKey;
      const taken = Math.max(1, Math.min(byRows, byQueries, byItems));
      const takenKeys = Math.min(keys, taken / perKey);
      const items = Math.ceil(takenKeys / keysPerItem) + 1;
      const added = isLeaf ? 0 : Math.ceil(taken / keysPerItem);
      rows -= taken;
      keys -= takenKeys;
      const frontier = Math.ceil(keys / keysPerItem) + Math.ceil((isLeaf ? 0 : rowsAt(level) - rows) / keysPerItem);
      largestFrontier = Math.max(largestFrontier, frontier);
      steps++;
      // A row is read by its index range and again by its delete; the job and its schedules are a constant.
      read += 2 * taken + 2 * items + 6;
      written += taken + items + added + 4;
    }
  }
  return { total, steps, hours: (steps * secondsPerStep) / 3_600, read, written, largestFrontier };
}

const figure = (n) => Math.round(n).toLocaleString("en-US");
const lines = [["shape", "rows", "steps", "hours", "documents read", "read a row", "written a row", "items at most"]];
const runs = Object.entries(shapes).flatMap(([name, fanOf]) => [1e6, 1e7, 1e8].map((n) => [name, fanOf(n)]));
for (const [name, fan] of asked === undefined ? runs : [[asked.join(" x "), asked]]) {
  const run = simulate(fan);
  lines.push([
    name,
    figure(run.total),
    figure(run.steps),
    run.hours.toFixed(1),
    figure(run.read),
    (run.read / run.total).toFixed(2),
    (run.written / run.total).toFixed(3),
    figure(run.largestFrontier),
  ]);
}
console.log(`| ${lines[0].join(" | ")} |\n|${"---|".repeat(lines[0].length)}`);
for (const line of lines.slice(1)) console.log(`| ${line.join(" | ")} |`);
