import type { Catalog, ForeignKey, RelationInfo, TableInfo } from "../../client/schema/catalog.js";
import { declaredFields } from "../../client/schema/fields.js";
import { sameFields } from "../../client/schema/indexes.js";
import type { AnyRelations } from "../../client/schema/relations.js";
import type { Finding } from "../findings.js";

/**
 * References that nothing keeps true, and to-one relations that may meet several rows. `written`: the relations as the
 * app has them, those that were refused included.
 */
export function references(catalog: Catalog, written: AnyRelations): Finding[] {
  return Object.values(catalog.tables).flatMap((table) => [
    ...Object.values(table.relations).flatMap((relation) => [
      ...withoutAction(catalog, table, relation),
      ...notUnique(table, relation),
    ]),
    ...table.foreignKeys.flatMap((key) => unsaidDelete(table, key)),
    ...idFields(catalog, table, written),
  ]);
}

/** A `one` over a field of ids that is no foreign key: its row may be missing, and nothing happens when it goes. */
function withoutAction({ tables }: Catalog, table: TableInfo, relation: RelationInfo): Finding[] {
  const { name, kind, from, to, target } = relation;
  if (kind !== "one" || from.includes("_id") || !relation.targetUnique) return [];
  const joins = (key: ForeignKey, own: readonly string[], others: readonly string[]): boolean =>
    sameFields(key.fields, own) && sameFields(key.targetFields, others);
  if (table.foreignKeys.some((key) => key.target === target && joins(key, from, to))) return [];
  // The other side of a one-to-one, over keys that are unique on both.
  if (tables[target]!.foreignKeys.some((key) => key.target === table.name && joins(key, to, from))) return [];
  return [
    {
      rule: "reference-without-action",
      severity: "warning",
      table: table.name,
      path: `relations -> ${table.name} -> ${name}`,
      message: `no referential action: ${from.join(", ")} may name a row of "${target}" that is not there, or no longer`,
      remedy: `Declare onDelete: ${actionsFor(table, from, tables[target]!)}.`,
    },
  ];
}

/** Only what the field can take. */
function actionsFor(table: TableInfo, fields: readonly string[], target: TableInfo): string {
  const empty = fields.every((field) => table.field(field)?.optional === true);
  return [
    `"cascade" (goes with its ${target.name})`,
    ...(empty ? ['"set null"'] : []),
    '"restrict"',
    'or "no action"',
  ].join(", ");
}

function unsaidDelete(table: TableInfo, key: ForeignKey): Finding[] {
  const toId = key.targetFields.length === 1 && key.targetFields[0] === "_id";
  if (key.onDelete !== "no action" || key.onUpdate === "no action" || !toId) return [];
  return [
    {
      rule: "reference-without-action",
      severity: "warning",
      table: table.name,
      path: `relations -> ${table.name} -> ${key.name}`,
      message: `\`onUpdate\` never acts, for an _id does not change, and \`onDelete\` is left unsaid: "no action"`,
      remedy: 'Declare onDelete, if only "no action".',
    },
  ];
}

function notUnique(table: TableInfo, relation: RelationInfo): Finding[] {
  const { name, kind, target, to, targetUnique } = relation;
  if (kind !== "one" || targetUnique) return [];
  return [
    {
      rule: "to-one-not-unique",
      severity: "warning",
      table: table.name,
      path: `relations -> ${table.name} -> ${name}`,
      message: `a to-one by ${to.join(", ")} of "${target}", which is not unique: several rows are NOT_UNIQUE when it is loaded`,
      remedy: `Declare tables.${target}.unique: { ${to.join("_")}: ${JSON.stringify(to)} }, or make it r.many.${target}.`,
    },
  ];
}

/** Fields of ids that no relation starts from, and files that stay when their row goes. */
function idFields({ tables }: Catalog, table: TableInfo, written: AnyRelations): Finding[] {
  return declaredFields(table.validator).flatMap((field): Finding[] => {
    const idTable = table.field(field)?.idTable ?? null;
    const at = { table: table.name, path: `schema -> ${table.name} -> ${field}` };
    if (idTable === "_storage" && !Object.hasOwn(table.rules.files, field)) {
      return [
        {
          rule: "files-not-deleted",
          severity: "note",
          ...at,
          message: `"${field}" holds a file that stays in storage when its row is deleted`,
          remedy: `Declare tables.${table.name}.files: { ${field}: "cascade" }, unless several rows share the file.`,
        },
      ];
    }
    if (idTable === null || !Object.hasOwn(tables, idTable) || isJoined(written, table.name, field)) return [];
    return [
      {
        rule: "reference-without-relation",
        severity: "note",
        ...at,
        message: `"${field}" holds ids of "${idTable}", and no relation says so`,
        remedy: `Declare relations.${table.name}: { ...: r.one.${idTable}({ from: "${field}", onDelete: ... }) }.`,
      },
    ];
  });
}

/** Whether some relation, from either side or through the table, uses the field. */
function isJoined(written: AnyRelations, table: string, field: string): boolean {
  const names = (fields: string | readonly string[] | undefined): boolean => [fields].flat().includes(field);
  return Object.entries(written).some(([owner, relations]) =>
    Object.values(relations).some(
      ({ target, from, to, through }) =>
        (owner === table && names(from)) ||
        (target === table && names(to)) ||
        (through?.table === table && (names(through.from) || names(through.to))),
    ),
  );
}
