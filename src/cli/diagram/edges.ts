import {
  typeBit,
  type Catalog,
  type ForeignKey,
  type RelationInfo,
  type TableInfo,
} from "../../client/schema/catalog.js";
import { sameFields } from "../../client/schema/indexes.js";

/** How many rows of one side a row of the other has. */
export type Cardinality = "one" | "zero or one" | "zero or more";

/** A join of two tables: the relations over one key, from either side, and the foreign key where there is one. */
export interface Edge {
  /** The side that holds the key. */
  readonly child: string;
  readonly childFields: readonly string[];
  readonly parent: string;
  readonly parentFields: readonly string[];
  /** Children of one parent. */
  readonly children: Cardinality;
  /** Parents of one child. */
  readonly parents: Cardinality;
  readonly foreignKey: ForeignKey | null;
  /** Names of the child's relations, and of the parent's. */
  readonly fromChild: readonly string[];
  readonly fromParent: readonly string[];
}

/** A many-to-many by way of a junction, from both sides where both have it. */
export interface ThroughRelation {
  readonly table: string;
  readonly target: string;
  readonly junction: string;
  readonly names: readonly string[];
  readonly inverse: readonly string[];
}

interface Draft {
  readonly child: TableInfo;
  readonly childFields: readonly string[];
  readonly parent: TableInfo;
  readonly parentFields: readonly string[];
  readonly fromChild: string[];
  readonly fromParent: string[];
}

/** All joins that relations make; those of a junction too, where no relation of its own says them. */
export function edgesOf(catalog: Catalog): { edges: Edge[]; throughs: ThroughRelation[] } {
  const drafts = new Map<string, Draft>();
  const throughs: ThroughRelation[] = [];
  const all = Object.values(catalog.tables).flatMap((table) =>
    Object.values(table.relations).map((r) => ({ table, relation: r })),
  );
  // Foreign keys first: they know which side is which, and what joins the same fields follows them.
  const keysFirst = [...all].sort(
    (a, b) => Number(isForeignKey(b.table, b.relation)) - Number(isForeignKey(a.table, a.relation)),
  );
  for (const { table, relation } of keysFirst) {
    if (relation.through === null) addDirect(catalog, drafts, table, relation);
    else addThrough(catalog, drafts, throughs, table, relation, relation.through);
  }
  return { edges: [...drafts.values()].map(edgeOf), throughs };
}

function addDirect(catalog: Catalog, drafts: Map<string, Draft>, table: TableInfo, relation: RelationInfo): void {
  const { from, to, name } = relation;
  const target = catalog.tables[relation.target]!;
  const known = holdsKey(table, relation)
    ? joinOf(drafts, table, from, target, to)
    : joinOf(drafts, target, to, table, from);
  // A relation of a table with itself is told by its fields.
  const fromChild = known.child === table && sameFields(known.childFields, from);
  (fromChild ? known.fromChild : known.fromParent).push(name);
}

/** Whether the key lies in the table that declares the relation: the other side is the one that is referenced. */
function holdsKey(table: TableInfo, relation: RelationInfo): boolean {
  if (isForeignKey(table, relation)) return true;
  if (relation.from.includes("_id")) return false;
  if (relation.to.includes("_id") || relation.targetUnique) return true;
  return !isUnique(table, relation.from) && relation.kind === "one";
}

function addThrough(
  catalog: Catalog,
  drafts: Map<string, Draft>,
  throughs: ThroughRelation[],
  table: TableInfo,
  relation: RelationInfo,
  through: NonNullable<RelationInfo["through"]>,
): void {
  const junction = catalog.tables[through.table]!;
  joinOf(drafts, junction, through.from, table, relation.from);
  joinOf(drafts, junction, through.to, catalog.tables[relation.target]!, relation.to);
  const at = throughs.findIndex((other) => {
    const reverse = other.table === relation.target && other.target === table.name && other.junction === junction.name;
    return reverse && other.inverse.length === 0 && inverts(catalog, other, relation, through);
  });
  const known = throughs[at];
  if (known === undefined) {
    throughs.push({
      table: table.name,
      target: relation.target,
      junction: junction.name,
      names: [relation.name],
      inverse: [],
    });
  } else throughs[at] = { ...known, inverse: [relation.name] };
}

/** Whether the relation goes back over the junction's fields by which the other one came. */
function inverts(
  catalog: Catalog,
  other: ThroughRelation,
  relation: RelationInfo,
  through: NonNullable<RelationInfo["through"]>,
): boolean {
  const forth = catalog.tables[other.table]!.relations[other.names[0]!]!;
  const own = forth.table === relation.table && forth.name === relation.name;
  return !own && sameFields(forth.through!.from, through.to) && sameFields(forth.through!.to, through.from);
}

/** The join of these keys, whichever side said it first. Pairs of fields may be written in any order. */
function joinOf(
  drafts: Map<string, Draft>,
  child: TableInfo,
  childFields: readonly string[],
  parent: TableInfo,
  parentFields: readonly string[],
): Draft {
  const keyOf = (a: TableInfo, fields: readonly string[], b: TableInfo, others: readonly string[]): string =>
    JSON.stringify([a.name, b.name, fields.map((field, i) => `${field}=${others[i]}`).sort()]);
  const key = keyOf(child, childFields, parent, parentFields);
  const known = drafts.get(key) ?? drafts.get(keyOf(parent, parentFields, child, childFields));
  if (known !== undefined) return known;
  const made = { child, childFields, parent, parentFields, fromChild: [], fromParent: [] };
  drafts.set(key, made);
  return made;
}

function edgeOf({ child, childFields, parent, parentFields, fromChild, fromParent }: Draft): Edge {
  const foreignKey = child.foreignKeys.find((key) => fromChild.includes(key.name)) ?? null;
  const held = childFields.every((field) => child.field(field)?.optional === false && !isNullable(child, field));
  const parents = !isUnique(parent, parentFields)
    ? "zero or more"
    : held && foreignKey?.enforce === true
      ? "one"
      : "zero or one";
  return {
    child: child.name,
    childFields,
    parent: parent.name,
    parentFields,
    children: isUnique(child, childFields) ? "zero or one" : "zero or more",
    parents,
    foreignKey,
    fromChild,
    fromParent,
  };
}

const isForeignKey = (table: TableInfo, relation: RelationInfo): boolean =>
  table.foreignKeys.some((key) => key.name === relation.name);

const isNullable = (table: TableInfo, field: string): boolean =>
  ((table.field(field)?.types ?? 0) & typeBit.null) !== 0;

/** Whether at most one row of the table has given values of the fields. */
function isUnique(table: TableInfo, fields: readonly string[]): boolean {
  if (fields.length === 1 && fields[0] === "_id") return true;
  return table.rules.unique.some((unique) => sameFields(unique.fields, fields));
}
