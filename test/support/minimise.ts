/** Greedy shrinking of a failing read: drop parts of the program, then rows, for as long as it still fails. */
import type { DataSet } from "../oracle/arbitrary.js";
import type { Query } from "../oracle/query.js";

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ArrayBuffer);

/** Everything that is one step smaller than a piece of JSON. */
function* smaller(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) yield [...value.slice(0, at), ...value.slice(at + 1)];
    for (let at = 0; at < value.length; at++) {
      for (const less of smaller(value[at])) yield [...value.slice(0, at), less, ...value.slice(at + 1)];
    }
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const { [key]: inner, ...rest } = value;
      yield rest;
      // `{ AND: [x] }`, `{ OR: [x] }` and `{ NOT: x }` may do without their wrapping.
      if (key === "NOT" && isObject(inner)) yield { ...rest, ...inner };
      if ((key === "AND" || key === "OR") && Array.isArray(inner) && inner.length === 1 && isObject(inner[0])) {
        yield { ...rest, ...inner[0] };
      }
      for (const less of smaller(inner)) yield { ...value, [key]: less };
    }
  }
}

/** Conditions that ask nothing and between with one end are no programs. */
function sound(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(sound);
  if (!isObject(value)) return true;
  return Object.entries(value).every(([key, inner]) =>
    (!/between$/i.test(key) || (Array.isArray(inner) && inner.length === 2)) && sound(inner));
}

/** @param fails says whether the smaller case still fails in the same way. */
export async function minimise(
  data: DataSet, query: Query, fails: (data: DataSet, query: Query) => Promise<boolean>, tries = 400,
): Promise<{ data: DataSet; query: Query }> {
  let best = { data, query };
  let left = tries;
  for (let again = true; again && left > 0; ) {
    again = false;
    const { table, ...rest } = best.query;
    for (const less of smaller(rest)) {
      if (!sound(less) || left-- <= 0) continue;
      const candidate = { table, ...(less as object) } as Query;
      if (await fails(best.data, candidate)) {
        best = { ...best, query: candidate };
        again = true;
        break;
      }
    }
    if (again) continue;
    for (const [name, rows] of Object.entries(best.data)) {
      const cuts = rows.length > 4 ? [[], rows.slice(0, rows.length >> 1), rows.slice(rows.length >> 1)] : [];
      for (const cut of [...cuts, ...rows.map((_, at) => [...rows.slice(0, at), ...rows.slice(at + 1)])]) {
        if (left-- <= 0 || again) break;
        const candidate = { ...best.data, [name]: cut };
        if (await fails(candidate, best.query)) {
          best = { ...best, data: candidate };
          again = true;
        }
      }
      if (again) break;
    }
  }
  return best;
}
