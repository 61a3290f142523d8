import type { Product } from "./case.js";
import { products, type Cell, type Line } from "./measure.js";

/** Okabe and Ito's colours, which the colour-blind tell apart. */
const colours: Readonly<Record<Product, string>> = {
  "by hand": "#000000",
  "convex-orm": "#0072b2",
  "better-convex": "#d55e00",
  "convex-ents": "#009e73",
  "convex-helpers": "#cc79a7",
};

const labels = 480;
const panel = { width: 330, gap: 40 };
const row = 34;
const top = 96;
const width = labels + 2 * panel.width + panel.gap + 24;

const escape = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const text = (x: number, y: number, words: string, more = ""): string =>
  `<text x="${x}" y="${y}" ${more}>${escape(words)}</text>`;

interface Panel {
  readonly title: string;
  readonly left: number;
  readonly most: number;
  readonly ticks: readonly number[];
  readonly of: (cell: Cell) => number;
}
const panels: readonly Panel[] = [
  {
    title: "documents read",
    left: labels,
    most: 10_000,
    ticks: [0, 1, 10, 100, 1_000, 10_000],
    of: (cell) => cell.documents,
  },
  {
    title: "of 1,000 writes to other rows, those that re-run it",
    left: labels + panel.width + panel.gap,
    most: 1_000,
    ticks: [0, 1, 10, 100, 1_000],
    of: (cell) => cell.reruns,
  },
];

/** Logarithmic, with a place for nought. */
const place = ({ left, most }: Panel, figure: number): number =>
  left + (Math.log10(1 + figure) / Math.log10(1 + most)) * (panel.width - 10) + 5;

/** A dot for right rows, a ring with a stroke for wrong ones. */
function mark(x: number, y: number, product: Product, cell: Cell): string {
  const colour = colours[product];
  if (cell.wrong === null) return `<circle cx="${x.toFixed(1)}" cy="${y}" r="3.2" fill="${colour}"/>`;
  const at = (dx: number, dy: number) => `${(x + dx).toFixed(1)} ${y + dy}`;
  return `<path d="M${at(-3, -3)}L${at(3, 3)}M${at(-3, 3)}L${at(3, -3)}" stroke="${colour}" stroke-width="1.8"/>`;
}

/** Both tables as one picture: a band a question, a lane a product. */
export function plot(lines: readonly Line[]): string {
  const height = top + lines.length * row + 16;
  const body: string[] = [];
  body.push(text(16, 26, "What a query reads, and what re-runs it", `font-size="16" font-weight="bold"`));
  let x = 16;
  for (const product of products) {
    body.push(`<circle cx="${x + 4}" cy="46" r="4" fill="${colours[product]}"/>`, text(x + 13, 50, product));
    x += 30 + product.length * 7.2;
  }
  body.push(text(x + 6, 50, "dot: right rows;  cross: wrong rows;  no mark: cannot say it, or throws", `fill="#555"`));
  lines.forEach(({ shape }, at) => {
    const y = top + at * row;
    if (at % 2 === 0) body.push(`<rect x="8" y="${y}" width="${width - 16}" height="${row}" fill="#f3f5f7"/>`);
    body.push(text(labels - 14, y + row / 2 + 4, shape, `text-anchor="end"`));
  });
  for (const one of panels) {
    body.push(text(one.left + 5, top - 24, one.title, `font-weight="bold"`));
    for (const tick of one.ticks) {
      const at = place(one, tick).toFixed(1);
      body.push(`<path d="M${at} ${top}V${top + lines.length * row}" stroke="#d0d5da"/>`);
      body.push(text(Number(at), top - 8, tick.toLocaleString("en-US"), `text-anchor="middle" fill="#555"`));
    }
    lines.forEach(({ outcomes }, at) =>
      products.forEach((product, lane) => {
        const outcome = outcomes[product];
        if ("none" in outcome) return;
        body.push(mark(place(one, one.of(outcome)), top + at * row + 5 + lane * 6, product, outcome));
      }),
    );
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ` font-family="system-ui, sans-serif" font-size="12" fill="#111" role="img" aria-label="Documents read and re-runs by query and product">`,
    `\n<rect width="100%" height="100%" fill="#fff"/>\n${body.join("\n")}\n</svg>\n`,
  ].join("");
}
