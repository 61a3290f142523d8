import type { Value } from "convex/values";
import { OrmError } from "../errors.js";
import { describe } from "../predicate/parse.js";
import { allPoints } from "../predicate/sets.js";
import type { Predicate } from "../predicate/types.js";
import { isPlainObject } from "../predicate/values.js";
import type { TableInfo, VectorIndexInfo } from "../schema/catalog.js";
import { filterWhere } from "./parse.js";

/** The platform finds this many rows at most. */
export const mostNearest = 256;
/** The platform takes this many values in one filter. */
const mostValues = 64;
const defaultLimit = 10;

/** `vectorSearch` of a read, checked against the schema's vector indexes. */
export interface VectorRequest {
  readonly index: VectorIndexInfo;
  readonly vector: readonly number[];
  readonly limit: number;
  /** The filter as a `where`. */
  readonly filter: Readonly<Record<string, unknown>>;
  readonly includeScore: boolean;
}

const keys = ["index", "vector", "limit", "filter", "includeScore"];

/**
 * Reads `vectorSearch: { index, vector, limit, filter, includeScore }`, before the platform is asked.
 *
 * @throws OrmError `INVALID_VALUE`, naming the place: an index that is none, another dimension, a limit that is no whole
 * number from 1 to 256, a field that the index cannot filter, more than 64 values.
 */
export function parseVectorSearch(table: TableInfo, value: unknown): VectorRequest {
  const fail = (message: string, path: string, hint: string): never => {
    throw new OrmError("INVALID_VALUE", message, { table: table.name, path: `vectorSearch${path}`, hint });
  };
  const written = 'Write vectorSearch: { index: "by_embedding", vector, limit: 10 }.';
  if (!isPlainObject(value)) return fail(`vectorSearch takes an object, not ${describe(value)}`, "", written);
  for (const key of Object.keys(value))
    if (!keys.includes(key)) fail(`unknown key "${key}"`, ` -> ${key}`, `Keys: ${keys.join(", ")}.`);
  const { index: name, vector, limit = defaultLimit, filter = {}, includeScore = false } = value;
  const index = table.vectorIndexes.find((declared) => declared.name === name);
  if (index === undefined) {
    const declared = table.vectorIndexes.map((known) => known.name).join(", ");
    const hint =
      declared === ""
        ? "Declare one in the schema with .vectorIndex(name, { vectorField, dimensions })."
        : `Its vector indexes: ${declared}.`;
    return fail(
      `"${table.name}" has no vector index ${typeof name === "string" ? `"${name}"` : describe(name)}`,
      " -> index",
      hint,
    );
  }
  if (!Array.isArray(vector) || !vector.every((part) => typeof part === "number" && Number.isFinite(part))) {
    return fail(`the vector is ${describe(vector)}`, " -> vector", `Pass ${index.dimensions} finite numbers.`);
  }
  if (vector.length !== index.dimensions) {
    return fail(
      `the vector has ${vector.length} dimensions, the index "${index.name}" has ${index.dimensions}`,
      " -> vector",
      "Embed the query with the model that embedded the rows.",
    );
  }
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1 || limit > mostNearest) {
    return fail(`the limit is ${describe(limit)}`, " -> limit", `Pass a whole number from 1 to ${mostNearest}.`);
  }
  if (typeof includeScore !== "boolean")
    return fail("includeScore must be true or false", " -> includeScore", "Leave it out for no score.");
  if (!isPlainObject(filter))
    return fail(`filter takes an object, not ${describe(filter)}`, " -> filter", 'Write { lang: "en" }.');
  const where = vectorWhere(table, index, filter);
  return { index, vector: vector as number[], limit, filter: where, includeScore };
}

/** A value means equality, `{ in: [...] }` any of its values. */
function vectorWhere(
  table: TableInfo,
  index: VectorIndexInfo,
  filter: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const path = "vectorSearch -> filter";
  const where: Record<string, unknown> = { ...filterWhere(table, index.filterFields, filter, path) };
  for (const [field, value] of Object.entries(filter)) {
    if (!isPlainObject(value) || Object.keys(value).join() !== "in") continue;
    const list = value["in"];
    where[field] = { in: list };
    if (Array.isArray(list) && list.length > mostValues) {
      throw new OrmError("INVALID_VALUE", `the filter has ${list.length} values`, {
        table: table.name,
        path: `${path} -> ${field}`,
        limit: "vectorFilter",
        allowed: mostValues,
        hint: `A vector index takes ${mostValues} at most; more can stand in \`where\`.`,
      });
    }
  }
  return where;
}

/** A filter of a vector index: any of these equalities. */
export type VectorFilter = readonly (readonly [field: string, value: Value])[];

/**
 * The best filter for the index that every row of the predicate passes: the platform joins equalities by OR only, so of
 * an AND one part is taken, that with the fewest values; between equals that of a policy. Rows are tested whole
 * afterwards. Null when there is none.
 */
export function vectorFilter({ filterFields }: VectorIndexInfo, where: Predicate): VectorFilter | null {
  const cover = (predicate: Predicate): VectorFilter | null => {
    switch (predicate.kind) {
      case "field": {
        if (!filterFields.includes(predicate.field) || !allPoints(predicate.set)) return null;
        const values = predicate.set.map((part) => part.lower!.value);
        if (values.includes(undefined) || values.length > mostValues) return null;
        return values.map((value) => [predicate.field, value as Value] as const);
      }
      case "and": {
        const byPolicy = [...predicate.of].sort((a, b) => Number(isPolicy(b)) - Number(isPolicy(a)));
        let best: VectorFilter | null = null;
        for (const part of byPolicy) {
          const covered = cover(part);
          if (covered !== null && (best === null || covered.length < best.length)) best = covered;
        }
        return best;
      }
      case "or": {
        const parts = predicate.of.map(cover);
        const all = parts.flatMap((part) => part ?? []);
        return parts.includes(null) || all.length > mostValues ? null : all;
      }
      default:
        return null;
    }
  };
  return cover(where);
}

const isPolicy = (predicate: Predicate): boolean => predicate.kind === "field" && predicate.policies !== undefined;
