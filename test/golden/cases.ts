/** Queries of the golden files. `albums[3]`-like strings stand for ids: see plans.test.ts. */
export interface Case {
  readonly title: string;
  readonly table: string;
  readonly args: Readonly<Record<string, unknown>>;
}
const tracks = (title: string, args: Case["args"]): Case => ({ title, table: "tracks", args });
const on = (table: string, title: string, args: Case["args"]): Case => ({ title, table, args });
const id = (of: string): string => `@${of}`;

export const groups: Readonly<Record<string, readonly Case[]>> = {
  "look-ups": [
    tracks("an id", { where: { _id: id("tracks[4]") } }),
    tracks("an id and more", { where: { seconds: { gt: 10 }, _id: id("tracks[4]"), genre: "jazz" } }),
    tracks("ids, in an order", {
      where: { _id: { in: [id("tracks[9]"), id("tracks[4]"), id("tracks[6]")] } },
      orderBy: { seconds: "asc" },
    }),
    tracks("an id of another table", { where: { _id: id("albums[0]") } }),
    on("listeners", "a unique field", { where: { email: "l1@example.com" } }),
    on("listeners", "a soft-deleted row is not there", { where: { email: "l3@example.com" } }),
    on("listeners", "a soft-deleted row, asked for", { where: { email: "l3@example.com" }, withDeleted: true }),
    tracks("what can never match", { where: { genre: { in: [] } } }),
    tracks("a contradiction", { where: { genre: "rock", AND: [{ genre: "jazz" }] } }),
  ],
  ranges: [
    tracks("equality", { where: { genre: "jazz" }, limit: 5 }),
    tracks("equality and range, written the other way round", { where: { seconds: { gte: 150 }, genre: "jazz" } }),
    tracks("two ends", { where: { genre: "rock", seconds: { between: [110, 130] } } }),
    tracks("open ends on either side", { where: { genre: "rock", seconds: { gt: 110, lt: 130 } } }),
    tracks("a prefix", { where: { name: { startsWith: "b" } } }),
    tracks("like with a prefix", { where: { name: { like: "b%" } } }),
    tracks("like without a wildcard", { where: { name: { like: "b10" } } }),
    tracks("like with a wildcard within: the prefix bounds, the rest is tested", { where: { name: { like: "b_0%" } } }),
    tracks("a prefix after an equality", { where: { genre: "folk", composer: { startsWith: "c2" } } }),
    tracks("isNull: absent and null are one interval", { where: { composer: { isNull: true } }, limit: 4 }),
    tracks("isNotNull", { where: { composer: { isNotNull: true } }, limit: 4 }),
    tracks("isNull after an equality", { where: { genre: "folk", composer: { isNull: true } } }),
    tracks("a dotted path and an int64", { where: { "meta.key": "E", plays: { lt: 200n } } }),
    tracks("an index used by its second field alone is no bound", { where: { seconds: { lt: 110 } } }),
  ],
  orders: [
    tracks("the range's own field", {
      where: { genre: "jazz", seconds: { gt: 120 } },
      orderBy: { seconds: "asc" },
      limit: 3,
    }),
    tracks("the next field, downwards", { where: { genre: "jazz" }, orderBy: { seconds: "desc" }, limit: 3 }),
    on("albums", "a whole index", { orderBy: { year: "desc" }, limit: 3 }),
    on("albums", "two fields", { orderBy: [{ live: "asc" }, { year: "asc" }], limit: 3 }),
    on("albums", "two fields in two directions: ties are sorted", {
      orderBy: [{ year: "desc" }, { title: "asc" }],
      limit: 3,
    }),
    tracks("creation", { orderBy: { _creationTime: "desc" }, limit: 3 }),
    tracks("a pinned field is a constant", {
      where: { genre: "jazz" },
      orderBy: [{ genre: "asc" }, { seconds: "asc" }],
      limit: 3,
    }),
    tracks("an order that nothing delivers, of a bounded scan", {
      where: { genre: "jazz" },
      orderBy: { name: "asc" },
      limit: 3,
    }),
    tracks("an order that nothing delivers", { orderBy: { seconds: "asc" }, limit: 3 }),
    tracks("the same, opted in", { orderBy: { seconds: "asc" }, limit: 3, allowFullScan: true }),
    tracks("the longer index breaks ties in its own way: they are sorted", { orderBy: { genre: "asc" }, limit: 3 }),
    on("albums", "an offset", { orderBy: { year: "asc" }, offset: 5, limit: 2 }),
  ],
  unions: [
    tracks("in, in no order", { where: { name: { in: ["a00", "b10", "zzz"] } } }),
    tracks("in, merged by the next field", {
      where: { genre: { in: ["rock", "jazz"] } },
      orderBy: { seconds: "asc" },
      limit: 4,
    }),
    tracks("in, in the index's own order", {
      where: { genre: { in: ["rock", "jazz"] } },
      orderBy: [{ genre: "desc" }, { seconds: "desc" }],
      limit: 4,
    }),
    tracks("in inside an AND, after an equality", { where: { genre: "folk", composer: { in: ["c2", "c3"] } } }),
    tracks("in on two fields multiplies the ranges", {
      where: { genre: { in: ["folk", "jazz"] }, composer: { in: ["c2", "c3"] } },
    }),
    tracks("ne is two ranges", { where: { name: { ne: "b10" } }, limit: 3 }),
    tracks("notIn is the gaps", { where: { genre: { notIn: ["jazz"] } }, limit: 3 }),
    tracks("notBetween", { where: { genre: "rock", seconds: { notBetween: [105, 185] } } }),
    tracks("OR of one field is one set", { where: { OR: [{ name: "a00" }, { name: { startsWith: "b1" } }] } }),
    tracks("OR across fields", { where: { OR: [{ name: "a00" }, { composer: "c3" }] } }),
    tracks("OR across fields, nested in an AND", {
      where: { genre: "folk", OR: [{ seconds: { lt: 105 } }, { composer: "c3" }] },
    }),
    tracks("OR in an order, overlapping branches", {
      where: { OR: [{ genre: "jazz" }, { albumId: id("albums[2]") }] },
      orderBy: { seconds: "asc" },
      limit: 5,
    }),
    tracks("OR in an order that no branch delivers", {
      where: { OR: [{ name: "a00" }, { composer: "c3" }] },
      orderBy: { plays: "desc" },
      limit: 3,
    }),
    tracks("OR whose branch is an OR that overlaps", {
      where: {
        OR: [
          { genre: "jazz", OR: [{ composer: "c3" }, { name: { startsWith: "b1" } }] },
          { genre: "folk", composer: "c2" },
        ],
      },
    }),
    tracks("OR with a branch that no index bounds", { where: { OR: [{ name: "a00" }, { seconds: 101 }] } }),
    tracks("OR with a branch that cannot match", { where: { OR: [{ name: "a00" }, { genre: { in: [] } }] } }),
    tracks("NOT over an OR", { where: { NOT: { OR: [{ name: { lt: "h" } }, { name: { gte: "i" } }] } } }),
    tracks("NOT of an AND is an OR of the complements", {
      where: { genre: "rock", NOT: { AND: [{ seconds: { lt: 185 } }, { composer: "c2" }] } },
    }),
    tracks("too many ranges", { where: { name: { in: Array.from({ length: 5 }, (_, i) => `n${i}`) } }, maxProbes: 4 }),
  ],
  residuals: [
    tracks("contains", { where: { genre: "jazz", name: { contains: "4" } }, limit: 3 }),
    tracks("endsWith and ilike", { where: { genre: "jazz", name: { endsWith: "4" }, composer: { ilike: "C%" } } }),
    tracks("notLike on the index's field", { where: { name: { notLike: "_0%" } }, limit: 3 }),
    tracks("arrays", { where: { genre: "folk", tags: { arrayContains: ["loud", "slow"] } }, limit: 3 }),
    tracks("a residual and no bound", { where: { tags: { arrayOverlaps: ["new"] } }, limit: 3 }),
    tracks("the same, opted in", { where: { tags: { arrayOverlaps: ["new"] } }, limit: 3, allowFullScan: true }),
    tracks("neither filter nor limit", {}),
    on("listeners", "hiding soft-deleted rows is no residual that needs an opt-in", { limit: 2 }),
  ],
  "relation filters": [
    on("albums", "to-one, driven from its index", { where: { artist: { name: "Cedar" } }, orderBy: { year: "asc" } }),
    tracks("two hops", { where: { album: { artist: { name: "Cedar" } } }, limit: 4 }),
    on("artists", "to-many, driven from its index", { where: { albums: { year: { gte: 2005 } } } }),
    on("artists", "to-many in an order: each key's row in its place", {
      where: { albums: { year: { gte: 2005 } } },
      orderBy: { name: "desc" },
    }),
    on("albums", "to-one in an order by the key itself, downwards", {
      where: { artist: { country: "SE" } },
      orderBy: [{ artistId: "desc" }, { year: "desc" }],
      limit: 4,
    }),
    on("artists", "OR of two relation filters, each driven from its own side", {
      where: { OR: [{ albums: { year: 2007 } }, { mentor: { name: "Ash" } }] },
    }),
    on("albums", "more keys than relationKeys: tested row by row", {
      where: { artist: { name: { in: ["Ash", "Birch", "Cedar"] } } },
      relationKeys: 2,
      allowFullScan: true,
    }),
    on("artists", "to-many, none", { where: { country: "SE", NOT: { albums: { year: { gte: 2005 } } } } }),
    on("artists", "self", { where: { mentor: { name: "Ash" } } }),
    on("artists", "one exists", { where: { country: "SE", students: true } }),
    on("artists", "a standing filter", { where: { country: "SE", liveAlbums: { year: { gt: 2000 } } } }),
    on("playlists", "through a junction", { where: { tracks: { name: "a00" } } }),
    tracks("through a junction, the other way", { where: { genre: "rock", playlists: { title: "list 1" } } }),
    tracks("tested row by row, where the root is bounded better", {
      where: { name: "a00", album: { year: { lt: 1995 } } },
    }),
    tracks("inside an OR", { where: { OR: [{ name: "a00" }, { album: { year: 1993 } }] } }),
    on("albums", "with an order that the semi-join's ranges deliver", {
      where: { artist: { country: "SE" } },
      orderBy: { year: "desc" },
      limit: 4,
    }),
  ],
  "relation loads": [
    on("albums", "to-one", { where: { live: true }, limit: 3, with: { artist: true } }),
    on("artists", "to-many", { where: { country: "SE" }, with: { albums: true } }),
    on("artists", "to-many, ordered and limited by an index", {
      where: { country: "SE" },
      with: { albums: { orderBy: { year: "desc" }, limit: 1 } },
    }),
    on("artists", "to-many, in an order that is sorted", {
      where: { country: "SE" },
      with: { albums: { orderBy: { title: "asc" }, limit: 1 } },
    }),
    on("artists", "to-many, filtered and limited", {
      where: { country: "SE" },
      with: { albums: { where: { live: true }, limit: 1 } },
    }),
    on("playlists", "through, with the junction's row", {
      limit: 1,
      with: { tracks: { limit: 2, columns: { name: true }, through: true } },
    }),
    on("playlists", "through, ordered", {
      limit: 1,
      with: { tracks: { orderBy: { name: "asc" }, limit: 2, columns: { name: true } } },
    }),
    on("artists", "three levels", {
      where: { name: "Ash" },
      columns: { name: true },
      with: {
        albums: {
          columns: { title: true },
          limit: 1,
          with: { tracks: { columns: { name: true }, limit: 2, with: { album: { columns: { year: true } } } } },
        },
      },
    }),
    on("albums", "a to-one that its filter empties", {
      where: { live: true },
      limit: 2,
      columns: { title: true },
      with: { artist: { where: { name: "Doum" }, columns: { name: true } } },
    }),
  ],
};
