import type { Product } from "./case.js";
import { products, type Cell, type Line, type Outcome } from "./measure.js";
import { writesTried } from "./watch.js";

/** Reasons and errors, numbered in the order in which they appear. */
class Notes {
  readonly texts: string[] = [];
  mark(text: string): string {
    const known = this.texts.indexOf(text);
    return `[${(known >= 0 ? known : this.texts.push(text) - 1) + 1}]`;
  }
}

const cellOf = (outcome: Outcome): Cell | null => ("none" in outcome ? null : outcome);
const count = (figure: number): string => figure.toLocaleString("en-US");

function read(outcome: Outcome, notes: Notes): string {
  if ("none" in outcome)
    return `${outcome.none.startsWith("throws") ? "throws" : "cannot say it"} ${notes.mark(outcome.none)}`;
  const { documents, queries, calls, wrong } = outcome;
  const component = calls === 0 ? "" : ` +${calls}`;
  return `${count(documents)}/${count(queries)}${component} ${wrong === null ? "right" : `WRONG: ${wrong}`}`;
}

function rerun(outcome: Outcome): string {
  if ("none" in outcome) return "";
  return `${count(outcome.reruns)}${outcome.wrong === null ? "" : " (wrong rows)"}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => (row[at] ?? "").length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)].join("\n");
}

/** The one table: what each product read, and whether the rows are right. */
export function readsTable(lines: readonly Line[]): string {
  const notes = new Notes();
  const rows = lines.map(({ shape, target, outcomes, rows: wanted }) => [
    shape,
    count(wanted),
    target,
    ...products.map((product) => read(outcomes[product], notes)),
  ]);
  const list = notes.texts.map((text, at) => `${at + 1}. ${text}`).join("\n");
  return `${table(["shape", "rows", "to reach", ...products], rows)}\n\n${list}`;
}

/** How many of the writes to other rows re-run each query. */
export function watchTable(lines: readonly Line[]): string {
  return table(
    ["shape", ...products],
    lines.map(({ shape, outcomes }) => [shape, ...products.map((product) => rerun(outcomes[product]))]),
  );
}

/** In how many of the questions a product's rows are right, and how its reads compare with hand-written code. */
function summaryOf(lines: readonly Line[], product: Product): string {
  const cells = lines.map(({ outcomes }) => ({ own: cellOf(outcomes[product]), hand: cellOf(outcomes["by hand"]) }));
  const right = cells.filter(({ own }) => own !== null && own.wrong === null).length;
  const wrong = cells.filter(({ own }) => own !== null && own.wrong !== null).length;
  const rivals = cells.flatMap(({ own, hand }) =>
    own === null || hand === null || own.wrong !== null ? [] : [{ own, hand }],
  );
  const within = (of: (cell: Cell) => number) => rivals.filter(({ own, hand }) => of(own) <= of(hand)).length;
  return (
    `- ${product}: right in ${right} of ${lines.length}, wrong in ${wrong}, cannot say or throws in ` +
    `${lines.length - right - wrong}. Where it and hand-written code are right (${rivals.length}), it reads no more documents in ` +
    `${within((cell) => cell.documents)}, and is re-run by no more writes in ${within((cell) => cell.reruns)}.`
  );
}
export const summary = (lines: readonly Line[]): string =>
  products
    .filter((product) => product !== "by hand")
    .map((product) => summaryOf(lines, product))
    .join("\n");

/** Whether convex-orm fails its bench: wrong rows, or a query re-run by more writes than hand-written code's. */
export const failures = (lines: readonly Line[]): string[] =>
  lines.flatMap(({ shape, outcomes }) => {
    const [own, hand] = [cellOf(outcomes["convex-orm"]), cellOf(outcomes["by hand"])];
    if (own === null) return [`${shape}: no answer`];
    if (own.wrong !== null) return [`${shape}: ${own.wrong}`];
    return hand !== null && own.reruns > hand.reruns
      ? [`${shape}: ${own.reruns} of ${writesTried} writes re-run it`]
      : [];
  });
