import { deleteFrom } from "./delete.js";
import type { WriterEnv } from "./env.js";
import { InsertBuilder } from "./insert.js";
import { restoreIn } from "./restore.js";
import { tableOf } from "./statement.js";
import { UpdateBuilder } from "./update.js";

export type {
  JobSettings,
  Retry,
  SelectRows,
  SelectRowsArgs,
  WriteCtx,
  WriteDatabase,
  WriteEnv,
  WriterEnv,
} from "./env.js";
export { defaultJobSettings } from "./env.js";

/** What writes: untyped here, the public face types it by the schema. */
export interface Writer {
  insert(table: string): InsertBuilder;
  update(table: string): UpdateBuilder;
  delete(table: string): ReturnType<typeof deleteFrom>;
  restore(table: string): ReturnType<typeof restoreIn>;
}

/** Makes the writing half of `orm.with(ctx)`. No I/O; each statement runs once, when awaited. */
export function makeWriter(env: WriterEnv): Writer {
  return {
    insert: (table) => new InsertBuilder(env, tableOf(env.catalog, table)),
    update: (table) => new UpdateBuilder(env, tableOf(env.catalog, table)),
    delete: (table) => deleteFrom(env, tableOf(env.catalog, table)),
    restore: (table) => restoreIn(env, tableOf(env.catalog, table)),
  };
}
