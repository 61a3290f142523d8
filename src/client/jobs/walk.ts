import type { Budget } from "../executor/budget.js";
import type { Document } from "../executor/env.js";
import { TooManyKeys } from "../executor/execution.js";
import { wholeSpan, type Position, type Span } from "../executor/position.js";
import { executionOf, startRun } from "../executor/run.js";
import type { Stop } from "../executor/scan.js";
import type { Selection } from "../executor/select.js";
import { walkPlan, type PlanWalk } from "../executor/walk.js";
import type { Route } from "./route.js";
import type { Step } from "./step.js";

/** Documents that a step may meet: a filter that no index serves moves on through rows that do not match. */
const most = 4_000;
/** After a failure, whose cause may be what was read, a step meets as many fewer as it changes. */
const mostOf = (rows: number): number => Math.min(most, 16 + 8 * rows);
/** How many rows are read between two questions to the transaction; few where each may ask other tables. */
const chunk = 64;

/** Ends a portion when the step has met what it may. */
class StepStop implements Stop {
  private met = 0;
  private full = false;

  constructor(
    private readonly budget: Budget,
    private readonly bounds: { readonly rows: number; readonly bytes: number },
    private readonly room: () => Promise<number>,
  ) {}

  get reached(): boolean {
    return this.full || this.met >= mostOf(this.bounds.rows) || this.budget.bytes >= this.bounds.bytes;
  }

  note(): Promise<void> | void {
    if (++this.met % chunk !== 0) return;
    return this.room().then((room) => void (this.full ||= room <= 0));
  }
}

export interface Portion {
  /** Rows created later are passed over. */
  readonly until: number;
  /** How many more rows may be taken; asked again and again. */
  readonly room: () => Promise<number>;
  readonly take: (row: Document) => Promise<void> | void;
}

/**
 * Reads a portion of the route's rows. Returns where the next one begins: `start` when nothing was read, `end` when no
 * row is left.
 *
 * @throws TooManyKeys before anything is read.
 */
export async function walkPortion(
  step: Step,
  selection: Selection,
  route: Route,
  { until, room, take }: Portion,
): Promise<Position | "start" | "end"> {
  let left = Math.min(await room(), chunk);
  if (left <= 0) return "start";
  const execution = executionOf(startRun(step.env, selection.access, selection.limits), route.plan);
  const stop = new StepStop(execution.budget, step.budget, room);
  const walk: PlanWalk = await walkPlan(execution, route.plan, {
    span: spanOf(route, until),
    need: mostOf(step.budget.rows),
    stop,
  });
  for (let given = 0; given < mostOf(step.budget.rows); given++) {
    if (left <= 0) left = Math.min(await room(), chunk);
    if (left <= 0) break;
    const row = await walk.next();
    if (row === null) break;
    left--;
    if (row._creationTime <= until) await take(row);
  }
  walk.close();
  return walk.place();
}

/** In creation order what came later need not be read. */
function spanOf({ digest, from }: Route, until: number): Span {
  return digest !== null ? { ...wholeSpan, start: from } : { start: from, end: { kind: "order", values: [until] } };
}

/** Runs with a plan whose key sets are small enough: with relation filters tested row by row where they are not. */
export async function withinKeys<T>(run: (semiJoins: boolean) => Promise<T>): Promise<T> {
  try {
    return await run(true);
  } catch (error) {
    if (!(error instanceof TooManyKeys)) throw error;
    return await run(false);
  }
}
