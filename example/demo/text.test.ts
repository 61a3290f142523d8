import { expect, test } from "vitest";
import { asCode, progressBar, wrap } from "./text.js";

test("a bar is full only when everything is done", () => {
  expect(progressBar(0, 8, 4)).toBe("[----]   0%");
  expect(progressBar(7, 8, 4)).toBe("[###-]  87%");
  expect(progressBar(8, 8, 4)).toBe("[####] 100%");
  expect(progressBar(0, 0, 4)).toBe("[####] 100%");
});

test("a long line breaks at spaces, within the width, and keeps every word", () => {
  const line = "  index range tracks.by_genre_and_milliseconds with a bound that does not fit on one line";
  const lines = wrap(line, 40);
  expect(Math.max(...lines.map((part) => part.length))).toBeLessThanOrEqual(45);
  expect(lines[0]?.startsWith("  index")).toBe(true);
  expect(lines[1]?.startsWith("    ")).toBe(true);
  expect(lines.join(" ").split(/ +/).filter(Boolean)).toEqual(line.split(/ +/).filter(Boolean));
});

test("a short line is left as it is", () => {
  expect(wrap("  short", 40)).toEqual(["  short"]);
});

test("values print as code, known ids by name, long ones over several lines", () => {
  const names = new Map([["10000genres", "<Rock>"]]);
  expect(asCode({ where: { genreId: "10000genres" }, limit: 5 }, names)).toBe(
    "{ where: { genreId: <Rock> }, limit: 5 }",
  );
  expect(asCode({ OR: [{ name: "one" }, { name: "two" }] }, names, 24)).toBe(
    '{\n  OR: [\n    { name: "one" },\n    { name: "two" },\n  ],\n}',
  );
  expect(asCode({ in: [], with: {} }, names)).toBe("{ in: [], with: {} }");
});
