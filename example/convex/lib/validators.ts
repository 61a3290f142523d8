import { addFieldsToValidator, doc, nullable } from "convex-helpers/validators";
import { v } from "convex/values";
import schema from "../schema.js";

/** What the public functions return: documents as the schema has them, with the relations that they load. */
export const vArtist = doc(schema, "artists");
export const vAlbum = doc(schema, "albums");
export const vTrack = doc(schema, "tracks");
export const vCustomer = doc(schema, "customers");
export const vInvoice = doc(schema, "invoices");

export const vAlbumWithArtist = addFieldsToValidator(vAlbum, { artist: nullable(vArtist) });

export const vTrackWithAlbum = addFieldsToValidator(vTrack, { album: nullable(vAlbumWithArtist) });

export const vArtistPage = addFieldsToValidator(vArtist, {
  albums: v.array(addFieldsToValidator(vAlbum, { tracks: v.array(vTrack) })),
});

export const vCustomerWithRep = addFieldsToValidator(vCustomer, {
  supportRep: nullable(v.object({ firstName: v.string(), lastName: v.string() })),
});

export const vInvoiceWithLines = addFieldsToValidator(vInvoice, {
  lines: v.array(addFieldsToValidator(doc(schema, "invoiceLines"), { track: nullable(vTrack) })),
});

/** A job as `orm.jobs.get` gives it. */
export const vJob = v.object({
  _id: v.string(),
  kind: v.string(),
  status: v.union(
    v.literal("pending"),
    v.literal("running"),
    v.literal("succeeded"),
    v.literal("failed"),
    v.literal("cancelled"),
  ),
  rowsDone: v.number(),
  frontier: v.number(),
  steps: v.number(),
  attempts: v.number(),
  error: nullable(v.string()),
  createdAt: v.number(),
  startedAt: v.optional(v.number()),
  finishedAt: v.optional(v.number()),
});
