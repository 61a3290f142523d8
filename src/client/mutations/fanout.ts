import type { Document } from "../executor/env.js";
import type { Catalog, ForeignKey, TableInfo } from "../schema/catalog.js";
import { acted, type KeyChange } from "./actions.js";
import { mostEntries } from "./aggregates.js";
import type { WriteDatabase } from "./env.js";
import { keyOf, referencingRows, sameKey, textOfKey, type Key } from "./keys.js";
import type { Meter } from "./meter.js";
import { valuesAt } from "./paths.js";
import { matters, reactionsTo, refuses, type Event } from "./reach.js";
import type { IsDoomed } from "./restrict.js";
import { hasKey, type Stage } from "./stage.js";

/** A key whose referencing rows are still to be taken, from the row after `after` on. */
interface PendingKey {
  readonly change: KeyChange;
  after: Document | null;
}

/** Keys of one foreign key on which it acts in the same way: one node of the frontier. */
export interface Batch {
  readonly foreignKey: ForeignKey;
  readonly event: "delete" | "update";
  /** The work item that the keys come from; null for keys that this transaction brought up. */
  readonly item: string | null;
  /** In the order in which they are taken; done ones are gone. */
  keys: PendingKey[];
  /** Staged rows that reference a key though stored rows do not say so; found once, before the batch changes any. */
  moved: Map<string, Document[]> | null;
}

/** A key that some row held, and on which a refusing action must be judged when all is staged. */
export interface Refusal {
  readonly foreignKey: ForeignKey;
  readonly change: KeyChange;
}

/** A reference that `set default` wrote into a row: its parent must exist, changed or not. */
export interface Defaulted {
  readonly foreignKey: ForeignKey;
  readonly key: Key;
  readonly row: Document;
}

/** Index ranges read together: the platform batches this many at least. */
const together = 32;

export interface FanoutEnv {
  readonly db: WriteDatabase;
  readonly catalog: Catalog;
}

/**
 * The referential actions of a statement, on the stage: nothing is written here. They go breadth first, in rounds: what
 * a round brings up, the next one takes. Within a round rows are deleted before others are changed, so a row that is
 * reached both ways is deleted as it stood, with the rows that hang from it, in whatever order rows and foreign keys
 * come. What is left of the rounds is the frontier; it may be handed over at any time.
 */
export class Fanout {
  private round: Batch[] = [];
  private next: Batch[] = [];
  readonly refusals: Refusal[] = [];
  readonly defaulted: Defaulted[] = [];
  /** Rows that actions have changed so far, each once, those only looked at left out. */
  rows = 0;
  /** Set for the walk beyond what is written: only what can lead to a refusal is followed. */
  private refusers: ReadonlySet<string> | null = null;

  /** @param isDoomed in a job, whether a row that its actions would change is one that they will delete. */
  constructor(
    private readonly env: FanoutEnv,
    private readonly stage: Stage,
    private readonly meter: Meter,
    private readonly isDoomed: IsDoomed | null = null,
  ) {}

  get isDone(): boolean {
    return this.round.length + this.next.length === 0;
  }

  /** Brings up what a change of a row asks of the rows that reference it. */
  note(table: TableInfo, before: Document, after: Document | null): void {
    for (const foreignKey of table.referencedBy) {
      const key = keyOf(before, foreignKey.targetFields);
      if (key === null) continue;
      const next = after === null ? null : valuesAt(after, foreignKey.targetFields);
      if (next !== null && sameKey(next, key)) continue;
      const change = { key, next };
      if (refuses(next === null ? foreignKey.onDelete : foreignKey.onUpdate))
        this.refusals.push({ foreignKey, change });
      else this.enqueue(foreignKey, change);
    }
  }

  private enqueue(foreignKey: ForeignKey, change: KeyChange): void {
    const event = change.next === null ? "delete" : "update";
    // Of one foreign key the order is kept: a key may be renamed and then go.
    const last = this.next.findLast((batch) => batch.foreignKey === foreignKey);
    const pending = { change, after: null };
    if (last !== undefined && last.event === event) last.keys.push(pending);
    else this.next.push({ foreignKey, event, item: null, keys: [pending], moved: null });
  }

  /** Adds the keys of a work item, in the order in which items are to be taken. */
  add(item: string, foreignKey: ForeignKey, event: "delete" | "update", changes: readonly KeyChange[]): void {
    const keys = changes.map((change) => ({ change, after: null }));
    this.round.push({ foreignKey, event, item, keys, moved: null });
  }

