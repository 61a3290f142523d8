import { measure, type Box } from "./boxes.js";
import type { Item } from "./order.js";
import type { Way } from "./ways.js";

/** Nearer than this two ends beside one box cannot be told apart, nor their labels read. */
const apart = 13;
/** Nearer than this two lines look like one. */
const close = 5;
/** What it costs to come close to another line: more than a long way up or down. */
const penalty = 60;

/**
 * Chooses where each way leaves its boxes: the key's own row at the referencing table, and at the referenced one rows
 * that are free, in the order of the other ends and near them.
 */
export function choosePorts(boxes: readonly Box[], ways: readonly Way[]): void {
  const open = new Set(ways);
  for (const way of ways) {
    way.ys.push(...way.items.map((item) => item.y + item.height / 2));
    const end = way.parentLeft ? way.items.length - 1 : 0;
    const item = way.items[end]!;
    way.ys[end] = item.y + boxes[item.box!]!.rowOf(way.edge.childFields[0]!);
  }
  for (const side of bySide(ways).values()) {
    const { parentLeft, items } = side[0]!;
    const end = (way: Way): number => (parentLeft ? 0 : way.items.length - 1);
    const next = (way: Way): number => way.ys[parentLeft ? 1 : way.items.length - 2]!;
    const item = items[end(side[0]!)]!;
    const sorted = [...side].sort((a, b) => next(a) - next(b));
    const across = sorted.map((way) => oppositeEnds(ways, open, way, item, parentLeft));
    const ys = portsNear(boxes[item.box!]!, item, sorted.map(next), childPorts(ways, item, parentLeft), across);
    sorted.forEach((way, i) => {
      way.ys[end(way)] = ys[i]!;
      open.delete(way);
    });
  }
}

/** Where referencing ends lie on a side of a box: those of turned ways, where tables reference each other in a circle. */
const childPorts = (ways: readonly Way[], item: Item, right: boolean): number[] =>
  ways.flatMap((way) => {
    const at = right ? 0 : way.items.length - 1;
    return way.parentLeft !== right && way.items[at] === item ? [way.ys[at]!] : [];
  });

/** Heights at which other ways cross to the far side of the gutter beside a box, as far as they are chosen. */
function oppositeEnds(ways: readonly Way[], open: ReadonlySet<Way>, own: Way, item: Item, right: boolean): number[] {
  const column = item.column + (right ? 1 : -1);
  return ways.flatMap((way) => {
    const at = way.items.findIndex((other) => other.column === column);
    const passes = way.items.some((other) => other.column === item.column);
    const parentEnd = at === (way.parentLeft ? 0 : way.items.length - 1);
    return way === own || at < 0 || !passes || (parentEnd && open.has(way)) ? [] : [way.ys[at]!];
  });
}

/** Ways by the referenced table and the side of it that they leave from. */
function bySide(ways: readonly Way[]): Map<string, Way[]> {
  const sides = new Map<string, Way[]>();
  for (const way of ways) {
    const key = `${way.edge.parent} ${way.parentLeft}`;
    sides.set(key, [...(sides.get(key) ?? []), way]);
  }
  return sides;
}

/** As many heights beside a box as there are targets, in their order and near them, clear of what is taken. */
function portsNear(
  box: Box,
  item: Item,
  targets: readonly number[],
  taken: readonly number[],
  across: readonly (readonly number[])[],
): number[] {
  const clear = (y: number): boolean => taken.every((other) => Math.abs(other - y) >= apart);
  const meets = (y: number, i: number): boolean => across[i]!.some((other) => Math.abs(other - y) < close);
  const count = Math.floor((box.height - measure.header) / measure.row);
  const rows = Array.from({ length: count }, (_, i) => item.y + measure.header + (i + 0.5) * measure.row + 3).filter(
    clear,
  );
  if (rows.length < targets.length) {
    const space = (item.height - 16) / targets.length;
    return targets.map((_, i) => item.y + 8 + (i + 0.5) * space);
  }
  const windows = rows.slice(0, rows.length - targets.length + 1).map((_, i) => rows.slice(i, i + targets.length));
  const cost = (ys: readonly number[]): number =>
    ys.reduce((sum, y, i) => sum + Math.abs(y - targets[i]!) + (meets(y, i) ? penalty : 0), 0);
  const ys = [...windows.reduce((best, ys) => (cost(ys) < cost(best) ? ys : best))];
  // A little up or down makes a straight line of some.
  targets.forEach((target, i) => {
    const free = ys.every((y, other) => other === i || Math.abs(y - target) >= apart) && clear(target);
    if (Math.abs(ys[i]! - target) < measure.row && free && !meets(target, i)) ys[i] = target;
  });
  return ys;
}

/** A vertical piece of a way in a gutter: from a height on its left to one on its right. */
export interface Piece {
  readonly way: Way;
  readonly i: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The pieces of a gutter in the order of their tracks, from the left: rising ones first, the upper before the lower, then
 * falling ones, the lower before the upper, so that no two cross twice; and where one arrives at the height at which
 * another sets out, that other turns off before.
 */
export function trackOrder(pieces: readonly Piece[]): Piece[] {
  const rising = pieces.filter(({ from, to }) => to < from).sort((a, b) => a.from - b.from);
  const falling = pieces.filter(({ from, to }) => to >= from).sort((a, b) => b.from - a.from);
  const order = [...rising, ...falling];
  const first = (a: Piece, b: Piece): boolean =>
    a !== b && Math.abs(a.from - b.to) < close && Math.abs(b.from - a.to) >= close;
  for (let round = 0; round < order.length; round++) {
    const late = order.findIndex((piece, i) => order.slice(0, i).some((other) => first(piece, other)));
    if (late < 0) break;
    const [piece] = order.splice(late, 1) as [Piece];
    order.splice(
      order.findIndex((other) => first(piece, other)),
      0,
      piece,
    );
  }
  return order;
}
