import type { DataModelFromSchemaDefinition, GenericQueryCtx } from "convex/server";
import type { GenericId } from "convex/values";
import type schema from "./schema.js";

export type Model = DataModelFromSchemaDefinition<typeof schema>;
export type Ctx = GenericQueryCtx<Model>;
export type TableName = keyof Model;
export type Row<T extends TableName> = Model[T]["document"];
export type Fields<T extends TableName> = Omit<Row<T>, "_id" | "_creationTime">;

/** Everything that is stored, for the brute-force answers and for arguments that are ids. */
export type World = { readonly [T in TableName]: readonly Row<T>[] };

export const sizes = { users: 100, posts: 4_000, groups: 60, notes: 2_000, events: 10_000 };
/** Posts of the lowest ranks have ten comments each, the last post 500, the others one. */
const discussed = { posts: 60, comments: 10, longest: 500 };

export type Random = (below: number) => number;

/** A small deterministic generator (mulberry32): every run asks about the same store. */
export function numbers(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const titleOf = (at: number): string => `${"abcdefghij"[at % 10]}${at % 7}-${String(at).padStart(5, "0")}`;

/** Ranks are all different, for products break ties differently, and in a scrambled order. */
function postOf(at: number, authorOf: (rank: number) => GenericId<"users">): Fields<"posts"> {
  const rank = (at * 7_919) % sizes.posts;
  return {
    authorId: authorOf(rank),
    status: `s${at % 40}`,
    lang: `l${at % 50}`,
    title: titleOf(at),
    rank,
    score: Math.floor(at / 4),
    ...(at % 40 === 0 ? {} : { likes: at % 40 === 1 ? null : at % 500 }),
  };
}

type Insert = <T extends TableName>(table: T, fields: Fields<T>) => Promise<GenericId<T>>;

/** Fills an empty store: 40 statuses of 100 posts, 50 languages of 80, 40 posts an author, 30 groups for the first user. */
export async function load(insert: Insert): Promise<void> {
  const all = async <T extends TableName>(table: T, count: number, make: (at: number) => Fields<T>) => {
    const ids: GenericId<T>[] = [];
    for (let at = 0; at < count; at++) ids.push(await insert(table, make(at)));
    return ids;
  };
  const users = await all("users", sizes.users, (at) => ({ name: `user ${at}` }));
  const user = (at: number) => users[at % users.length] as GenericId<"users">;
  // The first fifty posts by rank have ten authors.
  const authorOf = (rank: number) => user(Math.floor(rank / 5));
  const ranks: number[] = [];
  const posts = await all("posts", sizes.posts, (at) => {
    const post = postOf(at, authorOf);
    ranks.push(post.rank);
    return post;
  });
  let said = 0;
  for (const [at, postId] of posts.entries()) {
    const last = at === posts.length - 1;
    const count = last ? discussed.longest : (ranks[at] as number) < discussed.posts ? discussed.comments : 1;
    await all("comments", count, () => ({ postId, body: `comment ${said}`, likes: (said++ * 1_237) % 8_009 }));
  }
  const groups = await all("groups", sizes.groups, (at) => ({ title: `group ${at}` }));
  const group = (at: number) => groups[at % groups.length] as GenericId<"groups">;
  await all("memberships", 30, (at) => ({ userId: user(0), groupId: group(at * 7) }));
  await all("memberships", 198, (at) => ({ userId: user(1 + (at % 99)), groupId: group(at * 11) }));
  await all("notes", sizes.notes, (at) => ({ ownerId: user(at), rank: (at * 1_237) % 2_003, text: `note ${at}` }));
  await all("events", sizes.events, (at) => ({ kind: "abc"[at % 3] as string, at: 1_000 }));
}

const pick = <T>(random: Random, items: readonly T[]): T => items[random(items.length)] as T;

/** What somebody else might write: a row of the same make-up as the stored ones. */
export const drawn: { readonly [T in TableName]: (random: Random, world: World) => Fields<T> } = {
  users: (random) => ({ name: `user ${random(2 * sizes.users)}` }),
  posts: (random, world) => ({
    ...postOf(random(4 * sizes.posts), () => pick(random, world.users)._id),
    rank: random(sizes.posts),
  }),
  comments: (random, world) => ({ postId: pick(random, world.comments).postId, body: "new", likes: random(8_009) }),
  groups: (random) => ({ title: `group ${random(2 * sizes.groups)}` }),
  memberships: (random, world) => ({
    userId: pick(random, world.memberships).userId,
    groupId: pick(random, world.groups)._id,
  }),
  notes: (random, world) => ({ ownerId: pick(random, world.users)._id, rank: random(2_003), text: "new" }),
  events: (random) => ({ kind: pick(random, [..."abc"]), at: random(2_000) }),
};
