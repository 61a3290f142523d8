import type { ForeignKey } from "../../client/schema/catalog.js";

/** What a foreign key does, in words; nothing for a relation that is none. */
export function actionsText(key: ForeignKey | null): string[] {
  if (key === null) return [];
  const toId = key.targetFields.includes("_id");
  return [
    `on delete ${key.onDelete}`,
    // An _id never changes.
    ...(toId || key.onUpdate === "no action" ? [] : [`on update ${key.onUpdate}`]),
    ...(key.enforce ? [] : ["not enforced"]),
  ];
}
