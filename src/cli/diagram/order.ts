/** Something that takes a place in a column: a box, or the lane of an edge that passes by. */
export interface Item {
  /** The box's position in the list of boxes; null for a lane. */
  readonly box: number | null;
  readonly column: number;
  readonly height: number;
  /** Items of the column before, and of the column after, that an edge joins it with. */
  readonly before: Item[];
  readonly after: Item[];
  /** The top, in pixels. */
  y: number;
}

const sweeps = 16;
const gap = { box: 30, lane: 6 } as const;

/** Orders each column so that few edges cross, and gives every item its height in the picture. */
export function arrange(columns: Item[][]): void {
  let best = columns.map((column) => [...column]);
  let fewest = crossings(columns);
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep++) {
    const down = sweep % 2 === 0;
    for (const column of down ? columns : [...columns].reverse()) sortByNeighbours(columns, column, down);
    const found = crossings(columns);
    if (found < fewest) {
      fewest = found;
      best = columns.map((column) => [...column]);
    }
  }
  columns.forEach((column, i) => column.splice(0, column.length, ...best[i]!));
  place(columns);
}

function sortByNeighbours(columns: readonly Item[][], column: Item[], down: boolean): void {
  const own = new Map(column.map((item, i) => [item, i]));
  const place = new Map(
    columns.flatMap((items) => items.map((item, i): [Item, number] => [item, (i + 0.5) / items.length])),
  );
  const wish = new Map(
    column.map((item) => {
      const neighbours = down ? item.before : item.after;
      return [item, neighbours.length === 0 ? place.get(item)! : mean(neighbours.map((other) => place.get(other)!))];
    }),
  );
  column.sort((a, b) => wish.get(a)! - wish.get(b)! || own.get(a)! - own.get(b)!);
}

function crossings(columns: readonly Item[][]): number {
  let count = 0;
  for (const [i, column] of columns.entries()) {
    const place = new Map((columns[i + 1] ?? []).map((item, at) => [item, at]));
    const ends = column.flatMap((item, at) => item.after.map((other) => [at, place.get(other)!] as const));
    for (const [a, b] of ends) for (const [c, d] of ends) if (a < c && b > d) count++;
  }
  return count;
}

/** Every item near the middle of its neighbours, none over another. */
function place(columns: readonly Item[][]): void {
  for (const column of columns)
    settle(
      column,
      column.map(() => 0),
    );
  for (let round = 0; round < 12; round++) {
    for (const column of round % 2 === 0 ? columns : [...columns].reverse()) {
      settle(
        column,
        column.map((item) => {
          const neighbours = [...item.before, ...item.after];
          return neighbours.length === 0 ? item.y : mean(neighbours.map(middle)) - item.height / 2;
        }),
      );
    }
  }
  const top = Math.min(...columns.flat().map(({ y }) => y));
  for (const item of columns.flat()) item.y = Math.round(item.y - top);
}

/**
 * The tops nearest to the wished ones, in the least squares, that keep the order and the gaps: pool adjacent violators
 * (https://en.wikipedia.org/wiki/Isotonic_regression).
 */
function settle(column: readonly Item[], wishes: readonly number[]): void {
  const offsets: number[] = [];
  column.forEach((item, i) => {
    const previous = column[i - 1];
    offsets.push(previous === undefined ? 0 : offsets[i - 1]! + previous.height + gapBetween(previous, item));
  });
  const blocks: { sum: number; size: number }[] = [];
  wishes.forEach((wish, i) => {
    blocks.push({ sum: wish - offsets[i]!, size: 1 });
    while (blocks.length > 1 && average(blocks.at(-2)!) > average(blocks.at(-1)!)) {
      const last = blocks.pop()!;
      const previous = blocks.at(-1)!;
      blocks[blocks.length - 1] = { sum: previous.sum + last.sum, size: previous.size + last.size };
    }
  });
  const shifts = blocks.flatMap((block) => new Array<number>(block.size).fill(average(block)));
  column.forEach((item, i) => (item.y = offsets[i]! + shifts[i]!));
}

const gapBetween = (a: Item, b: Item): number => (a.box === null && b.box === null ? gap.lane : gap.box);
const average = ({ sum, size }: { sum: number; size: number }): number => sum / size;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const middle = ({ y, height }: Item): number => y + height / 2;