  /** Takes rows until nothing is left or `limit` rows are changed, or the transaction has no more room. */
  async run(limit: number): Promise<void> {
    while (!this.isDone) {
      if (this.round.length === 0) [this.round, this.next] = [deletionsFirst(this.next), []];
      const batch = this.round[0]!;
      if (batch.keys.length > 0 && !(await this.advance(batch, limit - this.rows))) return;
      if (batch.keys.length === 0) this.round.shift();
    }
  }

  /** The frontier as it stands, to be handed over. */
  rest(): Batch[] {
    return [...this.round, ...deletionsFirst(this.next)]
      .filter((batch) => batch.keys.length > 0)
      .map((batch) => ({ ...batch, keys: [...batch.keys] }));
  }

  /** Goes on looking, without writing, at what can lead to one of the `refusers`. */
  async look(refusers: ReadonlySet<string>): Promise<void> {
    this.refusers = refusers;
    await this.run(Infinity);
  }

  private async advance(batch: Batch, limit: number): Promise<boolean> {
    const { foreignKey } = batch;
    const child = this.env.catalog.tables[foreignKey.table]!;
    const looking = this.refusers !== null;
    if (looking && !this.leadsToRefusal(batch)) {
      batch.keys = [];
      return true;
    }
    const guarded = this.isDoomed !== null && this.emptiesGuardedKeys(batch);
    const cost = {
      queries: child.referencedBy.length + 1 + (guarded ? child.foreignKeys.length : 0),
      written: !looking,
      entries: mostEntries(child, eventOf(foreignKey, batch.event).fields === null),
    };
    const room = await this.meter.room(this.stage.pending, cost);
    const rows = Math.min(room.rows, limit);
    if (rows <= 0 || room.queries <= 0) return false;
    const moved = (batch.moved ??= this.stage.movedBy(foreignKey));
    const group = batch.keys.slice(0, Math.min(together, rows, room.queries));
    const share = Math.min(Math.floor(rows / group.length), 16_000);
    const found = await Promise.all(
      group.map(({ change, after }) => referencingRows(this.env.db, child, foreignKey, change.key, share, after)),
    );
    const open: PendingKey[] = [];
    for (const [i, pending] of group.entries()) {
      for (const row of [...(moved.get(textOfKey(pending.change.key)) ?? []), ...found[i]!]) {
        if (guarded && (await this.isDoomed!(child, this.stage.current(row) ?? row))) continue;
        this.act(child, foreignKey, pending.change, row);
      }
      moved.delete(textOfKey(pending.change.key));
      if (found[i]!.length < share) continue;
      open.push({ change: pending.change, after: found[i]!.at(-1)! });
    }
    batch.keys = [...open, ...batch.keys.slice(group.length)];
    return true;
  }

  private leadsToRefusal({ foreignKey, event }: Batch): boolean {
    return matters(this.env.catalog, eventOf(foreignKey, event), this.refusers!);
  }

  /**
   * Whether the rows lose keys on which a refusing action stands guard. The steps of a job mix rounds, so a row among
   * them may be one that a later step deletes: it keeps its key until then, for the rows that go with it.
   */
  private emptiesGuardedKeys({ foreignKey, event }: Batch): boolean {
    const change = eventOf(foreignKey, event);
    return change.fields !== null && reactionsTo(this.env.catalog, change).some(({ next }) => next === null);
  }

  private act(child: TableInfo, foreignKey: ForeignKey, change: KeyChange, stored: Document): void {
    const now = this.stage.current(stored);
    if (now === null || !hasKey(now, foreignKey.fields, textOfKey(change.key))) return;
    const after = acted(this.env.db, child, foreignKey, change, now);
    const known = this.stage.get(stored._id);
    this.stage.put(child, stored, after, false, this.refusers === null);
    if (known === undefined && this.refusers === null) this.rows++;
    const isDefault = (change.next === null ? foreignKey.onDelete : foreignKey.onUpdate) === "set default";
    const key = after === null || !isDefault || !foreignKey.enforce ? null : keyOf(after, foreignKey.fields);
    if (key !== null) this.defaulted.push({ foreignKey, key, row: stored });
    this.note(child, now, after);
  }
}

/** What a foreign key does to the rows that reference a key. */
function eventOf({ table, fields, onDelete }: ForeignKey, event: Batch["event"]): Event {
  return { table, fields: event === "delete" && onDelete === "cascade" ? null : fields };
}

function deletionsFirst(batches: readonly Batch[]): Batch[] {
  const deletes = ({ foreignKey, event }: Batch): boolean => eventOf(foreignKey, event).fields === null;
  return [...batches.filter(deletes), ...batches.filter((batch) => !deletes(batch))];
}
