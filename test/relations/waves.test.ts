/**
 * Relations are loaded in as many waves as there are levels: a database that answers only when nothing more can be
 * asked counts them. Planning is done once a level, whatever the number of keys.
 */
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import { defineRelations } from "convex-orm";
import type { Database, Document, OrderedRows, Rows } from "../../src/client/executor/env.js";
import { TableReader } from "../../src/client/executor/reader.js";
import { buildCatalog } from "../../src/client/schema/build.js";
import { envOf } from "../support/fake-app.js";
import { FakeDatabase } from "../support/fake-db.js";

/** The part of the Chinook store that leads from an artist to what was sold of it. */
const schema = defineSchema({
  artists: defineTable({ name: v.string() }).index("by_name", ["name"]),
  albums: defineTable({ title: v.string(), artistId: v.id("artists") }).index("by_artist", ["artistId"]),
  tracks: defineTable({ name: v.string(), albumId: v.id("albums") }).index("by_album", ["albumId"]),
  lines: defineTable({ trackId: v.id("tracks"), quantity: v.number() }).index("by_track", ["trackId"]),
  playlists: defineTable({ name: v.string() }),
  entries: defineTable({ playlistId: v.id("playlists"), trackId: v.id("tracks") })
    .index("by_playlist", ["playlistId"])
    .index("by_track", ["trackId"]),
});
const relations = defineRelations(schema, (r) => ({
  artists: { albums: r.many.albums({ to: "artistId" }) },
  albums: { artist: r.one.artists({ from: "artistId" }), tracks: r.many.tracks({ to: "albumId" }) },
  tracks: {
    album: r.one.albums({ from: "albumId" }),
    lines: r.many.lines({ to: "trackId" }),
    playlists: r.many.playlists({ through: { table: "entries", from: "trackId", to: "playlistId" } }),
  },
  lines: { track: r.one.tracks({ from: "trackId" }) },
}));
const catalog = buildCatalog(schema, relations, {});

/** Holds every read back until no other can be asked, then lets them all go at once: one wave. */
class Waves implements Database {
  readonly sizes: number[] = [];
  private waiting: (() => void)[] = [];

  constructor(private readonly db: FakeDatabase) {}

  normalizeId = (table: string, id: string) => this.db.normalizeId(table, id);
  async get(id: Parameters<Database["get"]>[0]): Promise<Document | null> {
    await this.gate();
    return await this.db.get(id);
  }
  query(table: string) {
    const { withIndex, withSearchIndex } = this.db.query(table);
    return {
      withIndex: (...range: Parameters<typeof withIndex>): OrderedRows => this.ordered(withIndex(...range)),
      withSearchIndex,
    };
  }

  private ordered(rows: OrderedRows): OrderedRows {
    return { ...this.rows(rows), order: (direction) => this.rows(rows.order(direction)) };
  }
  private rows(rows: Rows): Rows {
    const all = { ...rows, limit: (n: number) => this.rows(rows.limit!(n)) };
    return { ...all, [Symbol.asyncIterator]: () => this.iterator(rows) };
  }
  /** Opening a range is a read; the rows that follow were fetched with the first. */
  private iterator(rows: Rows): AsyncIterator<Document> {
    const inner = rows[Symbol.asyncIterator]();
    let open: Promise<void> | null = null;
    return {
      next: async () => {
        await (open ??= this.gate());
        return await inner.next();
      },
      return: () => inner.return!(),
    };
  }
  private gate(): Promise<void> {
    if (this.waiting.length === 0) {
      setTimeout(() => {
        const wave = this.waiting.splice(0);
        this.sizes.push(wave.length);
        for (const go of wave) go();
      }, 0);
    }
    return new Promise((go) => this.waiting.push(go));
  }
}

function store(artists = 4, albums = 3, tracks = 5, lines = 2) {
  const fields = (table: (typeof catalog.tables)[string]) =>
    Object.fromEntries(table.indexes.map((index) => [index.name, index.fields.slice(0, index.declared)]));
  const db = new FakeDatabase(
    Object.fromEntries(Object.values(catalog.tables).map((table) => [table.name, fields(table)])),
  );
  const playlist = db.insert("playlists", { name: "all" });
  for (let a = 0; a < artists; a++) {
    const artistId = db.insert("artists", { name: `artist ${a}` });
    for (let b = 0; b < albums; b++) {
      const albumId = db.insert("albums", { title: `album ${a}.${b}`, artistId });
      for (let t = 0; t < tracks; t++) {
        const trackId = db.insert("tracks", { name: `track ${a}.${b}.${t}`, albumId });
        db.insert("entries", { playlistId: playlist, trackId });
        for (let l = 0; l < lines; l++) db.insert("lines", { trackId, quantity: l });
      }
    }
  }
  const waves = new Waves(db);
  const reader = (table: string) => new TableReader(envOf(waves, { catalog }), catalog.tables[table]!);
  return { db, waves, reader };
}

describe("waves", () => {
  test("artists, albums, tracks, invoice lines: four levels, four waves", async () => {
    const { waves, reader } = store();
    const rows = await reader("artists").findMany({
      limit: 10,
      with: { albums: { with: { tracks: { with: { lines: true } } } } },
    });
    expect(JSON.stringify(rows).match(/"quantity"/g)).toHaveLength(4 * 3 * 5 * 2);
    expect(waves.sizes).toEqual([1, 4, 12, 60]);
  });

  test("and down a chain of parents", async () => {
    const { waves, reader } = store();
    const rows = await reader("lines").findMany({
      limit: 40,
      with: { track: { with: { album: { with: { artist: true } } } } },
    });
    expect(rows[0]).toMatchObject({ track: { album: { artist: { name: "artist 0" } } } });
    expect(waves.sizes).toEqual([1, 20, 4, 2]);
  });

  test("relations side by side share their waves", async () => {
    const { waves, reader } = store();
    await reader("tracks").findMany({ limit: 10, with: { album: true, lines: { limit: 1 } } });
    expect(waves.sizes).toEqual([1, 2 + 10]);
  });

  test("through a junction a level takes two", async () => {
    const { waves, reader } = store();
    const rows = await reader("tracks").findMany({ limit: 10, with: { playlists: { through: true } } });
    expect(rows[9]).toMatchObject({ playlists: [{ name: "all" }] });
    expect(waves.sizes).toEqual([1, 10, 1]);
  });

  test("nothing is asked for a level without keys", async () => {
    const { waves, reader } = store(4, 0);
    await reader("artists").findMany({ limit: 10, with: { albums: { with: { tracks: true } } } });
    expect(waves.sizes).toEqual([1, 4]);
  });
});

test("when a read fails the others are waited for", async () => {
  const { db, reader } = store();
  const get = db.query.bind(db);
  let opened = 0;
  db.query = (table) => {
    if (table === "albums" && ++opened === 2) throw new Error("broken");
    return get(table);
  };
  await expect(reader("artists").findMany({ limit: 10, with: { albums: true } })).rejects.toThrow("broken");
  const { documents, queries } = db;
  await new Promise((done) => setTimeout(done, 20));
  expect({ documents: db.documents, queries: db.queries }).toEqual({ documents, queries });
  expect(opened).toBe(4);
});
