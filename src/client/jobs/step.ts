import type { Document } from "../executor/env.js";
import { mostEntries } from "../mutations/aggregates.js";
import { Fanout } from "../mutations/fanout.js";
import type { WriteEnv } from "../mutations/env.js";
import { Meter } from "../mutations/meter.js";
import { Stage } from "../mutations/stage.js";
import type { TableInfo } from "../schema/catalog.js";
import type { IsDoomed } from "../mutations/restrict.js";
import { doomedIn, type AskingJob, type IsNamed } from "./doomed.js";
import type { Item } from "./work.js";

/** What became of one item that a step was given. */
export interface ItemOutcome {
  readonly id: string;
  readonly done: boolean;
  readonly work?: string;
  readonly holds?: string[];
}

/** One step of a job under way: its budget, what it stages, and what it will answer. */
export class Step {
  readonly stage = new Stage();
  readonly meter: Meter;
  readonly fanout: Fanout;
  readonly outcomes: ItemOutcome[] = [];
  readonly added: Item[] = [];
  /** Background deletes that are not through: rows that they name do not refuse. */
  readonly named: IsNamed[] = [];
  /** Soft deletes that this step made. */
  readonly afterwards: (() => Promise<void>)[] = [];
  /** Root rows staged. */
  roots = 0;

  constructor(
    readonly env: WriteEnv,
    private readonly job: AskingJob,
    readonly budget: { readonly rows: number; readonly bytes: number },
  ) {
    this.meter = new Meter(env.metrics, env.limits.headroom, budget.bytes);
    this.fanout = new Fanout(env, this.stage, this.meter, (table, row) => this.doomed()(table, row));
  }

  /** Tells which rows the job has yet to delete, by what is staged now. */
  doomed(): IsDoomed {
    const isNamed: IsNamed = async (table, row) => {
      for (const names of this.named) if (await names(table, row)) return true;
      return false;
    };
    return doomedIn(this.env, this.stage, isNamed, this.job);
  }

  /** Rows that may still be changed by the step's row budget. */
  get left(): number {
    return this.budget.rows - this.roots - this.fanout.rows;
  }

  /** Takes referencing rows while the budget lasts. */
  async fanOut(): Promise<void> {
    await this.fanout.run(this.budget.rows - this.roots);
  }

  /** Stages what becomes of a root row, null for its deletion, and what that brings up. Nothing if it is deleted already. */
  putRoot(table: TableInfo, row: Document, after: Document | null): void {
    const now = this.stage.current(row);
    if (now === null) return;
    if (this.stage.get(row._id) === undefined) this.roots++;
    this.stage.put(table, row, after, true);
    this.fanout.note(table, now, after);
  }

  /** Root rows that fit now: each is read, judged and written, and what it brings up needs reads too. */
  async room(table: TableInfo): Promise<number> {
    const cost = { queries: table.referencedBy.length + 1, written: true, entries: mostEntries(table, false) };
    const room = await this.meter.room(this.stage.pending, cost);
    return Math.min(this.left, room.rows);
  }
}
