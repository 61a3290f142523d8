import type { AnySchema } from "../types/model.js";
import type { Catalog, ForeignKey, RelationInfo, TableInfo } from "./catalog.js";
import { checkFilterKeys } from "./filters.js";
import { isUniqueKey, readForeignKey, type RuledTable } from "./foreignKeys.js";
import { readSchema, type Relations } from "./relations.js";
import { readRules } from "./rules.js";
import { objectAt, tableNamed } from "./tables.js";

/**
 * Builds the catalog: what the schema, the relations and the options together say, resolved, checked and frozen. It
 * runs at every cold start, so fields are resolved as they are asked for and filters are not parsed.
 *
 * @param relations what `defineRelations` returned for this schema.
 * @param options `tables` of the options of `new Orm`.
 * @throws OrmError `INVALID_SCHEMA`, naming the place and the mend.
 */
export function buildCatalog(schema: AnySchema, relations: Relations, options: object = {}): Catalog {
  const byTable = objectAt(options, "tables", "Write tables: { users: {...} }.");
  for (const name of Object.keys(byTable)) tableNamed(schema.tables, name, `tables -> ${name}`);
  // The usual case: the relations were defined on this very schema, and its tables need not be read again.
  const { tables, resolved } = relations.schema === schema ? relations : readSchema(schema, relations.definitions);
  const ruled: Record<string, RuledTable> = {};
  for (const [name, table] of Object.entries(tables)) {
    ruled[name] = { ...table, rules: readRules(table, byTable[name]) };
  }
  const catalog: Catalog = Object.freeze({ tables: Object.freeze(linkTables(ruled, resolved)) });
  checkFilters(catalog);
  return catalog;
}

/** Adds to each table its relations, its foreign keys and those that reference it. */
function linkTables(
  ruled: Readonly<Record<string, RuledTable>>,
  resolved: Relations["resolved"],
): Record<string, TableInfo> {
  const tables: Record<string, TableInfo> = {};
  const referencedBy: Record<string, ForeignKey[]> = {};
  for (const name of Object.keys(ruled)) referencedBy[name] = [];
  for (const [name, table] of Object.entries(ruled)) {
    const infos: Record<string, RelationInfo> = {};
    const foreignKeys: ForeignKey[] = [];
    for (const relation of resolved[name] ?? []) {
      const { written: _written, path: _path, ...info } = relation;
      const target = ruled[relation.target]!;
      infos[relation.name] = Object.freeze({ ...info, targetUnique: isUniqueKey(target, relation.to) });
      const key = relation.kind === "one" ? readForeignKey(relation, table, target) : null;
      if (key === null) continue;
      foreignKeys.push(key);
      referencedBy[key.target]!.push(key);
    }
    tables[name] = {
      ...table,
      relations: Object.freeze(infos),
      foreignKeys: Object.freeze(foreignKeys),
      referencedBy: referencedBy[name]!,
    };
  }
  for (const [name, table] of Object.entries(tables)) {
    Object.freeze(referencedBy[name]);
    Object.freeze(table);
  }
  return tables;
}

/** Checks the keys of the filters that the options and the relations hold. */
function checkFilters({ tables }: Catalog): void {
  for (const table of Object.values(tables)) {
    for (const [name, filter] of Object.entries(table.rules.checks)) {
      checkFilterKeys(tables, table, filter, `tables -> ${table.name} -> checks -> ${name}`);
    }
    for (const relation of Object.values(table.relations)) {
      if (relation.where === null) continue;
      const path = `relations -> ${table.name} -> ${relation.name} -> where`;
      checkFilterKeys(tables, tables[relation.target]!, relation.where, path);
    }
  }
}
