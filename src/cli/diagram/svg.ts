import { actionsText } from "./actions.js";
import { boxes, measure, textWidth, type BoxRow } from "./boxes.js";
import type { Cardinality, Edge } from "./edges.js";
import { labelAway, layout, type PlacedBox, type PlacedEdge, type Point } from "./layout.js";
import type { Diagram } from "./model.js";
import type { Labels } from "./ways.js";

/** Tell apart in print, and by people who see few colours: no information is in the colour alone. */
const colors: Readonly<Record<string, string>> = {
  cascade: "#b3261e",
  "set null": "#8a5a00",
  "set default": "#8a5a00",
  restrict: "#0b57a4",
  "no action": "#475467",
  none: "#8b95a5",
};
const colorOf = ({ foreignKey }: Edge): string => colors[foreignKey?.onDelete ?? "none"]!;

/** The diagram as an SVG of its own: no script, no font, no style sheet from elsewhere. */
export function svg(diagram: Diagram): string {
  const drawn = boxes(diagram);
  const { boxes: placed, edges, width, height } = layout(drawn, diagram.edges, (edge) => labelsOf(diagram, edge));
  const legend = legendLines(diagram, height);
  const wide = Math.max(width, 640);
  const size = `width="${wide}" height="${height + legendHeight}" viewBox="0 0 ${wide} ${height + legendHeight}"`;
  const font = `font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${measure.font}"`;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font} fill="#1d2733" role="img" aria-label="Entity-relationship diagram">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...edges.flatMap(line),
    ...placed.flatMap(table),
    // Above the lines of others: a label is never crossed out.
    ...edges.flatMap(labels),
    ...legend,
    "</svg>",
  ].join("\n")}\n`;
}

/** At the referencing end its relations and the action, at the referenced end the relations back. */
function labelsOf({ throughs }: Diagram, edge: Edge): Labels {
  const over = throughs.flatMap(({ table, target, junction, names, inverse }) => {
    if (junction !== edge.child) return [];
    if (table === edge.parent) return names;
    return target === edge.parent ? inverse : [];
  });
  const names = edge.fromChild.join(", ");
  const [action, ...more] = actionsText(edge.foreignKey);
  const acts = action === undefined ? "" : [action.replace("on delete ", ""), ...more].join(", ");
  return {
    parent: [...edge.fromParent, ...over.map((name) => `${name} (through)`)].join(", "),
    child: [names, acts].filter((text) => text !== "").join(": "),
  };
}

function table({ box, x, y, width }: PlacedBox): string[] {
  const { table: info, marks, rows, height } = box;
  const head = info.protected ? "#fbe3b4" : "#dfe6ee";
  const frame = info.protected ? "#b98312" : "#8b98a8";
  return [
    `<g transform="translate(${x} ${y})">`,
    `<rect width="${width}" height="${height}" rx="5" fill="#fff" stroke="${frame}"/>`,
    `<path d="M0.5 ${measure.header}V5.5a5 5 0 0 1 5 -5H${width - 5.5}a5 5 0 0 1 5 5V${measure.header}z" fill="${head}"/>`,
    `<path d="M0 ${measure.header}H${width}" stroke="${frame}"/>`,
    `<text x="${measure.padding}" y="18" font-size="13" font-weight="bold">${escape(info.name)}</text>`,
    ...(marks === ""
      ? []
      : [text(width - measure.padding, 17.5, marks, `font-size="${measure.small}" text-anchor="end" fill="#7a4f00"`)]),
    ...rows.flatMap((row, i) => rowText(row, measure.header + i * measure.row + 3, width)),
    "</g>",
  ];
}

function rowText({ badge, left, right, kind, rule }: BoxRow, top: number, width: number): string[] {
  const base = top + 12;
  const above = rule ? [`<path d="M0 ${top}H${width}" stroke="#d5dbe3"/>`] : [];
  if (kind === "key")
    return [...above, text(measure.padding, base, left, `font-size="${measure.small}" fill="#5b6877"`)];
  const indent = measure.padding + Math.max(measure.badge, textWidth(badge, measure.small) + 8);
  return [
    ...above,
    ...(badge === "" ? [] : [text(measure.padding, base, badge, `font-size="9" font-weight="bold" fill="#0b57a4"`)]),
    text(indent, base, left),
    text(width - measure.padding, base, right, `text-anchor="end" fill="#5b6877"`),
  ];
}

function line({ edge, points }: PlacedEdge): string[] {
  const dashed = edge.foreignKey === null ? ` stroke-dasharray="5 4"` : "";
  const tip = [
    `${edge.child}.${edge.childFields.join(", ")} → ${edge.parent}.${edge.parentFields.join(", ")}`,
    ...actionsText(edge.foreignKey),
  ];
  return [
    `<g fill="none" stroke="${colorOf(edge)}" stroke-width="1.3"><title>${escape(tip.join("; "))}</title>`,
    `<path d="${rounded(points)}"${dashed}/>`,
    ...ending(points[0]!, points[1]!, edge.parents),
    ...ending(points.at(-1)!, points.at(-2)!, edge.children),
    "</g>",
  ];
}

/** Crow's feet: a fork is many, a ring none at all, a bar one. */
function ending({ x, y }: Point, next: Point, cardinality: Cardinality): string[] {
  const way = Math.sign(next.x - x) || 1;
  const bar = (at: number): string => `<path d="M${x + way * at} ${y - 5}v10"/>`;
  const ring = (at: number): string => `<circle cx="${x + way * at}" cy="${y}" r="3.2" fill="#fff"/>`;
  if (cardinality === "one") return [bar(5), bar(9)];
  if (cardinality === "zero or one") return [bar(5), ring(11)];
  return [`<path d="M${x} ${y - 5}L${x + way * 9} ${y}L${x} ${y + 5}"/>`, ring(12.5)];
}

function labels({ edge, points, parentLabel, childLabel }: PlacedEdge): string[] {
  const end = (at: Point, next: Point, label: string): string[] => {
    if (label === "") return [];
    const right = next.x >= at.x;
    const anchor = right ? "" : ` text-anchor="end"`;
    return [
      text(
        at.x + (right ? labelAway : -labelAway),
        at.y - 3.5,
        label,
        `font-size="${measure.small}" fill="${colorOf(edge)}"${anchor}`,
      ),
    ];
  };
  return [...end(points[0]!, points[1]!, parentLabel), ...end(points.at(-1)!, points.at(-2)!, childLabel)];
}

const radius = 5;

/** The line with its corners rounded. */
function rounded(corners: readonly Point[]): string {
  const points = corners.filter(
    (point, i) => i === 0 || point.x !== corners[i - 1]!.x || point.y !== corners[i - 1]!.y,
  );
  const parts = [`M${at(points[0]!)}`];
  for (let i = 1; i < points.length - 1; i++) {
    const [a, b, c] = [points[i - 1]!, points[i]!, points[i + 1]!];
    const r = Math.min(radius, span(a, b) / 2, span(b, c) / 2);
    parts.push(`L${at(towards(b, a, r))}Q${at(b)} ${at(towards(b, c, r))}`);
  }
  return [...parts, `L${at(points.at(-1)!)}`].join("");
}

const span = (a: Point, b: Point): number => Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
const towards = (from: Point, to: Point, by: number): Point => ({
  x: from.x + Math.sign(to.x - from.x) * by,
  y: from.y + Math.sign(to.y - from.y) * by,
});
const at = ({ x, y }: Point): string => `${tidy(x)} ${tidy(y)}`;
const tidy = (value: number): number => Math.round(value * 10) / 10;

const legendHeight = 44;

function legendLines(diagram: Diagram, top: number): string[] {
  const actions = [...new Set(diagram.edges.map(({ foreignKey }) => foreignKey?.onDelete ?? "none"))];
  let x = 20;
  const y = top + 6;
  const entry = (draw: string, label: string): string[] => {
    const start = x;
    x += 34 + textWidth(label, measure.small) + 16;
    return [
      `<g transform="translate(${tidy(start)} ${y})">${draw}</g>`,
      text(start + 34, y + 3.5, label, `font-size="${measure.small}" fill="#5b6877"`),
    ];
  };
  const stroke = (action: string): string =>
    `<path d="M0 0H26" stroke="${colors[action]!}" stroke-width="1.3"${action === "none" ? ' stroke-dasharray="5 4"' : ""}/>`;
  return [
    ...actions.flatMap((action) =>
      entry(stroke(action), action === "none" ? "relation, not enforced" : `on delete ${action}`),
    ),
    ...(diagram.tables.some((info) => info.protected)
      ? entry(`<rect y="-6" width="26" height="12" rx="3" fill="#fbe3b4" stroke="#b98312"/>`, "protected by policies")
      : []),
  ];
}

const text = (x: number, y: number, content: string, attributes = ""): string =>
  `<text x="${tidy(x)}" y="${tidy(y)}"${attributes === "" ? "" : ` ${attributes}`} xml:space="preserve">${escape(content)}</text>`;

const escape = (content: string): string =>
  content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
