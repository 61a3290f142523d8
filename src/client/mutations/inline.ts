import type { TableInfo } from "../schema/catalog.js";
import { startJob } from "../jobs/start.js";
import { itemsOf } from "../jobs/work.js";
import type { WriteEnv } from "./env.js";
import { Fanout, type Batch } from "./fanout.js";
import { flush } from "./flush.js";
import { judge } from "./judge.js";
import { Meter } from "./meter.js";
import { reachOf, type Event } from "./reach.js";
import { walkTooLarge } from "./restrict.js";
import { Stage } from "./stage.js";
import type { Changed } from "./unique.js";

/** A statement under way in one transaction: what it stages, and the referential actions that follow. */
export class Inline {
  readonly stage = new Stage();
  readonly meter: Meter;
  readonly fanout: Fanout;

  constructor(private readonly env: WriteEnv) {
    this.meter = new Meter(env.metrics, env.limits.headroom);
    this.fanout = new Fanout(env, this.stage, this.meter);
  }

  /**
   * Runs the referential actions on the stage while they fit, and judges everything. Returns the frontier that did not
   * fit: work for a job.
   *
   * @param event what the statement does to its root rows: where the schema lets it reach a refusing action, the rows
   * beyond what fits are walked too, so that nothing is refused after the first write.
   */
  async settle(table: TableInfo, event: Event, inserted: readonly Changed[] = []): Promise<Batch[]> {
    await this.meter.start();
    await this.fanout.run(this.env.limits.inlineRows);
    const rest = this.fanout.rest();
    const { refusing, refusers } = reachOf(this.env.catalog, event);
    if (rest.length > 0 && refusing) await this.walk(table, refusers);
    await judge(this.env, this.stage, this.fanout, this.meter, { inserted });
    return rest;
  }

  /** Looks at everything below, writing nothing. */
  async walk(table: TableInfo, refusers: ReadonlySet<string>): Promise<void> {
    await this.fanout.look(refusers);
    if (!this.fanout.isDone) throw walkTooLarge(table);
  }

  /** Hands the frontier to a job, whose id is returned, then writes what is staged; null when nothing is left. */
  async finish(table: TableInfo, rest: readonly Batch[]): Promise<string | null> {
    const job = await this.handOver(table, rest);
    await flush(this.env, this.stage);
    return job;
  }

  /** Comes before the first write: a job that cannot be started (no worker, no component) refuses the statement. */
  async handOver(table: TableInfo, rest: readonly Batch[], inserted = 0): Promise<string | null> {
    if (rest.length === 0) return null;
    const rowsDone = this.stage.writes + inserted;
    return await startJob(this.env, { kind: "cascade", table: table.name, rowsDone, items: rest.flatMap(itemsOf) });
  }
}
