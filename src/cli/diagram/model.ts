import type { Catalog, TableInfo } from "../../client/schema/catalog.js";
import { declaredFields } from "../../client/schema/fields.js";
import { edgesOf, type Edge, type ThroughRelation } from "./edges.js";
import { typeText } from "./types.js";

/** A field of a table, as diagrams show it. */
export interface FieldRow {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
  /** PK: `_id`. FK: part of a foreign key, or of a key by which a relation leaves the table. UK: unique by itself. */
  readonly keys: readonly ("PK" | "FK" | "UK")[];
}

/** An index, a unique key or the like: a name and the fields that it spans. */
export interface KeyRow {
  readonly kind: "index" | "unique" | "search" | "vector";
  readonly name: string;
  readonly fields: string;
}

export interface TableBox {
  readonly name: string;
  /** By `protected: true`, or by policies that were given. */
  readonly protected: boolean;
  /** The field that marks a soft-deleted row, or null. */
  readonly softDelete: string | null;
  readonly fields: readonly FieldRow[];
  readonly keys: readonly KeyRow[];
}

/** What both formats draw. */
export interface Diagram {
  readonly tables: readonly TableBox[];
  readonly edges: readonly Edge[];
  readonly throughs: readonly ThroughRelation[];
}

/** `closed`: tables that policies protect, beside those that the code does. */
export function diagramOf(catalog: Catalog, closed: ReadonlySet<string>): Diagram {
  const { edges, throughs } = edgesOf(catalog);
  const tables = Object.values(catalog.tables).map((table) => boxOf(table, edges, closed.has(table.name)));
  return { tables, edges, throughs };
}

function boxOf(table: TableInfo, edges: readonly Edge[], closed: boolean): TableBox {
  const { rules } = table;
  const referencing = new Set(edges.filter((edge) => edge.child === table.name).flatMap((edge) => edge.childFields));
  const unique = new Set(rules.unique.filter(({ fields }) => fields.length === 1).map(({ fields }) => fields[0]!));
  // A key may lie in an object: its dotted path gets a row of its own, below the fields.
  const dotted = [...referencing, ...unique].filter((name) => name.includes("."));
  const names = [...new Set(["_id", ...declaredFields(table.validator), ...dotted])];
  return {
    name: table.name,
    protected: rules.protected || closed,
    softDelete: rules.softDelete?.field ?? null,
    fields: names.map((name): FieldRow => {
      const field = table.field(name)!;
      const keys: FieldRow["keys"][number][] = [];
      if (name === "_id") keys.push("PK");
      if (name !== "_id" && referencing.has(name)) keys.push("FK");
      if (unique.has(name)) keys.push("UK");
      return { name, type: name === "_id" ? "id" : typeText(field), optional: field.optional, keys };
    }),
    keys: keysOf(table),
  };
}

function keysOf(table: TableInfo): KeyRow[] {
  const row = (kind: KeyRow["kind"], name: string, fields: readonly string[]): KeyRow => ({
    kind,
    name,
    fields: fields.join(", "),
  });
  return [
    ...table.rules.unique.map(({ name, fields }) => row("unique", name, fields)),
    ...table.indexes
      .filter(({ declared }) => declared > 0)
      .map(({ name, fields, declared }) => row("index", name, fields.slice(0, declared))),
    ...table.searchIndexes.map(({ name, searchField, filterFields }) =>
      row("search", name, [searchField, ...filterFields]),
    ),
    ...table.vectorIndexes.map(({ name, vectorField, filterFields }) =>
      row("vector", name, [vectorField, ...filterFields]),
    ),
  ];
}
