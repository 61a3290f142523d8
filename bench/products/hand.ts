/** What an expert's code that uses no library has in common. */
interface Ranked {
  readonly _id: string;
  readonly rank: number;
}

/**
 * The next `limit` rows by rank of ranges that each deliver that order: a head a range, read on where one was taken, and
 * a row of two ranges once.
 */
export async function mergeByRank<R extends Ranked>(ranges: readonly AsyncIterable<R>[], limit: number): Promise<R[]> {
  const iterators = ranges.map((range) => range[Symbol.asyncIterator]());
  const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
  const rows: R[] = [];
  while (rows.length < limit) {
    let least: R | null = null;
    for (const head of heads)
      if (head.done !== true && (least === null || head.value.rank < least.rank)) least = head.value;
    if (least === null) break;
    rows.push(least);
    if (rows.length === limit) break;
    const { _id } = least;
    await Promise.all(
      heads.map(async (head, at) => {
        if (head.done !== true && head.value._id === _id) heads[at] = await (iterators[at] as AsyncIterator<R>).next();
      }),
    );
  }
  return rows;
}

/** A page whose cursor is its last rank; one row more than a page tells whether it is the last. */
export async function pageByRank(ranges: readonly AsyncIterable<Ranked>[], numItems: number) {
  const rows = await mergeByRank(ranges, numItems + 1);
  const page = rows.slice(0, numItems);
  const last = page[page.length - 1];
  return { keys: page.map((row) => row._id), isDone: rows.length <= numItems, cursor: last ? String(last.rank) : null };
}
