import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

/**
 * The Chinook music store as a plain Convex schema: nothing of the ORM's is in it.
 *
 * References are Convex ids. Every one has an index that leads with it, since a foreign key is only as cheap as the
 * look-up of its children. The second field of such an index is the order in which an app lists those children.
 * Dates are milliseconds since the epoch, money is dollars.
 */
export default defineSchema({
  artists: defineTable({
    name: v.string(),
  }).index("by_name", ["name"]),

  albums: defineTable({
    title: v.string(),
    artistId: v.id("artists"),
  })
    .index("by_artist_and_title", ["artistId", "title"])
    .index("by_title", ["title"]),

  genres: defineTable({
    name: v.string(),
  }).index("by_name", ["name"]),

  mediaTypes: defineTable({
    name: v.string(),
  }).index("by_name", ["name"]),

  tracks: defineTable({
    name: v.string(),
    albumId: v.id("albums"),
    genreId: v.id("genres"),
    mediaTypeId: v.id("mediaTypes"),
    composer: v.optional(v.string()),
    milliseconds: v.number(),
    bytes: v.number(),
    unitPrice: v.number(),
  })
    .index("by_album_and_name", ["albumId", "name"])
    .index("by_genre_and_name", ["genreId", "name"])
    .index("by_genre_and_milliseconds", ["genreId", "milliseconds"])
    .index("by_media_type", ["mediaTypeId"])
    .index("by_composer", ["composer"])
    .index("by_name", ["name"]),

  employees: defineTable({
    firstName: v.string(),
    lastName: v.string(),
    title: v.string(),
    reportsTo: v.optional(v.id("employees")),
    birthDate: v.number(),
    hireDate: v.number(),
    address: v.string(),
    city: v.string(),
    state: v.string(),
    country: v.string(),
    postalCode: v.string(),
    phone: v.string(),
    fax: v.string(),
    email: v.string(),
  })
    .index("by_reports_to", ["reportsTo"])
    .index("by_email", ["email"]),

  customers: defineTable({
    firstName: v.string(),
    lastName: v.string(),
    company: v.optional(v.string()),
    address: v.string(),
    city: v.string(),
    state: v.optional(v.string()),
    country: v.string(),
    postalCode: v.optional(v.string()),
    phone: v.optional(v.string()),
    fax: v.optional(v.string()),
    email: v.string(),
    supportRepId: v.optional(v.id("employees")),
  })
    .index("by_support_rep_and_name", ["supportRepId", "lastName", "firstName"])
    .index("by_country_and_city", ["country", "city"])
    .index("by_name", ["lastName", "firstName"])
    .index("by_email", ["email"]),

  invoices: defineTable({
    customerId: v.id("customers"),
    invoiceDate: v.number(),
    billingAddress: v.string(),
    billingCity: v.string(),
    billingState: v.optional(v.string()),
    billingCountry: v.string(),
    billingPostalCode: v.optional(v.string()),
    total: v.number(),
  })
    .index("by_customer_and_date", ["customerId", "invoiceDate"])
    .index("by_country_and_total", ["billingCountry", "total"])
    .index("by_date", ["invoiceDate"]),

  invoiceLines: defineTable({
    invoiceId: v.id("invoices"),
    trackId: v.id("tracks"),
    unitPrice: v.number(),
    quantity: v.number(),
  })
    .index("by_invoice", ["invoiceId"])
    .index("by_track", ["trackId"]),

  playlists: defineTable({
    name: v.string(),
  }).index("by_name", ["name"]),

  playlistTracks: defineTable({
    playlistId: v.id("playlists"),
    trackId: v.id("tracks"),
  })
    .index("by_playlist_and_track", ["playlistId", "trackId"])
    .index("by_track", ["trackId"]),
});
