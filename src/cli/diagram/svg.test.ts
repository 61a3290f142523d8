import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readSvg, untidy } from "../../../test/cli/read-svg.js";
import type { Edge } from "./edges.js";
import { columnsOf } from "./layers.js";
import type { Diagram, FieldRow, TableBox } from "./model.js";
import { svg } from "./svg.js";

const field = (name: string, keys: FieldRow["keys"] = []): FieldRow => ({
  name,
  type: "string",
  optional: false,
  keys,
});

/** Tables `t0`, `t1`, ... of some sizes, and edges between any of them, circles and loops included. */
const diagrams = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 14 }), { minLength: 1, maxLength: 12 }),
    fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 18 }),
  )
  .map(([sizes, pairs]): Diagram => {
    const edges = pairs
      .filter(([child, parent]) => child < sizes.length && parent < sizes.length)
      .map(([child, parent], i): Edge => ({
        child: `t${child}`,
        childFields: [`key${i}`],
        parent: `t${parent}`,
        parentFields: ["_id"],
        children: "zero or more",
        parents: "one",
        foreignKey: null,
        fromChild: [`relation${i}`],
        fromParent: [`back${i}`],
      }));
    const tables = sizes.map((size, t): TableBox => ({
      name: `t${t}`,
      protected: t % 2 === 0,
      softDelete: null,
      fields: [
        field("_id", ["PK"]),
        ...edges.filter(({ child }) => child === `t${t}`).map(({ childFields }) => field(childFields[0]!, ["FK"])),
        ...Array.from({ length: size }, (_, i) => field(`field${i}`)),
      ],
      keys: [],
    }));
    return { tables, edges, throughs: [] };
  });

describe("the SVG", () => {
  test("of any schema: no box over another, no line under a box, nothing outside, lines apart but for rare ones", () => {
    const runs = 150;
    let shared = 0;
    fc.assert(
      fc.property(diagrams, (diagram) => {
        const drawing = readSvg(svg(diagram));
        expect(drawing.boxes.map(({ name }) => name).sort()).toEqual(diagram.tables.map(({ name }) => name).sort());
        expect(drawing.edges).toHaveLength(diagram.edges.length);
        const wrong = untidy(drawing);
        const sharing = wrong.filter((what) => what.includes("share a line"));
        expect(wrong.filter((what) => !sharing.includes(what))).toEqual([]);
        if (sharing.length > 0) shared++;
      }),
      { numRuns: runs, seed: 7 },
    );
    expect(shared / runs).toBeLessThan(0.03);
  });

  test("is the same each time, and escapes what would be markup", () => {
    const table: TableBox = {
      name: "t",
      protected: false,
      softDelete: null,
      fields: [{ ...field("a"), type: '"<&>"' }],
      keys: [],
    };
    const drawn = svg({ tables: [table], edges: [], throughs: [] });
    expect(drawn).toContain("&quot;&lt;&amp;&gt;&quot;");
    expect(svg({ tables: [table], edges: [], throughs: [] })).toBe(drawn);
    readSvg(drawn);
  });
});

describe("the check itself", () => {
  const box = { name: "a", x: 0, y: 0, width: 10, height: 10 };
  const drawing = { width: 100, height: 100, boxes: [box], edges: [], texts: [] };

  test("finds boxes over one another, lines under boxes and over lines, and what is outside", () => {
    expect(untidy({ ...drawing, boxes: [box, { ...box, name: "b", x: 9 }] })).toEqual(["a and b overlap"]);
    expect(untidy({ ...drawing, edges: [[[0, 5, 50, 5]]] })).toEqual(["edge 0 runs under a"]);
    expect(untidy({ ...drawing, edges: [[[20, 0, 20, 50]], [[20, 30, 20, 90]]] })).toEqual([
      "edges 0 and 1 share a line",
    ]);
    expect(untidy({ ...drawing, boxes: [{ ...box, x: 95 }] })).toEqual(["a is outside"]);
  });

  test("finds what is no XML", () => {
    expect(() => readSvg("<svg><g></svg>")).toThrow("closes what is not open");
    expect(() => readSvg("<svg>a & b</svg>")).toThrow("a bare character");
  });
});

describe("columns", () => {
  test("every arc points right, but for those that close a circle", () => {
    expect(
      columnsOf(4, [
        { from: 0, to: 1 },
        { from: 1, to: 2 },
        { from: 3, to: 2 },
      ]),
    ).toEqual([0, 1, 2, 1]);
    expect(
      columnsOf(2, [
        { from: 0, to: 1 },
        { from: 1, to: 0 },
        { from: 1, to: 1 },
      ]),
    ).toEqual([0, 1]);
  });
});
