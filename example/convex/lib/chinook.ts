import type { WithoutSystemFields } from "convex/server";
import type { Doc, Id, TableNames } from "../_generated/dataModel.js";

/** The rows of `example/data/chinook.json`, under the names that the original tables have. */
export interface Chinook {
  Genre: { GenreId: number; Name: string }[];
  MediaType: { MediaTypeId: number; Name: string }[];
  Artist: { ArtistId: number; Name: string }[];
  Album: { AlbumId: number; Title: string; ArtistId: number }[];
  Track: {
    TrackId: number;
    Name: string;
    AlbumId: number;
    MediaTypeId: number;
    GenreId: number;
    Composer: string;
    Milliseconds: number;
    Bytes: number;
    UnitPrice: number;
  }[];
  Employee: ({
    EmployeeId: number;
    FirstName: string;
    LastName: string;
    Title: string;
    ReportsTo: number | null;
    BirthDate: string;
    HireDate: string;
    State: string;
    PostalCode: string;
    Phone: string;
    Fax: string;
    Email: string;
  } & Address)[];
  Customer: ({
    CustomerId: number;
    FirstName: string;
    LastName: string;
    Company: string;
    State: string;
    PostalCode: string;
    Phone: string;
    Fax: string;
    Email: string;
    SupportRepId: number;
  } & Address)[];
  Invoice: {
    InvoiceId: number;
    CustomerId: number;
    InvoiceDate: string;
    BillingAddress: string;
    BillingCity: string;
    BillingState: string;
    BillingCountry: string;
    BillingPostalCode: string;
    Total: number;
  }[];
  InvoiceLine: { InvoiceLineId: number; InvoiceId: number; TrackId: number; UnitPrice: number; Quantity: number }[];
  Playlist: { PlaylistId: number; Name: string }[];
  PlaylistTrack: { PlaylistId: number; TrackId: number }[];
}

interface Address {
  Address: string;
  City: string;
  Country: string;
}

/** One document to insert, and the Chinook key that other rows know it by (absent on a junction row). */
interface Prepared<T extends TableNames> {
  key?: number;
  document: WithoutSystemFields<Doc<T>>;
}

/** Gives the Convex id of the document that was made from the row with this key. */
type Lookup = <T extends TableNames>(table: T, key: number) => Id<T>;

type Step = { [T in TableNames]: { table: T; prepare: (data: Chinook, id: Lookup) => Prepared<T>[] } }[TableNames];

const step = <T extends TableNames>(table: T, prepare: (data: Chinook, id: Lookup) => Prepared<T>[]): Step =>
  ({ table, prepare }) as Step;

/** Chinook writes an empty string where it has no value; a Convex document leaves the field out. */
const filled = (text: string): string | undefined => (text === "" ? undefined : text);

const time = (date: string): number => Date.parse(`${date}Z`);

/** Parents come before children. The one table that refers to itself, `employees`, is loaded level by level below. */
export const LOAD_STEPS: readonly Step[] = [
  step("genres", (data) => data.Genre.map((row) => ({ key: row.GenreId, document: { name: row.Name } }))),
  step("mediaTypes", (data) => data.MediaType.map((row) => ({ key: row.MediaTypeId, document: { name: row.Name } }))),
  step("artists", (data) => data.Artist.map((row) => ({ key: row.ArtistId, document: { name: row.Name } }))),
  step("albums", (data, id) =>
    data.Album.map((row) => ({
      key: row.AlbumId,
      document: { title: row.Title, artistId: id("artists", row.ArtistId) },
    })),
  ),
  step("tracks", (data, id) =>
    data.Track.map((row) => ({
      key: row.TrackId,
      document: {
        name: row.Name,
        albumId: id("albums", row.AlbumId),
        genreId: id("genres", row.GenreId),
        mediaTypeId: id("mediaTypes", row.MediaTypeId),
        composer: filled(row.Composer),
        milliseconds: row.Milliseconds,
        bytes: row.Bytes,
        unitPrice: row.UnitPrice,
      },
    })),
  ),
  ...[0, 1, 2].map((level) =>
    step("employees", (data, id) =>
      data.Employee.filter((row) => levelOf(data, row) === level).map((row) => ({
        key: row.EmployeeId,
        document: {
          firstName: row.FirstName,
          lastName: row.LastName,
          title: row.Title,
          reportsTo: row.ReportsTo === null ? undefined : id("employees", row.ReportsTo),
          birthDate: time(row.BirthDate),
          hireDate: time(row.HireDate),
          address: row.Address,
          city: row.City,
          state: row.State,
          country: row.Country,
          postalCode: row.PostalCode,
          phone: row.Phone,
          fax: row.Fax,
          email: row.Email,
        },
      })),
    ),
  ),
  step("customers", (data, id) =>
    data.Customer.map((row) => ({
      key: row.CustomerId,
      document: {
        firstName: row.FirstName,
        lastName: row.LastName,
        company: filled(row.Company),
        address: row.Address,
        city: row.City,
        state: filled(row.State),
        country: row.Country,
        postalCode: filled(row.PostalCode),
        phone: filled(row.Phone),
        fax: filled(row.Fax),
        email: row.Email,
        supportRepId: id("employees", row.SupportRepId),
      },
    })),
  ),
  step("invoices", (data, id) =>
    data.Invoice.map((row) => ({
      key: row.InvoiceId,
      document: {
        customerId: id("customers", row.CustomerId),
        invoiceDate: time(row.InvoiceDate),
        billingAddress: row.BillingAddress,
        billingCity: row.BillingCity,
        billingState: filled(row.BillingState),
        billingCountry: row.BillingCountry,
        billingPostalCode: filled(row.BillingPostalCode),
        total: row.Total,
      },
    })),
  ),
  step("invoiceLines", (data, id) =>
    data.InvoiceLine.map((row) => ({
      key: row.InvoiceLineId,
      document: {
        invoiceId: id("invoices", row.InvoiceId),
        trackId: id("tracks", row.TrackId),
        unitPrice: row.UnitPrice,
        quantity: row.Quantity,
      },
    })),
  ),
  step("playlists", (data) => data.Playlist.map((row) => ({ key: row.PlaylistId, document: { name: row.Name } }))),
  step("playlistTracks", (data, id) =>
    data.PlaylistTrack.map((row) => ({
      document: { playlistId: id("playlists", row.PlaylistId), trackId: id("tracks", row.TrackId) },
    })),
  ),
];

/** How far an employee is from the top: 0 for the general manager. */
function levelOf(data: Chinook, employee: Chinook["Employee"][number]): number {
  if (employee.ReportsTo === null) return 0;
  const manager = data.Employee.find((row) => row.EmployeeId === employee.ReportsTo);
  return manager === undefined ? 0 : levelOf(data, manager) + 1;
}
