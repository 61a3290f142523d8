import { type ForeignKey, type ReferentialAction, type TableRules } from "./catalog.js";
import { canBeEmptied } from "./fields.js";
import { sameFields } from "./indexes.js";
import { needsIndex, type ResolvedRelation } from "./resolve.js";
import { fieldNamed, invalidSchema, type BaseTable } from "./tables.js";

const actions: readonly ReferentialAction[] = ["cascade", "set null", "set default", "restrict", "no action"];

/** A table with its rules. */
export type RuledTable = BaseTable & { readonly rules: TableRules };

/** Whether at most one row of `table` has given values of `fields`: the `_id`, or a declared unique. */
export function isUniqueKey(table: RuledTable, fields: readonly string[]): boolean {
  if (fields.length === 1 && fields[0] === "_id") return true;
  return table.rules.unique.some((unique) => sameFields(unique.fields, fields));
}

/**
 * The foreign key that a relation declares, or null: a `one` with `onDelete` or `onUpdate`.
 *
 * @throws OrmError `INVALID_SCHEMA` when it could not be enforced.
 */
export function readForeignKey(relation: ResolvedRelation, table: RuledTable, target: RuledTable): ForeignKey | null {
  const { written, path, from, to } = relation;
  const { onDelete, onUpdate, enforce = true } = written;
  if (onDelete === undefined && onUpdate === undefined) {
    if (written.enforce === undefined) return null;
    throw invalidSchema("`enforce` is for foreign keys", path, "Declare onDelete or onUpdate, or leave `enforce` out.");
  }
  for (const action of [onDelete, onUpdate]) {
    if (action === undefined || actions.includes(action)) continue;
    throw invalidSchema(`there is no referential action "${String(action)}"`, path, `Actions: ${actions.join(", ")}.`);
  }
  ownsKey(relation, table, target);
  if (!isUniqueKey(target, to)) {
    throw invalidSchema(
      `a foreign key must reference _id or a unique of "${target.name}", not ${to.join(", ")}`,
      path,
      `Declare tables.${target.name}.unique: { ${to.join("_")}: [${to.map((field) => `"${field}"`).join(", ")}] }.`,
      table.name,
    );
  }
  for (const action of [onDelete, onUpdate]) {
    if (action === "set null" || action === "set default")
      from.forEach((field) => settable(action, field, table, path));
  }
  return Object.freeze({
    name: relation.name,
    table: table.name,
    fields: from,
    target: target.name,
    targetFields: to,
    onDelete: onDelete ?? "no action",
    onUpdate: onUpdate ?? "no action",
    enforce,
    index: needsIndex(table, from, path, "the rows that reference a deleted one cannot be found"),
  });
}

/** A foreign key lies in the fields of the table that declares it: `_id` cannot be one. */
function ownsKey({ from, to, path }: ResolvedRelation, table: BaseTable, target: BaseTable): void {
  if (!from.includes("_id") && !from.includes("_creationTime")) return;
  throw invalidSchema(
    `a foreign key cannot be made of ${from.join(", ")} of "${table.name}", which the platform assigns`,
    path,
    `Declare the action on the side that holds the key: ${target.name}: { ...: r.one.${table.name}({ ` +
      `from: "${to.join('", "')}", onDelete: ... }) }.`,
    table.name,
  );
}

function settable(action: "set null" | "set default", name: string, table: RuledTable, path: string): void {
  const field = fieldNamed(table, name, path);
  if (canBeEmptied(field)) return;
  if (action === "set default" && Object.hasOwn(table.rules.defaults, name)) return;
  const orDefault = action === "set default" ? `, or give tables.${table.name}.defaults.${name}` : "";
  throw invalidSchema(
    `\`${action}\` needs a field that can be empty, and "${name}" is required`,
    path,
    `Declare ${name} with v.optional(...) or v.union(..., v.null())${orDefault}.`,
    table.name,
  );
}
