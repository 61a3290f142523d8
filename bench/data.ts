import type { DataModelFromSchemaDefinition, GenericMutationCtx, GenericQueryCtx } from "convex/server";
import type schema from "./schema.js";

export type Model = DataModelFromSchemaDefinition<typeof schema>;
export type Ctx = GenericQueryCtx<Model>;

export const sizes = { teams: 10, users: 100, posts: 4_000, comments: 8_000 };

/** A small deterministic generator (mulberry32): every run asks about the same store. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** A shuffled whole number below a prime for each `at` below it, no two alike: products break ties differently. */
const distinct = (at: number, prime: number): number => (at * 1_237) % prime;

const statuses = ["draft", "live", "archived"] as const;

/** Fills an empty store. 12,110 rows: below what one transaction may write. */
export async function load(ctx: GenericMutationCtx<Model>): Promise<void> {
  const random = numbers(7);
  const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T;
  const teams = await Promise.all(
    Array.from({ length: sizes.teams }, (_, at) => ctx.db.insert("teams", { name: `Team ${at}` })),
  );
  const users = await Promise.all(
    Array.from({ length: sizes.users }, (_, at) => ctx.db.insert("users", { name: `User ${at}`, teamId: pick(teams) })),
  );
  const posts = await Promise.all(
    Array.from({ length: sizes.posts }, (_, at) =>
      ctx.db.insert("posts", {
        authorId: pick(users),
        title: `Post ${at}`,
        status: pick(statuses),
        pinned: random(100) === 0,
        likes: distinct(at, 4_001),
      }),
    ),
  );
  await Promise.all(
    Array.from({ length: sizes.comments }, (_, at) =>
      ctx.db.insert("comments", { postId: pick(posts), text: `Comment ${at}`, likes: distinct(at, 8_009) }),
    ),
  );
}
