import { Base64, convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";
import { invalidCursor } from "../errors.js";
import type { CursorKey } from "../predicate/access.js";
import type { Stored } from "../predicate/values.js";
import type { Position } from "./position.js";

/** Where a page begins or ends: the ends of the stream, or a place in it. */
export type Mark = { readonly kind: "start" } | { readonly kind: "end" } | Position;

/** Keyset cursors are told from the platform's own by these; the latter are base64 and hold no dot. */
const sealed = "ok1s.";
const encoded = "ok1p.";

/** Whether a cursor is one of ours; if not it can only be the platform's own. */
export const isKeysetCursor = (cursor: string): boolean => cursor.startsWith(sealed) || cursor.startsWith(encoded);

/** Writes and reads the cursors of one query. */
export interface CursorCodec {
  write(mark: Mark): Promise<string>;
  /** @throws OrmError `INVALID_CURSOR` for what this query did not write. */
  read(cursor: string): Promise<Mark>;
}

const utf8 = new TextEncoder();
type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Cursors bound to `binding`. With a key they are sealed: encrypted by AES-GCM under a synthetic IV (an HMAC of binding
 * and content), so that equal places give equal cursors and nothing else can be learnt or made. Without one they are
 * encoded only, show order fields, and carry a digest of the binding.
 */
export async function cursorCodec(key: CursorKey, binding: string): Promise<CursorCodec> {
  const bound: Bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(binding)));
  return key === null ? encodedCodec(bound) : sealedCodec(await keysOf(key), bound);
}

function encodedCodec(bound: Bytes): CursorCodec {
  const digest = toText(bound.slice(0, 16));
  return {
    write: (mark) => Promise.resolve(encoded + toText(utf8.encode(JSON.stringify([digest, toJson(mark)])))),
    read: async (cursor) => {
      if (!cursor.startsWith(encoded)) throw foreign();
      const content = parse(fromText(cursor.slice(encoded.length)));
      if (!Array.isArray(content) || content.length !== 2 || content[0] !== digest) throw foreign();
      return await Promise.resolve(fromJson(content[1]));
    },
  };
}

const ivLength = 12;
/** Contents are padded to a multiple of this, so that a cursor's length says little of its values' lengths. */
const block = 64;

function sealedCodec({ mac, cipher }: Keys, bound: Bytes): CursorCodec {
  return {
    write: async (mark) => {
      const json = utf8.encode(JSON.stringify(toJson(mark)));
      const content = new Uint8Array(Math.ceil(json.length / block) * block).fill(32);
      content.set(json);
      const iv: Bytes = new Uint8Array(await crypto.subtle.sign("HMAC", mac, concat(bound, content))).slice(
        0,
        ivLength,
      );
      const closed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bound }, cipher, content);
      return sealed + toText(concat(iv, new Uint8Array(closed)));
    },
    read: async (cursor) => {
      // An encoded cursor could be forged: it is refused as soon as there is a key.
      if (!cursor.startsWith(sealed)) throw foreign();
      const bytes = fromText(cursor.slice(sealed.length));
      const iv = bytes.slice(0, ivLength);
      let content: ArrayBuffer;
      try {
        content = await crypto.subtle.decrypt(
          { name: "AES-GCM", iv, additionalData: bound },
          cipher,
          bytes.slice(ivLength),
        );
      } catch {
        throw foreign();
      }
      return fromJson(parse(new Uint8Array(content)));
    },
  };
}

const foreign = () =>
  invalidCursor("the cursor was made for another query, session or version of the policies, or not by this app");

interface Keys {
  readonly mac: CryptoKey;
  readonly cipher: CryptoKey;
}
const keysByRaw = new WeakMap<ArrayBuffer, Promise<Keys>>();

/** One key for each use, both derived from the stored one. */
function keysOf(raw: ArrayBuffer): Promise<Keys> {
  let keys = keysByRaw.get(raw);
  if (keys === undefined) keysByRaw.set(raw, (keys = deriveKeys(raw)));
  return keys;
}

async function deriveKeys(raw: ArrayBuffer): Promise<Keys> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const root = await crypto.subtle.importKey("raw", raw, hmac, false, ["sign"]);
  const derive = (use: string) => crypto.subtle.sign("HMAC", root, utf8.encode(`convex-orm cursor ${use}`));
  const [mac, cipher] = await Promise.all([derive("iv"), derive("content")]);
  return {
    mac: await crypto.subtle.importKey("raw", mac, hmac, false, ["sign"]),
    cipher: await crypto.subtle.importKey("raw", cipher, "AES-GCM", false, ["encrypt", "decrypt"]),
  };
}

const concat = (a: Bytes, b: Bytes): Bytes => {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
};

const toText = (bytes: Bytes): string => Base64.fromByteArrayUrlSafeNoPadding(bytes);

function fromText(text: string): Bytes {
  let bytes: Bytes;
  try {
    bytes = new Uint8Array(Base64.toByteArray(text + "=".repeat((4 - (text.length % 4)) % 4)));
  } catch {
    throw foreign();
  }
  // One content has one text.
  if (toText(bytes) !== text) throw foreign();
  return bytes;
}

function parse(bytes: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw foreign();
  }
}

/** An absent value is 0, a present one stands in an array of its own. */
const valueToJson = (value: Stored): JSONValue => (value === undefined ? 0 : [convexToJson(value as Value)]);
const valuesToJson = (values: readonly Stored[] | null): JSONValue =>
  values === null ? null : values.map(valueToJson);

function toJson(mark: Mark): JSONValue {
  switch (mark.kind) {
    case "start":
    case "end":
      return [mark.kind];
    case "order":
      return [mark.kind, valuesToJson(mark.values)];
    case "probe":
      return [mark.kind, mark.ordinal, valuesToJson(mark.key), valuesToJson(mark.values)];
  }
}

function fromJson(json: unknown): Mark {
  if (!Array.isArray(json)) throw foreign();
  const [kind, first, second, third] = json as unknown[];
  if (kind === "start" || kind === "end") return { kind };
  if (kind === "order") {
    const values = valuesFromJson(first);
    if (values !== null) return { kind, values };
  }
  if (kind === "probe" && typeof first === "number") {
    return { kind, ordinal: first, key: valuesFromJson(second), values: valuesFromJson(third) };
  }
  throw foreign();
}

function valuesFromJson(json: unknown): readonly Stored[] | null {
  if (json === null) return null;
  if (!Array.isArray(json)) throw foreign();
  return json.map((item: unknown): Stored => {
    if (item === 0) return undefined;
    if (!Array.isArray(item) || item.length !== 1) throw foreign();
    try {
      return jsonToConvex(item[0] as JSONValue);
    } catch {
      throw foreign();
    }
  });
}
