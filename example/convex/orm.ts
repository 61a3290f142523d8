import { defineRelations, Orm } from "convex-orm";
import { components } from "./_generated/api.js";
import schema from "./schema.js";
import { sessionOf, type Session } from "./session.js";

/**
 * How the tables hang together. A relation with `onDelete` is a foreign key: its parent must exist, and the action says
 * what happens to the row when the parent goes. Here an artist takes everything below it along, a genre in use stays.
 */
export const relations = defineRelations(schema, (r) => ({
  artists: {
    albums: r.many.albums({ to: "artistId" }),
  },
  albums: {
    artist: r.one.artists({ from: "artistId", onDelete: "cascade" }),
    tracks: r.many.tracks({ to: "albumId" }),
  },
  tracks: {
    album: r.one.albums({ from: "albumId", onDelete: "cascade" }),
    genre: r.one.genres({ from: "genreId", onDelete: "restrict" }),
    mediaType: r.one.mediaTypes({ from: "mediaTypeId", onDelete: "restrict" }),
    invoiceLines: r.many.invoiceLines({ to: "trackId" }),
    playlists: r.many.playlists({ through: { table: "playlistTracks", from: "trackId", to: "playlistId" } }),
  },
  genres: {
    tracks: r.many.tracks({ to: "genreId" }),
  },
  mediaTypes: {
    tracks: r.many.tracks({ to: "mediaTypeId" }),
  },
  employees: {
    manager: r.one.employees({ from: "reportsTo", onDelete: "set null" }),
    reports: r.many.employees({ to: "reportsTo" }),
    customers: r.many.customers({ to: "supportRepId" }),
  },
  customers: {
    supportRep: r.one.employees({ from: "supportRepId", onDelete: "set null" }),
    invoices: r.many.invoices({ to: "customerId" }),
  },
  invoices: {
    customer: r.one.customers({ from: "customerId", onDelete: "restrict" }),
    lines: r.many.invoiceLines({ to: "invoiceId" }),
  },
  invoiceLines: {
    invoice: r.one.invoices({ from: "invoiceId", onDelete: "cascade" }),
    // The invoice keeps its `total`, which is what was paid; the line goes with the track.
    track: r.one.tracks({ from: "trackId", onDelete: "cascade" }),
  },
  playlists: {
    tracks: r.many.tracks({ through: { table: "playlistTracks", from: "playlistId", to: "trackId" } }),
  },
  playlistTracks: {
    playlist: r.one.playlists({ from: "playlistId", onDelete: "cascade" }),
    track: r.one.tracks({ from: "trackId", onDelete: "cascade" }),
  },
}));

export const orm = new Orm(components.orm, {
  schema,
  relations,
  tables: {
    genres: { unique: { name: ["name"] } },
    mediaTypes: { unique: { name: ["name"] } },
    tracks: { checks: { priced: { unitPrice: { gte: 0 } } } },
    // Protected tables are closed until policies.ts is synced: a fresh deployment leaks nothing.
    employees: { unique: { email: ["email"] }, protected: true },
    customers: { unique: { email: ["email"] }, protected: true },
    invoices: {
      defaults: { invoiceDate: () => Date.now() },
      checks: { owed: { total: { gte: 0 } } },
      protected: true,
    },
    invoiceLines: {
      defaults: { quantity: 1 },
      checks: { some: { quantity: { gte: 1 } }, priced: { unitPrice: { gte: 0 } } },
      protected: true,
    },
    playlistTracks: { unique: { once: ["playlistId", "trackId"] } },
  },
  session: async (ctx): Promise<Session> => await sessionOf(ctx),
});

/**
 * Internal functions that the component and actions call back. A step of a job handles 150 rows here, not the usual
 * thousand, so that the progress of a store as small as this can be seen.
 */
export const { worker, hydrate } = orm.functions({ stepRows: 150 });
