import type { Edge } from "./edges.js";
import type { Item } from "./order.js";

/** What is written at the ends of an edge. */
export interface Labels {
  readonly parent: string;
  readonly child: string;
}

/** An edge on its way through the columns. */
export interface Way {
  readonly edge: Edge;
  readonly labels: Labels;
  /** From left to right: the boxes at its ends, and lanes between. */
  readonly items: readonly Item[];
  /** The referenced table is the left one, as is usual. */
  readonly parentLeft: boolean;
  /** Where it leaves and enters, one for each item (a lane has one). */
  readonly ys: number[];
}

/** Height of the lane of an edge that passes by. */
const lane = 12;

/** The way of an edge between two boxes of different columns; its lanes are put into the columns between. */
export function wayOf(edge: Edge, labels: Labels, parent: Item, child: Item, columns: Item[][]): Way {
  const parentLeft = parent.column < child.column;
  const [first, last] = parentLeft ? [parent, child] : [child, parent];
  const items = [first];
  for (let column = first.column + 1; column < last.column; column++) {
    const passing: Item = { box: null, column, height: lane, before: [], after: [], y: 0 };
    columns[column]!.push(passing);
    items.push(passing);
  }
  items.push(last);
  for (let i = 1; i < items.length; i++) {
    items[i]!.before.push(items[i - 1]!);
    items[i - 1]!.after.push(items[i]!);
  }
  return { edge, labels, items, parentLeft, ys: [] };
}
