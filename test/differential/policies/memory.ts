/**
 * The rules of docs/policies.md over rows in memory, with the predicates that the ORM's own access makes of the
 * policies. Stands for the executor and the writes, which the third side has for real.
 */
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { SessionAccess } from "../../../src/client/policies/index.js";
import type { Predicate } from "../../../src/client/predicate/types.js";
import { matches, matchesWith } from "../../../src/client/predicate/evaluate.js";
import { normalize } from "../../../src/client/predicate/normalize.js";
import { parseWhere } from "../../../src/client/predicate/parse.js";
import { always } from "../../../src/client/predicate/types.js";
import { buildCatalog } from "../../../src/client/schema/build.js";
import { defineRelations } from "../../../src/client/schema/relations.js";
import { byKey, GROUPS } from "./program.js";
import type { Changes, Doc, Filter, Outcome, Policy, Program, Side, Statement, Step } from "./program.js";

export const schema = defineSchema({
  docs: defineTable({
    key: v.string(),
    status: v.string(),
    owner: v.optional(v.union(v.string(), v.null())),
    n: v.optional(v.number()),
    pub: v.optional(v.boolean()),
    group: v.optional(v.string()),
  })
    .index("by_key", ["key"])
    .index("by_owner_and_n", ["owner", "n"])
    .index("by_status_and_n", ["status", "n"])
    .index("by_group", ["group"]),
  groups: defineTable({ key: v.string(), level: v.optional(v.number()) }).index("by_key", ["key"]),
});
export const relations = defineRelations(schema, (r) => ({
  docs: { in_group: r.one.groups({ from: "group", to: "key" }) },
}));
export const tables = {
  docs: { protected: true, unique: { key: ["key"] } },
  groups: { unique: { key: ["key"] } },
} as const;
const catalog = buildCatalog(schema, relations, tables);
const docs = catalog.tables["docs"]!;

type Row = Doc & Readonly<Record<string, unknown>>;
type Refused = Extract<Outcome, { refused: unknown }>;
const refusals = { policy: { refused: "policy" }, unique: { refused: "unique" } } as const;
const isRefused = (given: Row | Refused): given is Refused => "refused" in given;

/** Answers the one relation there is. */
const probe: Parameters<typeof matchesWith>[2] = (predicate, row) =>
  Promise.resolve(GROUPS.some((group) => row["group"] === group.key && matches(predicate.where, group)));

/** The rules that are not in the policies' predicates themselves. A test turns each off and sees PostgreSQL object. */
export interface Rules {
  /** UPDATE and DELETE see only rows that SELECT's policies show. */
  readonly selectUnderWrites: boolean;
  /** The new row of an UPDATE must be one that SELECT's policies show. */
  readonly newRowUnderSelect: boolean;
  /** RETURNING asks SELECT's policies of an inserted row. */
  readonly returningAsksSelect: boolean;
  /** A conflict target asks SELECT's policies of the proposed row. */
  readonly targetAsksSelect: boolean;
  /** INSERT's policies are asked of a proposed row that conflicts, too. */
  readonly checkBeforeConflict: boolean;
  /** DO UPDATE refuses an old row that UPDATE's or SELECT's policies hide, where UPDATE would pass it over. */
  readonly upsertRefusesHidden: boolean;
  /** A unique violation on a hidden row shows. */
  readonly uniqueSeesHidden: boolean;
  /** Policies are asked before unique. */
  readonly policiesFirst: boolean;
}
export const RULES: Rules = {
  selectUnderWrites: true,
  newRowUnderSelect: true,
  returningAsksSelect: true,
  targetAsksSelect: true,
  checkBeforeConflict: true,
  upsertRefusesHidden: true,
  uniqueSeesHidden: true,
  policiesFirst: true,
};

export class MemorySide implements Side {
  private rows: Row[] = [];
  private program: Program | null = null;

  /** `misread` changes the policies before they are read, to see that a wrong reading is found. */
  constructor(
    private readonly rules: Rules = RULES,
    private readonly misread: (policy: Policy) => Policy = (policy) => policy,
  ) {}

  begin(program: Program): Promise<void> {
    const policies = Object.entries(program.policies).map(([name, policy]) => [name, this.misread(policy)] as const);
    this.program = { ...program, policies: Object.fromEntries(policies) };
    this.rows = program.rows.map((row) => ({ ...row }));
    return Promise.resolve();
  }

  contents(): Promise<Doc[]> {
    return Promise.resolve(byKey(this.rows));
  }

