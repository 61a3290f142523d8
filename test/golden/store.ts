import { convexTest } from "convex-test";
import { componentsGeneric, defineSchema, defineTable } from "convex/server";
import type { DataModelFromSchemaDefinition, GenericMutationCtx, GenericQueryCtx } from "convex/server";
import { v, type GenericId } from "convex/values";
import { Orm, defineRelations } from "convex-orm";

/** A small music library: 6 artists, 18 albums, 90 tracks, 3 playlists, 4 listeners with ratings. */
export const schema = defineSchema({
  artists: defineTable({ name: v.string(), country: v.string(), mentorId: v.optional(v.id("artists")) })
    .index("by_name", ["name"])
    .index("by_country", ["country"])
    .index("by_mentor", ["mentorId"]),
  albums: defineTable({ title: v.string(), artistId: v.id("artists"), year: v.number(), live: v.boolean() })
    .index("by_artist_and_year", ["artistId", "year"])
    .index("by_year", ["year"])
    .index("by_live_and_year", ["live", "year"]),
  tracks: defineTable({
    name: v.string(),
    albumId: v.id("albums"),
    genre: v.union(v.literal("rock"), v.literal("jazz"), v.literal("folk")),
    seconds: v.number(),
    plays: v.int64(),
    composer: v.optional(v.union(v.string(), v.null())),
    tags: v.array(v.string()),
    meta: v.object({ key: v.string() }),
  })
    .index("by_album_and_seconds", ["albumId", "seconds"])
    .index("by_genre_and_seconds", ["genre", "seconds"])
    .index("by_genre_and_composer", ["genre", "composer"])
    .index("by_composer", ["composer"])
    .index("by_name", ["name"])
    .index("by_key_and_plays", ["meta.key", "plays"]),
  playlists: defineTable({ title: v.string() }).index("by_title", ["title"]),
  entries: defineTable({ playlistId: v.id("playlists"), trackId: v.id("tracks"), position: v.number() })
    .index("by_playlist_and_position", ["playlistId", "position"])
    .index("by_track", ["trackId"]),
  listeners: defineTable({ email: v.string(), deletedAt: v.optional(v.number()) }).index("by_email", ["email"]),
  ratings: defineTable({ listenerId: v.id("listeners"), trackId: v.id("tracks"), stars: v.number() })
    .index("by_listener_and_stars", ["listenerId", "stars"])
    .index("by_track", ["trackId"]),
});

const relations = defineRelations(schema, (r) => ({
  artists: {
    albums: r.many.albums({ to: "artistId" }),
    mentor: r.one.artists({ from: "mentorId" }),
    students: r.many.artists({ to: "mentorId" }),
    liveAlbums: r.many.albums({ to: "artistId", where: { live: true } }),
  },
  albums: { artist: r.one.artists({ from: "artistId" }), tracks: r.many.tracks({ to: "albumId" }) },
  tracks: {
    album: r.one.albums({ from: "albumId" }),
    ratings: r.many.ratings({ to: "trackId" }),
    playlists: r.many.playlists({ through: { table: "entries", from: "trackId", to: "playlistId" } }),
  },
  playlists: { tracks: r.many.tracks({ through: { table: "entries", from: "playlistId", to: "trackId" } }) },
  ratings: { listener: r.one.listeners({ from: "listenerId" }), track: r.one.tracks({ from: "trackId" }) },
}));

const components = componentsGeneric() as unknown as { readonly orm: ConstructorParameters<typeof Orm>[0] };
export const orm = new Orm(components.orm, {
  schema,
  relations,
  tables: { listeners: { unique: { email: ["email"] }, deletion: { soft: "deletedAt" } } },
  rls: false,
});

export type DataModel = DataModelFromSchemaDefinition<typeof schema>;
export type Ctx = GenericQueryCtx<DataModel>;

const artistNames = ["Ash", "Birch", "Cedar", "Doum", "Elm", "Fir"];
const genres = ["rock", "jazz", "folk"] as const;

export async function openStore() {
  const t = convexTest({ schema, modules: { "./_generated/api.ts": async () => ({}) }, transactionLimits: true });
  await t.run(async ({ db }: GenericMutationCtx<DataModel>) => {
    const artists: GenericId<"artists">[] = [];
    for (const [i, name] of artistNames.entries()) {
      artists.push(
        await db.insert("artists", {
          name,
          country: ["SE", "DK"][i % 2]!,
          ...(i < 2 ? {} : { mentorId: artists[i % 2]! }),
        }),
      );
    }
    const tracks: GenericId<"tracks">[] = [];
    for (let a = 0; a < 18; a++) {
      const albumId = await db.insert("albums", {
        title: `${artistNames[a % 6]} ${a}`,
        artistId: artists[a % 6]!,
        year: 1990 + a,
        live: a % 3 === 0,
      });
      for (let n = 0; n < 5; n++) {
        const i = a * 5 + n;
        tracks.push(
          await db.insert("tracks", {
            name: `${"abcdefghi"[i % 9]}${String(i).padStart(2, "0")}`,
            albumId,
            genre: genres[i % 3]!,
            seconds: 100 + ((i * 37) % 90),
            plays: BigInt((i * 53) % 1_000),
            tags: ["loud", "slow", "new"].slice(0, i % 4),
            meta: { key: ["C", "D", "E", "G"][i % 4]! },
            ...(i % 4 === 0 ? {} : { composer: i % 4 === 1 ? null : `c${i % 7}` }),
          }),
        );
      }
    }
    for (let p = 0; p < 3; p++) {
      const playlistId = await db.insert("playlists", { title: `list ${p}` });
      for (let k = 0; k < 12; k++)
        await db.insert("entries", { playlistId, trackId: tracks[(p * 11 + k * 7) % 90]!, position: k });
    }
    for (let l = 0; l < 4; l++) {
      const listenerId = await db.insert("listeners", {
        email: `l${l}@example.com`,
        ...(l === 3 ? { deletedAt: 1 } : {}),
      });
      for (let k = 0; k < 15; k++)
        await db.insert("ratings", { listenerId, trackId: tracks[(l * 13 + k * 5) % 90]!, stars: 1 + ((l + k) % 5) });
    }
  });
  return t;
}
