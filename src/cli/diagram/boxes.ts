import type { Diagram, FieldRow, KeyRow, TableBox } from "./model.js";

/** Measures in pixels. Texts are set in a monospaced font, whose widths are known without a browser. */
export const measure = {
  font: 11,
  small: 10,
  /** Width of a letter, as a share of the font's size: that of the widest of the usual monospaced fonts. */
  letter: 0.61,
  row: 17,
  header: 27,
  padding: 10,
  /** Room for PK, FK and UK before a field's name. */
  badge: 26,
  gap: 18,
} as const;

export const textWidth = (text: string, size: number = measure.font): number =>
  [...text].length * size * measure.letter;

/** One line of a box. */
export interface BoxRow {
  readonly badge: string;
  readonly left: string;
  readonly right: string;
  /** `field`s are set in the usual colour, keys are paler. `rule` draws a line above. */
  readonly kind: "field" | "key";
  readonly rule: boolean;
}

/** A table as it is drawn, without its place. */
export interface Box {
  readonly table: TableBox;
  readonly marks: string;
  readonly rows: readonly BoxRow[];
  readonly width: number;
  readonly height: number;
  /** The middle of a field's row, from the top of the box. */
  rowOf(field: string): number;
}

const longestType = 26;
const longestLine = 44;

export function boxes({ tables, edges }: Diagram): Box[] {
  return tables.map((table) => {
    // Each edge that comes here leaves beside a row: a table that many reference is as high as they need.
    const ports = edges.filter(({ parent, child }) => parent === table.name && child !== parent).length;
    const rows = [...table.fields.map(fieldRow), ...table.keys.flatMap((key, i) => keyRows(key, i === 0))];
    const marks = [
      ...(table.protected ? ["protected"] : []),
      ...(table.softDelete === null ? [] : ["soft delete"]),
    ].join(" · ");
    const at = new Map(table.fields.map((field, i) => [field.name, i]));
    return {
      table,
      marks,
      rows,
      width: Math.ceil(Math.max(headerWidth(table.name, marks), ...rows.map(rowWidth))),
      height: measure.header + Math.max(rows.length, ports) * measure.row + 6,
      rowOf: (field) => measure.header + ((at.get(field) ?? 0) + 0.5) * measure.row + 3,
    };
  });
}

function fieldRow({ name, type, optional, keys }: FieldRow): BoxRow {
  return {
    badge: keys.join(" "),
    left: `${name}${optional ? "?" : ""}`,
    right: short(type, longestType),
    kind: "field",
    rule: false,
  };
}

/** An index is named and then said by its fields, on a second line where one is too short. */
function keyRows({ kind, name, fields }: KeyRow, first: boolean): BoxRow[] {
  const row = (left: string, rule: boolean): BoxRow => ({ badge: "", left, right: "", kind: "key", rule });
  const whole = `${kind} ${name} (${fields})`;
  if (whole.length <= longestLine) return [row(whole, first)];
  return [row(`${kind} ${name}`, first), row(short(`  (${fields})`, longestLine + 6), false)];
}

const short = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;

function rowWidth({ badge, left, right, kind }: BoxRow): number {
  if (kind === "key") return textWidth(left, measure.small) + 2 * measure.padding;
  const before = Math.max(measure.badge, textWidth(badge, measure.small) + 8);
  return before + textWidth(left) + measure.gap + textWidth(right) + 2 * measure.padding;
}

const headerWidth = (name: string, marks: string): number =>
  textWidth(name, 13) + (marks === "" ? 0 : measure.gap + textWidth(marks, measure.small)) + 2 * measure.padding;
