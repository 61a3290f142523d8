import type { Catalog, ForeignKey, ReferentialAction } from "../schema/catalog.js";

export const refuses = (action: ReferentialAction): boolean => action === "restrict" || action === "no action";

/** What happens to rows of a table: they go, or some of their fields change. */
export type Event = { readonly table: string; readonly fields: readonly string[] | null };

/** A foreign key that reacts to an event, with the action that it takes and what that does to the referencing rows. */
export interface Reaction {
  readonly foreignKey: ForeignKey;
  readonly action: ReferentialAction;
  /** Null where the action refuses. */
  readonly next: Event | null;
}

/** The reactions to an event, as the schema has them. */
export function reactionsTo(catalog: Catalog, event: Event): Reaction[] {
  const reactions: Reaction[] = [];
  for (const foreignKey of catalog.tables[event.table]!.referencedBy) {
    if (event.fields !== null && !foreignKey.targetFields.some((field) => overlaps(event.fields!, field))) continue;
    const action = event.fields === null ? foreignKey.onDelete : foreignKey.onUpdate;
    const gone = event.fields === null && action === "cascade";
    const next = refuses(action) ? null : { table: foreignKey.table, fields: gone ? null : foreignKey.fields };
    reactions.push({ foreignKey, action, next });
  }
  return reactions;
}

/** A change of `a` changes `a.b`, and the other way round. */
const overlaps = (fields: readonly string[], field: string): boolean =>
  fields.some((each) => each === field || each.startsWith(`${field}.`) || field.startsWith(`${each}.`));

/** What follows from an event, worked out on the schema alone. */
export interface Reach {
  /** Some refusing action may be met, at whatever depth: only then is a walk of the rows needed. */
  readonly refusing: boolean;
  /** Tables of which rows can refuse: whether the statement deletes them itself must be known. */
  readonly refusers: ReadonlySet<string>;
}

const textOf = (event: Event): string =>
  `${event.table}:${event.fields === null ? "*" : [...event.fields].sort().join(",")}`;

const reaches = new WeakMap<Catalog, Map<string, Reach>>();

/** The {@link Reach} of an event; remembered for each catalog. */
export function reachOf(catalog: Catalog, event: Event): Reach {
  let known = reaches.get(catalog);
  if (known === undefined) reaches.set(catalog, (known = new Map()));
  const text = textOf(event);
  let reach = known.get(text);
  if (reach === undefined) {
    const refusers = new Set<string>();
    const seen = new Set<string>();
    const visit = (at: Event): void => {
      if (seen.has(textOf(at))) return;
      seen.add(textOf(at));
      for (const { foreignKey, next } of reactionsTo(catalog, at)) {
        if (next === null) refusers.add(foreignKey.table);
        else visit(next);
      }
    };
    visit(event);
    known.set(text, (reach = { refusing: refusers.size > 0, refusers }));
  }
  return reach;
}

/** Whether a row that takes part in an event can lead to a refusal, or can be one of those that would refuse. */
export function matters(catalog: Catalog, event: Event, refusers: ReadonlySet<string>): boolean {
  if (reachOf(catalog, event).refusing) return true;
  const seen = new Set<string>();
  const visit = (at: Event): boolean => {
    if (refusers.has(at.table)) return true;
    if (seen.has(textOf(at))) return false;
    seen.add(textOf(at));
    return reactionsTo(catalog, at).some(({ next }) => next !== null && visit(next));
  };
  return visit(event);
}
