import { OrmError, type OrmErrorDetails } from "../../errors.js";
import { suggestionsFor, type ReadRun } from "../run.js";
import { sortBound } from "./bounds.js";
import type { RelationLoad } from "./parse.js";

/** Tells the errors of a child's read as the relation's: with its place, and in its own terms. */
export async function asRelation<T>(run: ReadRun, load: RelationLoad, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof OrmError)) throw error;
    const { code, message, path, ...rest } = error.data;
    // It was told as a relation's already, perhaps of another level that shares the read.
    if (typeof path === "string" && path.startsWith("with -> ")) throw error;
    const details = rest as OrmErrorDetails;
    const figure = details["figure"] as number | undefined;
    const sorting = code === "SORT_UNBOUNDED" || (code === "SCAN_LIMIT" && details["allowed"] === sortBound(load));
    if (code === "TOO_MANY_ROWS" || sorting) throw tooManyRows(run, load, figure);
    throw new OrmError(code, message, { ...details, path: load.path });
  }
}

/** One parent has more related rows than may be loaded, or sorted. The figure is how many were met. */
export function tooManyRows(run: ReadRun, load: RelationLoad, figure: number | undefined): OrmError {
  const { limits, plan, relation, target } = load;
  const indexes =
    plan.sorts && plan.related.kind === "ranges" && plan.junction === null
      ? suggestionsFor(run.env, plan.related.keyed.plan)
      : [];
  const junction = relation.through === null ? null : run.env.catalog.tables[relation.through.table]!;
  const hidden = run.access.isProtected(target) || (junction !== null && run.access.isProtected(junction));
  const sort =
    indexes.length === 0 ? "" : `Add ${indexes.join(" or ")} to "${target.name}" so that the order needs no sort, or `;
  const otherwise = plan.sorts
    ? "raise relationRows, or pass allowFullScan: true to sort within maxScan."
    : "pass a `limit` for the relation, or raise relationRows.";
  const hint = `${sort}${otherwise}`;
  return new OrmError(
    "RELATION_ROWS",
    `${load.path}: a row of "${relation.table}" has more than relationRows = ${limits.relationRows} related rows`,
    {
      table: target.name,
      path: load.path,
      limit: "relationRows",
      allowed: limits.relationRows,
      ...(hidden || figure === undefined ? {} : { figure }),
      hint: hint.charAt(0).toUpperCase() + hint.slice(1),
      ...(indexes.length === 0 ? {} : { suggestions: [...indexes] }),
    },
  );
}

/** More distinct keys than one level may have. */
export function tooManyKeys(run: ReadRun, load: RelationLoad, keys: number): OrmError {
  const { relationKeys } = load.limits;
  const hidden =
    run.access.isProtected(run.env.catalog.tables[load.relation.table]!) || run.access.isProtected(load.target);
  return new OrmError(
    "RELATION_KEYS",
    `${load.path}: the rows have more than relationKeys = ${relationKeys} distinct keys`,
    {
      table: load.target.name,
      path: load.path,
      limit: "relationKeys",
      allowed: relationKeys,
      ...(hidden ? {} : { figure: keys }),
      hint: "Load fewer parents with `limit` or `paginate`, or raise relationKeys.",
    },
  );
}

export const notUnique = (load: RelationLoad): OrmError =>
  new OrmError("NOT_UNIQUE", `"${load.relation.name}" leads to one row, and several match`, {
    table: load.target.name,
    path: load.path,
    hint: `Declare ${load.relation.to.join(", ")} unique, or make the relation a many.`,
  });
