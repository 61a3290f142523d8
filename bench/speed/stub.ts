/** A database that answers at once with the same ten rows: what is left is the time of the code above it. */
const rows = Array.from({ length: 10 }, (_, at) => ({
  _id: `${String(at).padStart(8, "0")};posts`,
  _creationTime: 1_700_000_000_000 + at,
  authorId: "00000001;users",
  status: "s3",
  lang: "l1",
  title: `title ${at}`,
  rank: 2_000 + at,
  score: at,
  likes: at,
}));

interface Stub {
  order(direction: string): Stub;
  filter(): Stub;
  take(count: number): Promise<typeof rows>;
  collect(): Promise<typeof rows>;
  [Symbol.asyncIterator](): AsyncIterator<(typeof rows)[number]>;
}
const answer: Stub = {
  order: () => answer,
  filter: () => answer,
  take: (count) => Promise.resolve(rows.slice(0, count)),
  collect: () => Promise.resolve(rows.slice()),
  [Symbol.asyncIterator]: () => {
    const iterator = rows[Symbol.iterator]();
    return { next: () => Promise.resolve(iterator.next()) };
  },
};

interface Bounds {
  eq(field: string, value: unknown): Bounds;
  gt(field: string, value: unknown): Bounds;
  gte(field: string, value: unknown): Bounds;
  lt(field: string, value: unknown): Bounds;
  lte(field: string, value: unknown): Bounds;
}
const bounds: Bounds = { eq: () => bounds, gt: () => bounds, gte: () => bounds, lt: () => bounds, lte: () => bounds };

const table = {
  ...answer,
  withIndex(_index: string, range?: (q: Bounds) => Bounds): Stub {
    range?.(bounds);
    return answer;
  },
};

const metric = { used: 0, remaining: 32_000 };
const metrics = { documentsRead: metric, databaseQueries: metric, bytesRead: { used: 0, remaining: 16_777_216 } };
const db = {
  get: () => Promise.resolve(rows[0]),
  query: () => table,
  normalizeId: (_table: string, id: string) => id,
};

/** A context of a function run, made anew as the platform makes it. */
export const stubCtx = () => ({ db, meta: { getTransactionMetrics: () => Promise.resolve(metrics) } });
