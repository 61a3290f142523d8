import { describe, expect, test } from "vitest";
import { OrmError } from "../errors.js";
import type { Stored } from "../predicate/values.js";
import { cursorCodec, isKeysetCursor, type CursorCodec, type Mark } from "./cursor.js";

const key = new Uint8Array(32).fill(7).buffer;
const otherKey = new Uint8Array(32).fill(8).buffer;
const values: Stored[] = [
  undefined,
  null,
  1n,
  -0,
  NaN,
  true,
  "secret-title",
  new Uint8Array([1, 2]).buffer,
  [1],
  { a: 1 },
];
const marks: Mark[] = [
  { kind: "start" },
  { kind: "end" },
  { kind: "order", values },
  { kind: "probe", ordinal: 2, key: ["k", 1n], values: null },
  { kind: "probe", ordinal: 0, key: null, values },
];

async function refused(codec: CursorCodec, cursor: string): Promise<void> {
  const error: unknown = await codec.read(cursor).then(
    () => null,
    (e: unknown) => e,
  );
  expect(error, cursor).toBeInstanceOf(OrmError);
  expect((error as OrmError).data).toMatchObject({
    code: "INVALID_CURSOR",
    isConvexSystemError: true,
    paginationError: "InvalidCursor",
  });
  expect((error as OrmError).message).toContain("InvalidCursor");
}

describe.each([
  ["sealed", key],
  ["encoded", null],
])("%s cursors", (_name, held) => {
  test("bring back every place as it was", async () => {
    const codec = await cursorCodec(held, "query");
    for (const mark of marks) {
      const cursor = await codec.write(mark);
      expect(isKeysetCursor(cursor)).toBe(true);
      expect(await codec.read(cursor)).toEqual(mark);
    }
  });

  test("are the same for the same place", async () => {
    const [a, b] = [await cursorCodec(held, "query"), await cursorCodec(held, "query")];
    for (const mark of marks) expect(await a.write(mark)).toBe(await b.write(mark));
  });

  test("of another query are refused", async () => {
    const codec = await cursorCodec(held, "query");
    const other = await cursorCodec(held, "another query");
    for (const mark of marks) await refused(codec, await other.write(mark));
  });

  test("that were changed anywhere are refused", async () => {
    const codec = await cursorCodec(held, "query");
    const cursor = await codec.write({ kind: "order", values: ["b", 2] });
    const alphabet = "ABCXYZabcxyz0189-_";
    const encodedOnly = held === null;
    for (let at = 5; at < cursor.length; at += encodedOnly ? cursor.length : 1) {
      const letter = alphabet[(at * 7) % alphabet.length]!;
      const changed = cursor.slice(0, at) + (letter === cursor[at] ? "Q" : letter) + cursor.slice(at + 1);
      await refused(codec, changed);
    }
    for (const forged of [
      "",
      "ok1s.",
      "ok1p.",
      "ok1s.AAAA",
      "ok1p.AAAA",
      `${cursor}A`,
      cursor.slice(0, -1),
      "ok1p.W10",
      "_end_cursor",
    ]) {
      await refused(codec, forged);
    }
  });
});

describe("sealed cursors", () => {
  test("show no value in any layer of the encoding", async () => {
    const codec = await cursorCodec(key, "query");
    const cursor = await codec.write({ kind: "order", values: ["secret-title"] });
    const bytes = atob(cursor.slice(5).replaceAll("-", "+").replaceAll("_", "/"));
    for (const text of [cursor, bytes]) expect(text).not.toMatch(/secret|order/);
    // Nor by their length.
    expect((await codec.write({ kind: "order", values: ["s"] })).length).toBe(cursor.length);
  });

  test("of another key, or made before there was a key, are refused", async () => {
    const codec = await cursorCodec(key, "query");
    for (const mark of marks) {
      await refused(codec, await (await cursorCodec(otherKey, "query")).write(mark));
      await refused(codec, await (await cursorCodec(null, "query")).write(mark));
      await refused(await cursorCodec(null, "query"), await codec.write(mark));
    }
  });
});