  async run({ session, statement }: Step): Promise<Outcome> {
    const policies = Object.entries(this.program!.policies).map(([name, { using, withCheck, ...policy }]) => ({
      ...policy,
      name,
      ...(using !== undefined && { using: JSON.stringify(using) }),
      ...(withCheck !== undefined && { withCheck: JSON.stringify(withCheck) }),
    }));
    const snapshot = { tables: new Map([["docs", { table: "docs", version: 1, policies }]]), cursorKey: null };
    const before = this.rows;
    const outcome = await new Statements(
      this.rows,
      new SessionAccess(catalog, snapshot, { ...session }),
      this.rules,
    ).run(statement);
    this.rows = "refused" in outcome.result ? before : outcome.rows;
    return outcome.result;
  }
}

/** Runs one statement on a copy of the rows. */
class Statements {
  private rows: Row[];
  constructor(
    rows: readonly Row[],
    private readonly access: SessionAccess,
    private readonly rules: Rules,
  ) {
    this.rows = [...rows];
  }

  async run(statement: Statement): Promise<{ rows: Row[]; result: Outcome }> {
    const result = await (statement.kind === "insert" ? this.insert(statement) : this.change(statement));
    return { rows: this.rows, result };
  }

  private using = (row: Row, command: "select" | "update" | "delete") =>
    this.passes(this.access.using(docs, command).predicate, row);
  private check = (row: Row, command: "insert" | "update") =>
    this.passes(this.access.check(docs, command).predicate, row);
  private passes = (predicate: Predicate, row: Row) => matchesWith(normalize(predicate), row, probe);
  private clashes = (row: Row, but: Row | null) => this.rows.find((other) => other !== but && other.key === row.key);

  /** SELECT, UPDATE, DELETE: rows that the filter, SELECT's policies and the command's own let through. */
  private async change(statement: Exclude<Statement, { kind: "insert" }>): Promise<Outcome> {
    const wanted = filterOf(statement.where);
    const found: Row[] = [];
    for (const row of this.rows) {
      if (!(await this.passes(wanted, row))) continue;
      const asksSelect = statement.kind === "select" || this.rules.selectUnderWrites;
      if (asksSelect && !(await this.using(row, "select"))) continue;
      if (statement.kind === "select" || (await this.using(row, statement.kind))) found.push(row);
    }
    if (statement.kind === "select") return { count: found.length, rows: byKey(found) };
    const touched: Row[] = [];
    for (const row of found) {
      if (statement.kind === "delete") {
        this.rows = this.rows.filter((other) => other !== row);
        touched.push(row);
        continue;
      }
      const fresh = await this.update(row, statement.set);
      if (isRefused(fresh)) return fresh;
      touched.push(fresh);
    }
    return { count: touched.length, rows: statement.returning ? byKey(touched) : null };
  }

  /** A new row of an UPDATE passes its check and stays visible. */
  private async update(row: Row, set: Changes): Promise<Row | Refused> {
    const fresh = { ...row, ...set } as Row;
    const clash = this.clashes(fresh, row) !== undefined;
    if (clash && !this.rules.policiesFirst) return refusals.unique;
    if (!(await this.check(fresh, "update"))) return refusals.policy;
    if (this.rules.newRowUnderSelect && !(await this.using(fresh, "select"))) return refusals.policy;
    if (clash) return refusals.unique;
    this.rows = this.rows.map((other) => (other === row ? fresh : other));
    return fresh;
  }

  private async insert({ rows, conflict, returning }: Extract<Statement, { kind: "insert" }>): Promise<Outcome> {
    const touched: Row[] = [];
    const target = conflict !== null && (conflict.do === "update" || conflict.target);
    const asksSelect = (returning && this.rules.returningAsksSelect) || (target && this.rules.targetAsksSelect);
    for (const given of rows) {
      const row = { ...given } as Row;
      const clash = this.clashes(row, null);
      const skipsCheck = clash !== undefined && conflict !== null && !this.rules.checkBeforeConflict;
      if (clash !== undefined && conflict === null && !this.rules.policiesFirst) return refusals.unique;
      if (!skipsCheck && !(await this.check(row, "insert"))) return refusals.policy;
      if (asksSelect && !(await this.using(row, "select"))) return refusals.policy;
      if (clash === undefined) {
        this.rows.push(row);
        touched.push(row);
      } else if (conflict === null) {
        if (this.rules.uniqueSeesHidden || (await this.using(clash, "select"))) return refusals.unique;
      } else if (conflict.do === "update") {
        if (touched.includes(clash)) return refusals.unique;
        const seen = (await this.using(clash, "update")) && (await this.using(clash, "select"));
        if (!seen && this.rules.upsertRefusesHidden) return refusals.policy;
        if (!seen) continue;
        const fresh = await this.update(clash, conflict.set);
        if (isRefused(fresh)) return fresh;
        touched.push(fresh);
      }
    }
    return { count: touched.length, rows: returning ? byKey(touched) : null };
  }
}

const filterOf = (where: Filter): Predicate =>
  parseWhere(
    { catalog, code: "INVALID_WHERE", visible: () => always, session: null, unrestricted: false },
    docs,
    where,
    "where",
  );
