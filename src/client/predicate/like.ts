/** One piece of a LIKE pattern: a literal code point, `_` or `%`. */
type Token = { readonly kind: "char"; readonly char: string } | { readonly kind: "one" } | { readonly kind: "any" };

/** A parsed LIKE pattern. */
export interface LikePattern {
  readonly tokens: readonly Token[];
  /** The literal text before the first wildcard. */
  readonly prefix: string;
  /** `exact`: no wildcard; `prefix`: only a `%` at the end; `general`: anything else. */
  readonly shape: "exact" | "prefix" | "general";
}

/**
 * Parses a LIKE pattern: `%` any run, `_` one code point, `\` takes the next character literally. Returns null when it
 * ends in a lone escape (https://www.postgresql.org/docs/current/functions-matching.html#FUNCTIONS-LIKE).
 */
export function parseLike(pattern: string): LikePattern | null {
  const tokens: Token[] = [];
  let prefix = "";
  let wild = 0;
  const points = Array.from(pattern);
  for (let i = 0; i < points.length; i++) {
    let char = points[i]!;
    if (char === "%" || char === "_") {
      wild++;
      if (char === "_") tokens.push({ kind: "one" });
      else if (tokens[tokens.length - 1]?.kind !== "any") tokens.push({ kind: "any" });
      continue;
    }
    if (char === "\\") {
      const next = points[++i];
      if (next === undefined) return null;
      char = next;
    }
    tokens.push({ kind: "char", char });
    if (wild === 0) prefix += char;
  }
  const onlyTrailing = wild > 0 && tokens.findIndex((t) => t.kind !== "char") === tokens.length - 1;
  const shape = wild === 0 ? "exact" : onlyTrailing && tokens[tokens.length - 1]!.kind === "any" ? "prefix" : "general";
  return { tokens, prefix, shape };
}

/** Matches in O(text x pattern): on a mismatch only the last `%` is retried. */
export function matchesLike({ tokens }: LikePattern, text: string): boolean {
  const points = Array.from(text);
  let t = 0;
  let p = 0;
  let star = -1;
  let mark = 0;
  while (t < points.length) {
    const token = tokens[p];
    if (token?.kind === "any") {
      star = p++;
      mark = t;
    } else if (token !== undefined && (token.kind === "one" || token.char === points[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (tokens[p]?.kind === "any") p++;
  return p === tokens.length;
}
