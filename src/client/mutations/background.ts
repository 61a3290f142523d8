import { convexToJson, type Value } from "convex/values";
import { OrmError } from "../errors.js";
import { startJob } from "../jobs/start.js";
import { encodeWork, packPatch, type RootWork } from "../jobs/work.js";
import { parseWhere } from "../predicate/parse.js";
import { always } from "../predicate/types.js";
import type { TableInfo } from "../schema/catalog.js";
import type { WriteEnv } from "./env.js";
import { Inline } from "./inline.js";
import { reachOf } from "./reach.js";
import { judgeRefusals, walkTooLarge } from "./restrict.js";
import { rootRows } from "./roots.js";
import type { WriteResult } from "./rows-statement.js";
import { softField } from "./soft.js";
import type { Target } from "./statement.js";
import { patched } from "./values.js";

export type BackgroundCommand =
  | { readonly command: "update"; readonly set: Readonly<Record<string, unknown>> }
  | { readonly command: "delete"; readonly hard: boolean }
  | { readonly command: "restore" };

/**
 * Starts a durable job for an update or delete of any number of rows. What can be judged without its rows is judged
 * here; so are refusing foreign keys, by a walk that must fit this transaction.
 *
 * @throws OrmError `INVALID_WHERE`, `RESTRICT_VIOLATION`, `FOREIGN_KEY_VIOLATION`, `BUDGET`, `WORKER_MISSING`.
 */
export async function startBackground(
  env: WriteEnv,
  table: TableInfo,
  target: Target,
  what: BackgroundCommand,
): Promise<WriteResult> {
  const scope = {
    catalog: env.catalog,
    code: "INVALID_WHERE",
    visible: () => always,
    session: null,
    unrestricted: false,
  } as const;
  parseWhere(scope, table, target.where, "where");
  if (what.command === "restore") softField(table);
  else await refuseEarly(env, table, target, what);
  const work: RootWork = {
    kind: "root",
    command: what.command,
    table: table.name,
    where: convexToJson(target.where as Value),
    until: await startOf(env, table),
    ...(what.command === "update" ? { set: packPatch(what.set)! } : {}),
    ...(what.command === "delete" ? { hard: what.hard } : {}),
  };
  const job = await startJob(env, {
    kind: what.command === "restore" ? "update" : what.command,
    table: table.name,
    rowsDone: 0,
    asSession: true,
    items: [{ work: encodeWork(work) }],
  });
  return { count: 0, job };
}

/** How far clocks are taken to differ, in milliseconds. */
const skew = 1_000;

/**
 * The creation time up to which rows are the statement's: those of its start are, those of later are not, but for what
 * is written within a second. Rows of now may bear times of the future (an import keeps those it is given), so the
 * newest is looked for, where ordinary inserts do not write: they do not conflict with this read.
 */
async function startOf(env: WriteEnv, table: TableInfo): Promise<number> {
  const soon = Date.now() + skew;
  const later = env.db.query(table.name).withIndex("by_creation_time", (q) => q.gt("_creationTime", soon));
  const [newest] = await later.order("desc").take(1);
  return newest?._creationTime ?? soon;
}

/** Meets every refusing action that the statement would meet now. Nothing is written. */
async function refuseEarly(
  env: WriteEnv,
  table: TableInfo,
  target: Target,
  what: Exclude<BackgroundCommand, { command: "restore" }>,
): Promise<void> {
  if (what.command === "delete" && table.rules.softDelete !== null && !what.hard) return;
  const fields = what.command === "delete" ? null : [...Object.keys(what.set), ...Object.keys(table.rules.onUpdate)];
  const { refusing, refusers } = reachOf(env.catalog, { table: table.name, fields });
  if (!refusing) return;
  const inline = new Inline(env);
  await inline.meter.start();
  const everything = { ...target, allowFullScan: true, maxScan: target.maxScan ?? 32_000 };
  const rows = await rootRows(env, table, everything, what.command, what.command === "delete" && what.hard).catch(
    (error: unknown) => {
      throw error instanceof OrmError && tooLarge.has(error.code) ? walkTooLarge(table) : error;
    },
  );
  for (const row of rows) {
    const after = what.command === "delete" ? null : patched(env.db, table, row, what.set);
    inline.stage.put(table, row, after, true, false);
  }
  for (const row of rows) inline.fanout.note(table, row, inline.stage.current(row));
  await inline.walk(table, refusers);
  await judgeRefusals(env, inline.stage, inline.fanout.refusals, inline.meter, null);
}

const tooLarge = new Set(["BUDGET", "SCAN_LIMIT", "TOO_MANY_ROWS"]);
