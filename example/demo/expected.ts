import type { Chinook } from "../convex/lib/chinook.js";

type Track = Chinook["Track"][number];
type Invoice = Chinook["Invoice"][number];

/** The answers that the demo must get, computed from the JSON alone: plain loops, no database, no ORM. */
export class Expected {
  constructor(readonly data: Chinook) {}

  get rows(): number {
    return Object.values(this.data).reduce((sum, rows) => sum + rows.length, 0);
  }

  tracksOfGenres(...names: string[]): Track[] {
    const ids = this.data.Genre.filter((genre) => names.includes(genre.Name)).map((genre) => genre.GenreId);
    return this.data.Track.filter((track) => ids.includes(track.GenreId));
  }

  /** Longest first; of two equally long, the one that was loaded later, as ties end in the last key's direction. */
  longest(tracks: Track[]): Track[] {
    return [...tracks].sort((a, b) => b.Milliseconds - a.Milliseconds || b.TrackId - a.TrackId);
  }

  /** By name in UTF-8 order, ties in the order of loading. */
  byName(tracks: Track[]): Track[] {
    return [...tracks].sort((a, b) => compareText(a.Name, b.Name) || a.TrackId - b.TrackId);
  }

  artist(name: string): Chinook["Artist"][number] {
    const artist = this.data.Artist.find((row) => row.Name === name);
    if (artist === undefined) throw new Error(`no artist named ${name} in the JSON`);
    return artist;
  }

  albumsOf(artistId: number): Chinook["Album"] {
    return this.data.Album.filter((album) => album.ArtistId === artistId).sort((a, b) => compareText(a.Title, b.Title));
  }

  tracksOfAlbum(albumId: number): Track[] {
    return this.byName(this.data.Track.filter((track) => track.AlbumId === albumId));
  }

  /** The artist with the most tracks. */
  largestArtist(): Chinook["Artist"][number] {
    const artistOf = new Map(this.data.Album.map((album) => [album.AlbumId, album.ArtistId]));
    const tracks = new Map<number | undefined, number>();
    for (const { AlbumId } of this.data.Track) {
      const artist = artistOf.get(AlbumId);
      tracks.set(artist, (tracks.get(artist) ?? 0) + 1);
    }
    const counted = (artist: Chinook["Artist"][number]) => tracks.get(artist.ArtistId) ?? 0;
    return this.data.Artist.reduce((largest, artist) => (counted(artist) > counted(largest) ? artist : largest));
  }

  /** How many rows of each table hang below an artist. */
  belowArtist(artistId: number): { albums: number; tracks: number; invoiceLines: number; playlistTracks: number } {
    const albums = new Set(this.data.Album.filter((row) => row.ArtistId === artistId).map((row) => row.AlbumId));
    const tracks = new Set(this.data.Track.filter((row) => albums.has(row.AlbumId)).map((row) => row.TrackId));
    return {
      albums: albums.size,
      tracks: tracks.size,
      invoiceLines: this.data.InvoiceLine.filter((row) => tracks.has(row.TrackId)).length,
      playlistTracks: this.data.PlaylistTrack.filter((row) => tracks.has(row.TrackId)).length,
    };
  }

  /** The invoices of the customers that these employees support, newest first. */
  invoicesOfAgents(...emails: string[]): Invoice[] {
    const agents = this.data.Employee.filter((row) => emails.includes(row.Email)).map((row) => row.EmployeeId);
    const customers = this.data.Customer.filter((row) => agents.includes(row.SupportRepId));
    return this.invoicesOf(customers.map((row) => row.CustomerId));
  }

  invoicesOfManager(email: string): Invoice[] {
    const manager = this.data.Employee.find((row) => row.Email === email);
    const reports = this.data.Employee.filter((row) => row.ReportsTo === manager?.EmployeeId);
    return this.invoicesOfAgents(...reports.map((row) => row.Email));
  }

  invoicesOfCustomer(email: string): Invoice[] {
    return this.invoicesOf(this.data.Customer.filter((row) => row.Email === email).map((row) => row.CustomerId));
  }

  private invoicesOf(customerIds: number[]): Invoice[] {
    return this.data.Invoice.filter((row) => customerIds.includes(row.CustomerId)).sort(
      (a, b) => compareText(b.InvoiceDate, a.InvoiceDate) || b.InvoiceId - a.InvoiceId,
    );
  }
}

/** Convex orders strings by their UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, "utf8"), Buffer.from(b, "utf8"));
}
