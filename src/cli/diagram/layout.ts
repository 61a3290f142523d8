import { measure, textWidth, type Box } from "./boxes.js";
import type { Edge } from "./edges.js";
import { columnsOf, type Arc } from "./layers.js";
import { arrange, type Item } from "./order.js";
import { choosePorts, trackOrder } from "./ports.js";
import { wayOf, type Labels, type Way } from "./ways.js";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedBox {
  readonly box: Box;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** An edge's line, from the referenced table to the referencing one: corners of horizontal and vertical pieces. */
export interface PlacedEdge {
  readonly edge: Edge;
  readonly points: readonly Point[];
  readonly parentLabel: string;
  readonly childLabel: string;
}

export interface Layout {
  readonly boxes: readonly PlacedBox[];
  readonly edges: readonly PlacedEdge[];
  readonly width: number;
  readonly height: number;
}

const track = 10;
/** How far a loop runs from its table, and from where the label of an end is written: beyond a loop. */
const loopAway = 17;
export const labelAway = 21;
/** How far a line runs straight from a box, its label aside. */
const stub = labelAway + 3;
const margin = 20;

/**
 * Tables in columns, the referenced left of those that reference them; an edge over several columns has a lane of its own
 * in each, and each vertical piece a track of its own between columns, so that no line runs under a box or over
 * another.
 */
export function layout(boxes: readonly Box[], edges: readonly Edge[], labelsOf: (edge: Edge) => Labels): Layout {
  const at = new Map(boxes.map((box, i) => [box.table.name, i]));
  const arcs = edges.map((edge): Arc => ({ from: at.get(edge.parent)!, to: at.get(edge.child)! }));
  const joined = new Set(arcs.flatMap(({ from, to }) => [from, to]));
  const columnOf = columnsOf(boxes.length, arcs);
  const used = [...new Set([...joined].map((i) => columnOf[i]!))].sort((a, b) => a - b);
  const columns: Item[][] = used.map(() => []);
  const items = new Map<number, Item>();
  for (const i of [...joined].sort((a, b) => a - b)) {
    const column = used.indexOf(columnOf[i]!);
    const item: Item = { box: i, column, height: boxes[i]!.height, before: [], after: [], y: 0 };
    items.set(i, item);
    columns[column]!.push(item);
  }
  const loops = edges.filter((edge) => edge.child === edge.parent);
  const ways = edges.flatMap((edge, i) =>
    edge.child === edge.parent
      ? []
      : [wayOf(edge, labelsOf(edge), items.get(arcs[i]!.from)!, items.get(arcs[i]!.to)!, columns)],
  );
  arrange(columns);
  choosePorts(boxes, ways);
  const xs = columnPlaces(boxes, columns, ways, loops, labelsOf);
  const placed = columns.flat().flatMap((item): PlacedBox[] => {
    const { x, width } = xs[item.column]!;
    return item.box === null ? [] : [{ box: boxes[item.box]!, x, y: item.y + margin, width }];
  });
  const lines = [
    ...route(ways, xs),
    ...loops.map((edge) =>
      loop(
        edge,
        labelsOf(edge),
        placed.find(({ box }) => box.table.name === edge.child)!,
      ),
    ),
  ];
  const right = xs.length === 0 ? margin : xs.at(-1)!.x + xs.at(-1)!.width;
  const bottom = Math.max(margin, ...columns.flat().map((item) => item.y + item.height + margin));
  const alone = boxes.filter((_, i) => !joined.has(i));
  const below = placeAlone(alone, Math.max(right, 900), placed.length === 0 ? margin : bottom + 30);
  const all = [...placed, ...below];
  return {
    boxes: all,
    edges: lines,
    width: Math.ceil(Math.max(...all.map(({ x, width }) => x + width), right) + margin),
    height: Math.ceil(Math.max(bottom, ...below.map(({ y, box }) => y + box.height)) + margin),
  };
}

interface ColumnPlace {
  readonly x: number;
  readonly width: number;
  /** Where tracks begin in the gutter to the left of the column. */
  readonly tracks: number;
}

/** The pieces of ways between a column and the one before. */
const piecesBefore = (ways: readonly Way[], column: number): { way: Way; i: number }[] =>
  ways.flatMap((way) => way.items.flatMap((item, i) => (i > 0 && item.column === column ? [{ way, i }] : [])));

function columnPlaces(
  boxes: readonly Box[],
  columns: readonly Item[][],
  ways: readonly Way[],
  loops: readonly Edge[],
  labelsOf: (edge: Edge) => Labels,
): ColumnPlace[] {
  const places: ColumnPlace[] = [];
  let x = margin;
  columns.forEach((column, c) => {
    const own = column.flatMap((item) => (item.box === null ? [] : [boxes[item.box]!]));
    const pieces = piecesBefore(ways, c);
    const label = (text: string): number => (text === "" ? 0 : textWidth(text, measure.small) + 4);
    const lefts = pieces
      .filter(({ i }) => i === 1)
      .map(({ way }) => label(way.parentLeft ? way.labels.parent : way.labels.child));
    const rights = pieces
      .filter(({ way, i }) => i === way.items.length - 1)
      .map(({ way }) => label(way.parentLeft ? way.labels.child : way.labels.parent));
    const round = loops
      .filter((edge) => own.some(({ table }) => table.name === edge.child))
      .map((edge) => label(loopLabel(labelsOf(edge))));
    const leftRoom = c === 0 ? 0 : Math.max(0, ...lefts) + stub;
    const rightRoom = c === 0 && round.length === 0 ? 0 : Math.max(0, ...rights, ...round) + stub;
    const tracks = x + leftRoom;
    x = tracks + pieces.length * track + rightRoom;
    const width = Math.max(...own.map((box) => box.width));
    places.push({ x: Math.round(x), width, tracks });
    x = Math.round(x) + width;
  });
  return places;
}

/** Lines with right angles, each vertical piece on a track of its own. */
function route(ways: readonly Way[], xs: readonly ColumnPlace[]): PlacedEdge[] {
  const tracks = new Map<Way, Map<number, number>>(ways.map((way) => [way, new Map()]));
  xs.forEach((place, c) => {
    const pieces = piecesBefore(ways, c).map(({ way, i }) => ({ way, i, from: way.ys[i - 1]!, to: way.ys[i]! }));
    trackOrder(pieces).forEach(({ way, i }, nth) => tracks.get(way)!.set(i, place.tracks + (nth + 0.5) * track));
  });
  return ways.map((way) => {
    const points: Point[] = [];
    way.items.forEach((item, i) => {
      const { x, width } = xs[item.column]!;
      const y = way.ys[i]! + margin;
      if (i > 0) {
        const vertical = tracks.get(way)!.get(i)!;
        points.push({ x: vertical, y: way.ys[i - 1]! + margin }, { x: vertical, y }, { x, y });
      }
      if (i < way.items.length - 1) points.push({ x: x + width, y });
    });
    if (!way.parentLeft) points.reverse();
    return { edge: way.edge, points, parentLabel: way.labels.parent, childLabel: way.labels.child };
  });
}

/** A table's edge with itself, on the left: from its _id to the key. */
function loop(edge: Edge, labels: Labels, { box, x, y }: PlacedBox): PlacedEdge {
  const parentY = y + box.rowOf(edge.parentFields[0]!);
  const childY = y + box.rowOf(edge.childFields[0]!);
  const points = [
    { x, y: parentY },
    { x: x - loopAway, y: parentY },
    { x: x - loopAway, y: childY },
    { x, y: childY },
  ];
  return { edge, points, parentLabel: "", childLabel: loopLabel(labels) };
}

/** Both ends' texts in one: there is room for one beside a loop. */
export const loopLabel = ({ parent, child }: Labels): string =>
  [child, parent].filter((text) => text !== "").join(" / ");

/** Tables without relations, in rows below the others. */
function placeAlone(boxes: readonly Box[], width: number, top: number): PlacedBox[] {
  let x = margin;
  let y = top;
  let height = 0;
  return boxes.map((box) => {
    if (x > margin && x + box.width > width) {
      x = margin;
      y += height + 24;
      height = 0;
    }
    const placed = { box, x, y, width: box.width };
    x += box.width + 24;
    height = Math.max(height, box.height);
    return placed;
  });
}
