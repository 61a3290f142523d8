import { isPlainObject } from "../predicate/values.js";
import type { Catalog, TableInfo } from "../schema/catalog.js";

/**
 * The tables that a query or statement may look at: its own, those of its relations to load, and those of the relation
 * filters in either. Reads arguments as written, before they are validated: what is malformed is passed over, for the
 * parser refuses it.
 */
export function touchedTables(
  catalog: Catalog,
  table: TableInfo,
  args: { readonly where?: unknown; readonly with?: unknown },
): string[] {
  const found = new Set<string>([table.name]);
  new Walk(catalog, found).load(table, args, 0);
  return [...found];
}

/** Deeper arguments are refused by the parser. */
const maxDepth = 250;

class Walk {
  constructor(
    private readonly catalog: Catalog,
    private readonly found: Set<string>,
  ) {}

  load(table: TableInfo, args: unknown, depth: number): void {
    if (!isPlainObject(args) || depth > maxDepth) return;
    this.filter(table, args["where"], depth + 1);
    if (!isPlainObject(args["with"])) return;
    for (const [name, inner] of Object.entries(args["with"])) {
      const target = this.follow(table, name, depth);
      if (target !== null) this.load(target, inner, depth + 1);
    }
  }

  filter(table: TableInfo, where: unknown, depth: number): void {
    if (!isPlainObject(where) || depth > maxDepth) return;
    for (const [key, value] of Object.entries(where)) {
      if (key === "AND" || key === "OR") {
        if (Array.isArray(value)) for (const part of value) this.filter(table, part, depth + 1);
      } else if (key === "NOT") this.filter(table, value, depth + 1);
      else {
        const target = this.follow(table, key, depth);
        if (target !== null) this.filter(target, value, depth + 1);
      }
    }
  }

  /** The target of a relation, it and the junction noted; null where the name is no relation. */
  private follow(table: TableInfo, name: string, depth: number): TableInfo | null {
    if (!Object.hasOwn(table.relations, name)) return null;
    const relation = table.relations[name]!;
    if (relation.through !== null) this.found.add(relation.through.table);
    this.found.add(relation.target);
    const target = this.catalog.tables[relation.target] ?? null;
    if (target !== null && relation.where !== null) this.filter(target, relation.where, depth + 1);
    return target;
  }
}
