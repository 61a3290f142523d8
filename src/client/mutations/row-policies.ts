import { OrmError } from "../errors.js";
import type { Access } from "../predicate/access.js";
import { matchesWith } from "../predicate/evaluate.js";
import { conjoin, disjoin, normalize } from "../predicate/normalize.js";
import { never, type Predicate } from "../predicate/types.js";
import type { TableInfo } from "../schema/catalog.js";
import type { WriteEnv } from "./env.js";
import type { Fields } from "./paths.js";

type PolicyEnv = Pick<WriteEnv, "exists">;

const systemFields = new Set(["_id", "_creationTime"]);

/**
 * A normalised predicate for a row that is not inserted yet: what depends on `_id` or `_creationTime` is unknown, so it
 * refuses, whichever way round it is asked.
 */
function beforeInsert(predicate: Predicate): Predicate {
  switch (predicate.kind) {
    case "field":
      return systemFields.has(predicate.field) ? never : predicate;
    case "exists":
      return predicate.relation.from.some((field) => systemFields.has(field)) ? never : predicate;
    case "and":
      return conjoin(predicate.of.map(beforeInsert));
    case "or":
      return disjoin(predicate.of.map(beforeInsert));
    default:
      return predicate;
  }
}

/** Policies as predicates on whole rows, normalised once a statement. */
export class RowPolicies {
  private readonly made = new Map<string, Predicate>();

  constructor(
    private readonly env: PolicyEnv,
    private readonly access: Access,
  ) {}

  private rule(
    table: TableInfo,
    kind: "using" | "check",
    command: "select" | "insert" | "update" | "delete",
    fresh: boolean,
  ): Predicate {
    const name = `${table.name} ${kind} ${command} ${fresh}`;
    let predicate = this.made.get(name);
    if (predicate === undefined) {
      const rule =
        kind === "check"
          ? this.access.check(table, command as "insert" | "update")
          : this.access.using(table, command as "select");
      predicate = normalize(rule.predicate);
      if (fresh) predicate = beforeInsert(predicate);
      this.made.set(name, predicate);
    }
    return predicate;
  }

  private refusal(table: TableInfo, message: string, command: string): OrmError {
    return new OrmError("POLICY_VIOLATION", message, {
      table: table.name,
      command,
      hint: "The row is refused by the table's row-level-security policies for this session.",
    });
  }

  /** A row that `_id` is not known of yet must pass INSERT's check, and SELECT when it is returned or upserted. */
  async inserted(table: TableInfo, row: Fields, select: boolean): Promise<void> {
    const passes =
      (await matchesWith(this.rule(table, "check", "insert", true), row, this.env.exists)) &&
      (!select || (await matchesWith(this.rule(table, "using", "select", true), row, this.env.exists)));
    if (!passes) throw this.refusal(table, `a new row of "${table.name}" is refused by its policies`, "insert");
  }

  /** A row as an update leaves it must pass UPDATE's check and stay visible. */
  async updated(table: TableInfo, row: Fields): Promise<void> {
    const passes =
      (await matchesWith(this.rule(table, "check", "update", false), row, this.env.exists)) &&
      (await matchesWith(this.rule(table, "using", "select", false), row, this.env.exists));
    if (!passes) throw this.refusal(table, `an updated row of "${table.name}" is refused by its policies`, "update");
  }

  /** The row that an upsert found must be one that UPDATE and SELECT can see: it is refused, not passed over. */
  async upserted(table: TableInfo, row: Fields): Promise<void> {
    const passes =
      (await matchesWith(this.rule(table, "using", "update", false), row, this.env.exists)) &&
      (await matchesWith(this.rule(table, "using", "select", false), row, this.env.exists));
    if (!passes)
      throw this.refusal(table, `the row of "${table.name}" that conflicts is refused by its policies`, "update");
  }
}
