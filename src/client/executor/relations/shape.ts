import type { Document } from "../env.js";
import type { RowShape } from "./parse.js";
import { readPath } from "../../predicate/values.js";

export type ShapedRow = Record<string, unknown>;

/** The columns, then the extras (functions of the whole row), then the relations. */
export function shapeRow(
  row: Document,
  shape: Pick<RowShape, "columns" | "extras">,
  relations: readonly (readonly [string, unknown])[],
): ShapedRow {
  const out: ShapedRow = {};
  if (shape.columns === null) Object.assign(out, row);
  else {
    for (const column of shape.columns) {
      const value = readPath(row, column);
      if (value !== undefined) out[column] = value;
    }
  }
  for (const [name, make] of shape.extras) out[name] = make(row as never);
  for (const [name, value] of relations) out[name] = value;
  return out;
}
