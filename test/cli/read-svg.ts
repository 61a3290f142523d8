export interface Rect {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
type Segment = readonly [x1: number, y1: number, x2: number, y2: number];

/** A drawn diagram, as far as its geometry goes. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Rect[];
  /** The lines of each edge. */
  readonly edges: readonly (readonly Segment[])[];
  readonly texts: readonly { readonly x: number; readonly y: number; readonly text: string }[];
}

const number = (text: string | undefined): number => Number(text);

/** @throws when the text is no well-formed XML of elements, attributes and texts. */
export function readSvg(svg: string): Drawing {
  wellFormed(svg);
  const [, width, height] = /^<svg [^>]*width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
  const boxes = [
    ...svg.matchAll(
      /<g transform="translate\(([\d.-]+) ([\d.-]+)\)">\n<rect width="([\d.]+)" height="([\d.]+)" rx="5"[^]*?font-weight="bold">([^<]*)</g,
    ),
  ].map(([, x, y, w, h, name]): Rect => ({
    name: name!,
    x: number(x),
    y: number(y),
    width: number(w),
    height: number(h),
  }));
  const edges = [...svg.matchAll(/<g fill="none"[^>]*><title>[^<]*<\/title>\n<path d="([^"]+)"/g)].map(([, d]) =>
    segments(d!),
  );
  const outside = svg.replace(/<g transform[^]*?<\/g>/g, "");
  const texts = [...outside.matchAll(/<text x="([\d.-]+)" y="([\d.-]+)"[^>]*>([^<]*)</g)].map(([, x, y, text]) => ({
    x: number(x),
    y: number(y),
    text: text!,
  }));
  return { width: number(width), height: number(height), boxes, edges, texts };
}

/** Corners are rounded by so little that the curve is taken for its ends. */
function segments(d: string): Segment[] {
  const points = [...d.matchAll(/([MLQ])([^MLQ]+)/g)].map(([, kind, rest]) => {
    const values = rest!
      .trim()
      .split(/[\s,]+/)
      .map(Number);
    return (kind === "Q" ? values.slice(2) : values) as [number, number];
  });
  return points.slice(1).map(([x, y], i): Segment => [...points[i]!, x, y]);
}

function wellFormed(xml: string): void {
  const open: string[] = [];
  for (const [tag, closing, name, attributes, empty] of xml.matchAll(
    /<(\/?)([A-Za-z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g,
  )) {
    if (closing === "/") {
      if (open.pop() !== name) throw new Error(`closes what is not open: ${tag}`);
    } else if (empty === "") open.push(name!);
    if (/&(?!amp;|lt;|gt;|quot;)/.test(attributes!)) throw new Error(`a bare ampersand: ${tag}`);
  }
  if (open.length > 0) throw new Error(`left open: ${open.join(", ")}`);
  const rest = xml.replace(/<\/?[A-Za-z]+(?:\s+[\w:-]+="[^"<]*")*\s*\/?>/g, "");
  if (/[<>]|&(?!amp;|lt;|gt;|quot;)/.test(rest)) throw new Error("a bare character of markup");
}

/** What is untidy: boxes over one another, lines under boxes or over lines, anything outside. Empty when all is well. */
export function untidy({ width, height, boxes, edges, texts }: Drawing): string[] {
  const wrong: string[] = [];
  boxes.forEach((a, i) => {
    if (a.x < 0 || a.y < 0 || a.x + a.width > width || a.y + a.height > height) wrong.push(`${a.name} is outside`);
    for (const b of boxes.slice(i + 1)) {
      const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      if (!apart) wrong.push(`${a.name} and ${b.name} overlap`);
    }
  });
  for (const [i, edge] of edges.entries()) {
    for (const [x1, y1, x2, y2] of edge) {
      for (const box of boxes) {
        // A line may touch the box that it ends at.
        const under =
          Math.max(x1, x2) > box.x + 0.5 &&
          Math.min(x1, x2) < box.x + box.width - 0.5 &&
          Math.max(y1, y2) > box.y + 0.5 &&
          Math.min(y1, y2) < box.y + box.height - 0.5;
        if (under) wrong.push(`edge ${i} runs under ${box.name}`);
      }
      for (const [j, other] of edges.entries()) {
        if (j > i && other.some((segment) => together([x1, y1, x2, y2], segment)))
          wrong.push(`edges ${i} and ${j} share a line`);
      }
    }
  }
  for (const { x, y, text } of texts) if (x < 0 || y < 0 || x > width || y > height) wrong.push(`"${text}" is outside`);
  return wrong;
}

/** Whether two pieces lie on one line for longer than a rounded corner. */
function together([a, b, c, d]: Segment, [e, f, g, h]: Segment): boolean {
  const vertical = a === c && e === g && Math.abs(a - e) < 2 && overlap(b, d, f, h);
  const horizontal = b === d && f === h && Math.abs(b - f) < 2 && overlap(a, c, e, g);
  return vertical || horizontal;
}
const overlap = (a: number, b: number, c: number, d: number): boolean =>
  Math.min(Math.max(a, b), Math.max(c, d)) - Math.max(Math.min(a, b), Math.min(c, d)) > 11;
