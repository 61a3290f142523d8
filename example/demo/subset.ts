import type { Chinook } from "../convex/lib/chinook.js";

/**
 * A consistent part of Chinook, small enough for tests: the named artists with everything below them, all people, the
 * first `invoicesPerCustomer` invoices of each customer, and of the lines those whose track is in the part.
 */
export function subset(data: Chinook, artists: string[], invoicesPerCustomer = 2): Chinook {
  const Artist = data.Artist.filter((row) => artists.includes(row.Name));
  const artistIds = new Set(Artist.map((row) => row.ArtistId));
  const Album = data.Album.filter((row) => artistIds.has(row.ArtistId));
  const albumIds = new Set(Album.map((row) => row.AlbumId));
  const Track = data.Track.filter((row) => albumIds.has(row.AlbumId));
  const trackIds = new Set(Track.map((row) => row.TrackId));
  const taken = new Map<number, number>();
  const Invoice = data.Invoice.filter((row) => {
    const nth = (taken.get(row.CustomerId) ?? 0) + 1;
    taken.set(row.CustomerId, nth);
    return nth <= invoicesPerCustomer;
  });
  const invoiceIds = new Set(Invoice.map((row) => row.InvoiceId));
  return {
    ...data,
    Artist,
    Album,
    Track,
    Invoice,
    InvoiceLine: data.InvoiceLine.filter((row) => trackIds.has(row.TrackId) && invoiceIds.has(row.InvoiceId)),
    PlaylistTrack: data.PlaylistTrack.filter((row) => trackIds.has(row.TrackId)),
  };
}
