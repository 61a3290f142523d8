import { expect, test } from "vitest";
import { chinook } from "./data.js";
import { Expected } from "./expected.js";
import { subset } from "./subset.js";

const expected = new Expected(chinook);

test("the JSON is the whole of Chinook", () => {
  expect(expected.rows).toBe(15_607);
});

test("the largest artist is Iron Maiden, with more below it than one transaction takes inline", () => {
  const artist = expected.largestArtist();
  expect(artist.Name).toBe("Iron Maiden");
  expect(expected.belowArtist(artist.ArtistId)).toEqual({
    albums: 21,
    tracks: 213,
    invoiceLines: 140,
    playlistTracks: 516,
  });
});

test("the agents' invoices together are the manager's, and the manager's are all", () => {
  const agents = ["jane@chinookcorp.com", "margaret@chinookcorp.com", "steve@chinookcorp.com"];
  const each = agents.map((email) => expected.invoicesOfAgents(email).length);
  expect(each).toEqual([146, 140, 126]);
  expect(expected.invoicesOfManager("nancy@chinookcorp.com")).toHaveLength(412);
  expect(expected.invoicesOfManager("andrew@chinookcorp.com")).toHaveLength(0);
});

test("a subset has no reference that leads out of it", () => {
  const part = subset(chinook, ["AC/DC", "Accept"]);
  const tracks = new Set(part.Track.map((row) => row.TrackId));
  const invoices = new Set(part.Invoice.map((row) => row.InvoiceId));
  expect(part.Album).toHaveLength(4);
  expect(part.InvoiceLine.length).toBeGreaterThan(0);
  expect(part.InvoiceLine.every((row) => tracks.has(row.TrackId) && invoices.has(row.InvoiceId))).toBe(true);
  expect(part.PlaylistTrack.every((row) => tracks.has(row.TrackId))).toBe(true);
});
