import { jsonToConvex } from "convex/values";
import { OrmError } from "../errors.js";
import type { Document } from "../executor/env.js";
import { planSelect } from "../executor/select.js";
import { matchesWith } from "../predicate/evaluate.js";
import type { Predicate } from "../predicate/types.js";
import { RowPolicies } from "../mutations/row-policies.js";
import { markDeleted, startPurge, unmark } from "../mutations/soft.js";
import { tableOf } from "../mutations/statement.js";
import { patched } from "../mutations/values.js";
import { reachOf } from "../mutations/reach.js";
import type { TableInfo } from "../schema/catalog.js";
import type { Step } from "./step.js";
import { cursorAt, rowsOf, walkOf, type Walk } from "./walk.js";
import { encodeWork, packCursor, unpackCursor, unpackPatch, type RootWork } from "./work.js";

/** Documents met in a step beside those changed: a filter that no index serves still moves on. */
const scanned = 4_000;
const chunk = 256;

/** A background statement as a step reads it from its item. */
export interface Root {
  readonly id: string;
  readonly work: RootWork;
  readonly table: TableInfo;
  readonly predicate: Predicate;
  /** Its rows are deleted for real. */
  readonly hard: boolean;
}

/** Reads a work item, under the policies of now and the session of its start; from then on the step knows its rows as doomed. */
export async function readRoot(step: Step, id: string, work: RootWork): Promise<Root> {
  const { env } = step;
  const table = tableOf(env.catalog, work.table);
  const hard = work.command === "delete" && (work.hard === true || table.rules.softDelete === null);
  const select = await planSelect(
    env,
    table,
    { where: jsonToConvex(work.where), withDeleted: work.command === "restore" || work.hard === true, allowFullScan: true },
    { command: work.command === "update" ? "update" : "delete" },
  );
  const predicate = select.request.where;
  if (hard) step.named.push(async (at, row) => at === table && (await matchesWith(predicate, row, env.exists)));
  return { id, work, table, predicate, hard };
}

/** Goes on with a background update or delete: walks its rows in a fixed order from its cursor. */
export async function runRoot(step: Step, { id, work, table, predicate, hard }: Root): Promise<void> {
  const { env } = step;
  const set = unpackPatch(work.set);
  const mutable = new Set([
    ...(work.command === "update" ? [...Object.keys(set), ...Object.keys(table.rules.onUpdate)] : []),
    ...(table.rules.softDelete === null || hard || work.command === "update" ? [] : [table.rules.softDelete.field]),
    ...table.foreignKeys.flatMap((key) => key.fields.map((field) => field.split(".")[0]!)),
  ]);
  const walk = walkOf(table, predicate, mutable);
  const stageRow = rowStager(step, table, work, set, hard);
  const end = await walkRows(step, table, walk, predicate, work, stageRow.stage);
  await stageRow.finish();
  if (end === null) return;
  if (end === "done") {
    step.outcomes.push({ id, done: true });
    return;
  }
  const next = encodeWork({ ...work, cursor: packCursor(end) });
  // What was brought up comes first, else the frontier would grow with the table. Where rows may refuse, the statement
  // stays in sight until it is through: rows that it names do not.
  if (hard && reachOf(env.catalog, { table: table.name, fields: null }).refusing) {
    step.outcomes.push({ id, done: false, work: next });
  } else {
    step.outcomes.push({ id, done: true });
    step.added.push({ work: next });
  }
}

/** Walks until the budget is spent: returns the cursor to go on from, null where it was, or that there are no more rows. */
async function walkRows(
  step: Step,
  table: TableInfo,
  walk: Walk,
  predicate: Predicate,
  work: RootWork,
  stage: (row: Document) => Promise<void>,
): Promise<"done" | ReturnType<typeof cursorAt> | null> {
  let cursor = work.cursor === undefined ? null : unpackCursor(work.cursor);
  let met = 0;
  for (;;) {
    const limit = Math.min(await step.room(table.referencedBy.length + 1), chunk, scanned - met);
    if (limit <= 0) return met === 0 ? null : cursor;
    const rows = await rowsOf(step.env.db, table, walk, cursor, limit);
    for (const row of rows) {
      if (step.stage.current(row) === null || !(await matchesWith(predicate, row, step.env.exists))) continue;
      await stage(row);
    }
    met += rows.length;
    if (rows.length < limit) return "done";
    cursor = cursorAt(walk, rows.at(-1)!);
  }
}

function rowStager(step: Step, table: TableInfo, work: RootWork, set: Record<string, unknown>, hard: boolean) {
  const { env, stage } = step;
  const at = Date.now();
  const softDeleted: Document[] = [];
  let policies: RowPolicies | null | undefined;
  const put = (row: Document, after: Document | null): void => {
    if (stage.get(row._id) === undefined) step.roots++;
    const now = stage.current(row)!;
    stage.put(table, row, after, true);
    step.fanout.note(table, now, after);
  };
  return {
    async stage(row: Document): Promise<void> {
      if (work.command === "restore") return put(row, unmark(table, row));
      if (hard) return put(row, null);
      if (work.command === "delete") {
        softDeleted.push(row);
        return put(row, markDeleted(table, row, at));
      }
      const access = await env.access({ table, args: {} });
      policies ??= access.system ? null : new RowPolicies(env, access);
      const after = patched(env.db, table, stage.current(row)!, set);
      await policies?.updated(table, after);
      put(row, after);
    },
    async finish(): Promise<void> {
      if (softDeleted.length > 0) step.afterwards.push(async () => void (await startPurge(env, table, softDeleted, at)));
    },
  };
}

/** A work item that speaks of what the schema no longer has. */
export function outdated(what: string): OrmError {
  return new OrmError("INVALID_SCHEMA", `a job's work speaks of ${what}, which the schema no longer has`, {
    hint: "Declare it again and retry the job, or cancel the job.",
  });
}
