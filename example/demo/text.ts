/** `[#####-----]  50%` */
export function progressBar(done: number, total: number, width: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.floor(share * width);
  return `[${"#".repeat(full)}${"-".repeat(width - full)}] ${`${Math.floor(share * 100)}%`.padStart(4)}`;
}

/** Breaks a line at spaces so that none is wider than `width`; what follows keeps the line's indent and two more. */
export function wrap(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const indent = /^ */.exec(line)?.[0] ?? "";
  const lines: string[] = [];
  let current = indent;
  let empty = true;
  for (const word of line.trim().split(" ")) {
    if (!empty && current.length + 1 + word.length > width) {
      lines.push(current);
      current = indent.length === 0 ? "" : `${indent}  `;
      empty = true;
    }
    current += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, current];
}

/** A value as one would write it in TypeScript; strings that `names` knows (ids, cursors) by their names. */
export function asCode(value: unknown, names: ReadonlyMap<string, string>, width = 88): string {
  return print(value, names, "", width);
}

function print(value: unknown, names: ReadonlyMap<string, string>, indent: string, width: number): string {
  if (typeof value === "string") return names.get(value) ?? JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  const inner = `${indent}  `;
  const list = Array.isArray(value);
  const parts = list
    ? value.map((item) => print(item, names, inner, width))
    : Object.entries(value).map(([key, item]) => `${key}: ${print(item, names, inner, width)}`);
  if (parts.length === 0) return list ? "[]" : "{}";
  const flat = list ? `[${parts.join(", ")}]` : `{ ${parts.join(", ")} }`;
  if (!flat.includes("\n") && indent.length + flat.length <= width) return flat;
  const [open, close] = list ? ["[", "]"] : ["{", "}"];
  return `${open}\n${parts.map((part) => `${inner}${part},`).join("\n")}\n${indent}${close}`;
}
