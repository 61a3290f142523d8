import type { AnyModel, Fields, TableName } from "./model.js";
import type { Where } from "./where.js";

/** A policy's filter: a `where` whose operands may be session variables. */
export type PolicyWhere<M extends AnyModel, T extends string> = Where<M, T, M["session"]>;

interface PolicyBase {
  /** Permissive policies are ORed, restrictive ones ANDed to the result. Default `"permissive"`. */
  readonly as?: "permissive" | "restrictive";
  /** The roles that it applies to, matched with the session's `roles`. Absent, or with `public` in it: everyone. */
  readonly to?: readonly string[];
}

interface BothWays<M extends AnyModel, T extends string> extends PolicyBase {
  readonly for: "all" | "update";
  /** Which existing rows the command sees. */
  readonly using?: PolicyWhere<M, T>;
  /** What new rows must satisfy; `using` when absent. */
  readonly withCheck?: PolicyWhere<M, T>;
}

interface Reading<M extends AnyModel, T extends string> extends PolicyBase {
  readonly for: "select" | "delete";
  readonly using?: PolicyWhere<M, T>;
  readonly withCheck?: undefined;
}

interface Inserting<M extends AnyModel, T extends string> extends PolicyBase {
  readonly for: "insert";
  readonly using?: undefined;
  readonly withCheck?: PolicyWhere<M, T>;
}

/** One row-level-security policy, with PostgreSQL's meaning. */
export type Policy<M extends AnyModel, T extends string> = BothWays<M, T> | Reading<M, T> | Inserting<M, T>;

/** What `sync` makes true: table -> policy name -> policy. `{}` protects a table without policies. */
export type PolicySpec<M extends AnyModel> = {
  readonly [T in TableName<M>]?: { readonly [name: string]: Policy<M, T> };
};

export type PolicyCommand = "select" | "insert" | "update" | "delete";

/** Arguments of `orm.policies.test`: may a session do this to that row? `row` gives one, `where` finds one. */
export type PolicyTestArgs<M extends AnyModel, T extends string> = {
  readonly table: T;
  /** The session variables to act as. */
  readonly as: M["session"];
  readonly command: PolicyCommand;
} & ({ readonly row: Partial<Fields<M, T>> & { readonly _id?: string } } | { readonly where: Where<M, T> });
