/**
 * `error`: the app does not run like this. `warning`: it runs, and will read too much, fail later or let in what it
 * should not. `note`: worth a look, right as it may be.
 */
export type Severity = "error" | "warning" | "note";

/** The kinds of findings, by which CI can tell them apart. Documented in docs/cli.md. */
export type Rule =
  | "invalid-schema"
  | "missing-index"
  | "unique-without-index"
  | "invalid-filter"
  | "invalid-policy"
  | "invalid-options"
  | "redundant-index"
  | "reference-without-action"
  | "reference-without-relation"
  | "to-one-not-unique"
  | "files-not-deleted"
  | "policy-without-index"
  | "protected-by-policies-only"
  | "protected-without-policies"
  | "policies-not-in-force"
  | "worker-not-exported";

/** One thing that `doctor` says. */
export interface Finding {
  readonly rule: Rule;
  readonly severity: Severity;
  /** The table that it is about; null for the app as a whole. */
  readonly table: string | null;
  /** Where it stands: `relations -> posts -> author`, `policies -> posts -> own`, `schema -> posts -> by_author`. */
  readonly path: string;
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}
