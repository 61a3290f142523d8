import type { TableInfo } from "../schema/catalog.js";
import type { Predicate } from "./types.js";

/** The commands that policies tell apart. */
export type Command = "select" | "insert" | "update" | "delete";

/** What policies say of one table for one command and session: a predicate on rows, and how it came about. */
export interface RowRule {
  /** Tri-state, not yet normalised: rows for which it is not true are refused. `always` where nothing restricts. */
  readonly predicate: Predicate;
  /** Names of policies that say nothing for this session (other roles, constant under its values). */
  readonly dropped: readonly string[];
}

/**
 * What one session may do in one function run. The system's access restricts nothing. Made once a run, asynchronously
 * (the component is asked, the session evaluated); from then on every question is answered at once.
 */
export interface Access {
  /** True for `orm.system` and `rls: false`. */
  readonly system: boolean;
  isProtected(table: TableInfo): boolean;
  /** Rows that the command can see: SELECT's `using`, or UPDATE's and DELETE's own (the caller adds SELECT's). */
  using(table: TableInfo, command: "select" | "update" | "delete"): RowRule;
  /** What a new row must pass: `withCheck`, falling back to `using`. */
  check(table: TableInfo, command: "insert" | "update"): RowRule;
  /**
   * A text that changes when the session's variables or the policies of the tables change: cursors are bound to it.
   * Empty for the system.
   */
  fingerprint(tables: readonly string[]): string;
}

/** The key that seals cursors, or null when none has been made yet. */
export type CursorKey = ArrayBuffer | null;
