import { convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";
import type { KeyChange } from "../mutations/actions.js";
import type { Batch } from "../mutations/fanout.js";
import { holdText, holdsKeys } from "../mutations/holds.js";
import { nameOf, type Key } from "../mutations/keys.js";
import type { Stored } from "../predicate/values.js";
import type { Catalog, ForeignKey } from "../schema/catalog.js";

/** A value as JSON: nothing for absent, so that it differs from null. */
type Packed = [] | [JSONValue];
const pack = (value: Stored): Packed => (value === undefined ? [] : [convexToJson(value)]);
const unpack = (packed: Packed): Stored => (packed.length === 0 ? undefined : jsonToConvex(packed[0]));

/** Referential actions on keys of one foreign key: `next` is there for keys that became others. */
export interface KeysWork {
  readonly kind: "keys";
  readonly foreignKey: string;
  readonly event: "delete" | "update";
  readonly keys: readonly JSONValue[][];
  readonly next?: readonly Packed[][];
}

/** A place in a walk: of creation order, which means the same in every plan, or of the plan with that digest. */
export type Place =
  | { readonly by: "creation"; readonly values: readonly Packed[] }
  | {
      readonly by: "plan";
      readonly plan: string;
      readonly ordinal: number;
      readonly key: readonly Packed[] | null;
      readonly values: readonly Packed[] | null;
    };

/** An update, delete or restore of all rows of a table that match, from a place on. */
export interface RootWork {
  readonly kind: "root";
  readonly command: "update" | "delete" | "restore";
  readonly table: string;
  readonly where: JSONValue;
  /** Rows created later are none of the statement's. */
  readonly until: number;
  /** Of an update: the fields and what they become. */
  readonly set?: readonly (readonly [field: string, value: Packed])[];
  /** Of a delete: for real, whatever the table's rule. */
  readonly hard?: boolean;
  readonly at?: Place;
  /** Where rows are listed before they are changed: `list` while that lasts, then `take`, while the lists are worked off. */
  readonly phase?: "list" | "take";
  /** Its walk began anew under another plan: rows that hold what an update sets are passed over. */
  readonly again?: boolean;
}

/** Rows that the job's statement has listed, and is to take if they still match. */
export interface RowsWork {
  readonly kind: "rows";
  readonly ids: readonly string[];
  readonly again?: boolean;
}

/** Soft-deleted rows to delete for real, unless they were restored: they must still be marked with `at`. */
export interface PurgeWork {
  readonly kind: "purge";
  readonly table: string;
  readonly at: number;
  readonly ids: readonly string[];
}

export type Work = KeysWork | RootWork | RowsWork | PurgeWork;

/** A work item as the component stores it. */
export interface Item {
  readonly work: string;
  readonly holds?: string[];
}

/** Keys in one item: many, so that a frontier is few documents, and few enough that one stays small. */
const keysPerItem = 128;
export const idsPerItem = 256;

export const encodeWork = (work: Work): string => JSON.stringify(work);
export const decodeWork = (text: string): Work => JSON.parse(text) as Work;

export const packPatch = (set: Readonly<Record<string, unknown>>): RootWork["set"] =>
  Object.entries(set).map(([field, value]) => [field, pack(value as Stored)] as const);
export const unpackPatch = (set: RootWork["set"]): Record<string, unknown> =>
  Object.fromEntries((set ?? []).map(([field, value]) => [field, unpack(value)]));
export const packValues = (values: readonly Stored[] | null): Packed[] | null => values?.map(pack) ?? null;
export const unpackValues = (values: readonly Packed[] | null): Stored[] | null => values?.map(unpack) ?? null;

/** Some keys of a batch as an item, with the natural keys that it holds. */
function keysItem({ foreignKey, event }: Batch, changes: readonly KeyChange[]): Item {
  const work: KeysWork = {
    kind: "keys",
    foreignKey: nameOf(foreignKey),
    event,
    keys: changes.map(({ key }) => key.map((value) => convexToJson(value))),
    ...(event === "update" ? { next: changes.map(({ next }) => next!.map(pack)) } : {}),
  };
  const item = { work: encodeWork(work) };
  if (!holdsKeys(foreignKey)) return item;
  return { ...item, holds: changes.map(({ key }) => holdText(foreignKey.target, foreignKey.targetFields, key)) };
}

/** A batch of the frontier as work items. */
export function itemsOf(batch: Batch): Item[] {
  const items: Item[] = [];
  for (let at = 0; at < batch.keys.length; at += keysPerItem) {
    items.push(
      keysItem(
        batch,
        batch.keys.slice(at, at + keysPerItem).map(({ change }) => change),
      ),
    );
  }
  return items;
}

/** What is left of an item, as one item. */
export const restOf = (batch: Batch): Item =>
  keysItem(
    batch,
    batch.keys.map(({ change }) => change),
  );

export function changesOf(work: KeysWork): KeyChange[] {
  return work.keys.map((key, i) => ({
    key: key.map((value) => jsonToConvex(value)) as Value[] as Key,
    next: work.next === undefined ? null : work.next[i]!.map(unpack),
  }));
}

/** The foreign key of that name, or null when the schema has it no longer. */
export function foreignKeyNamed(catalog: Catalog, name: string): ForeignKey | null {
  const [table, relation] = name.split(".") as [string, string];
  return catalog.tables[table]?.foreignKeys.find((key) => key.name === relation) ?? null;
}
