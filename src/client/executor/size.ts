/**
 * About how many bytes a value takes, never far below: cheap enough to ask of every document. The exact figure is the
 * transaction's own, asked for before the estimate could matter.
 */
export function roughSize(value: unknown): number {
  switch (typeof value) {
    case "string":
      return 2 + textSize(value);
    case "object": {
      if (value === null) return 1;
      if (value instanceof ArrayBuffer) return 2 + value.byteLength;
      let size = 2;
      if (Array.isArray(value)) for (const item of value) size += roughSize(item);
      else {
        const fields = value as Record<string, unknown>;
        for (const name in fields) size += name.length + 1 + roughSize(fields[name]);
      }
      return size;
    }
    default:
      return 9;
  }
}

/** UTF-8 takes up to three bytes a code unit; short texts are taken at one, long ones by their first character. */
function textSize(text: string): number {
  const { length } = text;
  if (length < 64) return length;
  const first = text.charCodeAt(length >> 1);
  return first < 0x80 ? length : first < 0x800 ? 2 * length : 3 * length;
}
