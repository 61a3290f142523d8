import { isPlainObject, readPath, type Stored } from "../predicate/values.js";

/** A row's own fields, without `_id` and `_creationTime` where it has none yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** A copy of the row with the field or dotted path set; `undefined` removes it. Other parts are shared. */
export function withPath(row: Fields, path: string, value: Stored): Record<string, unknown> {
  const [head, ...rest] = path.split(".") as [string, ...string[]];
  const copy = { ...row };
  if (rest.length === 0) {
    if (value === undefined) delete copy[head];
    else copy[head] = value;
    return copy;
  }
  const inner = copy[head];
  // An absent parent already lacks the field; a value needs a parent to stand in.
  if (!isPlainObject(inner) && value === undefined) return copy;
  copy[head] = withPath(isPlainObject(inner) ? inner : {}, rest.join("."), value);
  return copy;
}

/** The values of several fields. */
export const valuesAt = (row: Fields, fields: readonly string[]): Stored[] =>
  fields.map((field) => readPath(row, field));
