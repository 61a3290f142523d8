import { jsonToConvex } from "convex/values";
import { OrmError } from "../errors.js";
import type { Document } from "../executor/env.js";
import { compareToPrefix } from "../executor/order.js";
import { planSelect, type Selection } from "../executor/select.js";
import { reachOf } from "../mutations/reach.js";
import { tableOf } from "../mutations/statement.js";
import { matchesWith } from "../predicate/evaluate.js";
import type { TableInfo } from "../schema/catalog.js";
import { effectOfRemoval, effectOfUpdate, holds, type Effect } from "./effect.js";
import { listItems, takeListed, type List } from "./listed.js";
import { byCreation, placeOf, routeOf, type Route } from "./route.js";
import type { Step } from "./step.js";
import { takerOf, type Taker } from "./taker.js";
import { walkPortion, withinKeys, type Portion } from "./walk.js";
import { encodeWork, unpackPatch, unpackValues, type RootWork } from "./work.js";

/** A background statement as a step reads it from its item. */
export interface Root {
  readonly id: string;
  readonly work: RootWork;
  readonly table: TableInfo;
  /** Its rows, under the policies of now and the session of its start. */
  readonly selection: Selection;
  readonly set: Readonly<Record<string, unknown>>;
  readonly effect: Effect;
  /** Its rows are deleted for real. */
  readonly hard: boolean;
}

/** Ranges and keys that a walk may have: it opens them one after another, and its portion ends where its budget does. */
const wide = 1_000;

/** Reads a work item; from then on the step knows its rows as doomed. */
export async function readRoot(step: Step, id: string, work: RootWork): Promise<Root> {
  const { env } = step;
  const table = tableOf(env.catalog, work.table);
  const hard = work.command === "delete" && (work.hard === true || table.rules.softDelete === null);
  const set = unpackPatch(work.set);
  const selection = await planSelect(
    env,
    table,
    {
      where: jsonToConvex(work.where),
      withDeleted: work.command === "restore" || work.hard === true,
      allowFullScan: true,
      maxScan: Number.MAX_SAFE_INTEGER,
      maxProbes: Math.max(env.limits.maxProbes, wide),
      relationKeys: Math.max(env.limits.relationKeys, wide),
    },
    { command: work.command === "update" ? "update" : "delete" },
  );
  const predicate = selection.request.where;
  const effect =
    work.command === "update"
      ? effectOfUpdate(env.catalog, table, predicate, set)
      : effectOfRemoval(env.catalog, table, hard);
  if (hard) {
    step.named.push(
      async (at, row) => at === table && isAhead(work, row) && (await matchesWith(predicate, row, env.exists)),
    );
  }
  return { id, work, table, selection, set, effect, hard };
}

/** Whether the statement may yet come to the row. Where it walks by an index, only the filter tells. */
function isAhead({ until, at }: RootWork, row: Document): boolean {
  if (row._creationTime > until) return false;
  return at?.by !== "creation" || compareToPrefix(row, unpackValues(at.values)!, byCreation) > 0;
}

/** Goes on with a background statement, by what lists of its rows the step was given or from its place on. */
export async function runRoot(step: Step, root: Root, lists: readonly List[]): Promise<void> {
  const taker = await takerOf(step, root);
  if (root.work.phase === "take") await takeListed(step, root, lists, taker);
  else await withinKeys((semiJoins) => goOn(step, root, taker, semiJoins));
  await taker.finish();
}

async function goOn(step: Step, root: Root, taker: Taker, semiJoins: boolean): Promise<void> {
  const { work, selection, effect } = root;
  const request = semiJoins ? selection.request : { ...selection.request, semiJoins };
  const route = await routeOf(step.env.catalog, request, effect, work.at ?? null);
  const again = work.again === true || route.again;
  const now: RootWork = again ? { ...work, again } : work;
  if (route.listed || work.phase === "list") return await list(step, root, now, route, taker);
  const take = async (row: Document): Promise<void> => {
    if (!again || !holds(row, root.set)) await taker.take(row);
  };
  const place = await walkPortion(step, selection, route, portion(step, root, take));
  if (place === "start") return;
  if (place === "end") return void step.outcomes.push({ id: root.id, done: true });
  const next = encodeWork({ ...now, at: placeOf(route, place) });
  // What was brought up comes first, else the frontier would grow with the table. Where rows may refuse, the statement
  // stays in sight until it is through: rows that it names do not.
  if (root.hard && reachOf(step.env.catalog, { table: root.table.name, fields: null }).refusing) {
    step.outcomes.push({ id: root.id, done: false, work: next });
  } else {
    step.outcomes.push({ id: root.id, done: true });
    step.added.push({ work: next });
  }
}

const portion = (step: Step, { table, work }: Root, take: Portion["take"]): Portion => ({
  until: work.until,
  room: () => step.room(table),
  take,
});

/** Lists a portion of the rows. When they are all there are, and fit, they are taken at once. */
async function list(step: Step, root: Root, now: RootWork, route: Route, taker: Taker): Promise<void> {
  const rows: Document[] = [];
  const place = await walkPortion(step, root.selection, route, {
    until: now.until,
    room: () => Promise.resolve(Infinity),
    take: (row) => void rows.push(row),
  });
  if (place === "start") return;
  const { at: _place, ...work } = now;
  if (place === "end" && work.phase === undefined && rows.length <= (await step.room(root.table))) {
    for (const row of rows) await taker.take(row);
    step.outcomes.push({ id: root.id, done: true });
    return;
  }
  step.added.push(...listItems(rows, now.again === true));
  const next: RootWork =
    place === "end" ? { ...work, phase: "take" } : { ...work, phase: "list", at: placeOf(route, place) };
  step.outcomes.push({ id: root.id, done: false, work: encodeWork(next) });
}

/** A work item that speaks of what the schema no longer has. */
export function outdated(what: string): OrmError {
  return new OrmError("INVALID_SCHEMA", `a job's work speaks of ${what}, which the schema no longer has`, {
    hint: "Declare it again and retry the job, or cancel the job.",
  });
}
