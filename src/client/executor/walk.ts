import type { QueryPlan } from "../planner/plan.js";
import type { Document } from "./env.js";
import type { Execution } from "./execution.js";
import { open } from "./open.js";
import { orderValues } from "./order.js";
import { placeAfter, type Position, type Span } from "./position.js";
import type { Stop } from "./scan.js";

/** A plan read in portions, each beginning where the last one ended, in transactions of their own. */
export interface PlanWalk {
  next(): Promise<Document | null>;
  /**
   * Where the next portion begins: after the last row that was given, or after the last one read when `stop` ended
   * this portion. `end` when no row is left, `start` when none was read.
   */
  place(): Position | "start" | "end";
  close(): void;
}

/**
 * Opens a portion. The plan is one without order whose branches exclude each other, or one whose order its indexes
 * deliver: each row comes once, in whatever portions.
 *
 * @param need rows wanted at most.
 * @throws TooManyKeys as `executePlan`; a portion bounds itself by `stop`, not by `maxScan`.
 */
export async function walkPlan(
  execution: Execution,
  plan: QueryPlan,
  { span, need, stop }: { readonly span: Span; readonly need: number; readonly stop: Stop },
): Promise<PlanWalk> {
  execution.budget.stopsByItself = true;
  const { stream, branches } = await open(execution, plan, { span, need, stop, eager: false });
  let place: Position | "start" | "end" = "start";
  return {
    async next() {
      const row = await stream.next();
      if (row !== null) {
        const ordered = plan.order.length > 0;
        place = ordered
          ? { kind: "order", values: orderValues(row, plan.order) }
          : placeAfter(plan, row, branches[stream.at]);
        return row;
      }
      const stopped = stream.stoppedAfter;
      place = stopped === null ? "end" : placeAfter(plan, stopped, branches[stream.at]);
      return null;
    },
    place: () => place,
    close: () => stream.close(),
  };
}
