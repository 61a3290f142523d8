import { canonicalPolicy } from "../../component/policyText.js";
import { encodePolicy } from "../../client/policies/encode.js";
import { isPlainObject } from "../../client/predicate/values.js";
import type { Catalog } from "../../client/schema/catalog.js";
import { CliError } from "../errors.js";
import type { Finding } from "../findings.js";
import { refused } from "./filters.js";

/** table -> policies, as `orm.policies.sync` takes them. */
export type PolicySpec = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
type Policy = ReturnType<typeof canonicalPolicy>;

/** A spec's policies as the component would store them. `{}` of a table protects it. */
export type StoredSpec = Readonly<Record<string, readonly Policy[]>>;

/** Names that are looked for first, where a module exports several objects that could be a spec. */
const usualNames = ["default", "policies", "spec"];

/**
 * The spec among a module's exports: the one that is an object of tables, or the one with a usual name.
 *
 * @throws CliError when there is none, or no telling which.
 */
export function findSpec(file: string, exports: Readonly<Record<string, unknown>>, catalog: Catalog): PolicySpec {
  const fitting = Object.entries(exports).filter(([, value]) => isSpec(value, catalog));
  const usual = usualNames.flatMap((name) => fitting.filter(([key]) => key === name));
  const [found] = usual.length > 0 ? usual : fitting;
  const hint = "Export what you give to orm.policies.sync, as `export const policies = {...}` or as the default.";
  if (found === undefined) {
    const named = usualNames.find((name) => isPlainObject(exports[name]));
    if (named !== undefined) return exports[named] as PolicySpec;
    throw new CliError(`${file} exports no policies`, hint);
  }
  if (usual.length === 0 && fitting.length > 1) {
    throw new CliError(
      `${file} exports several that could be policies: ${fitting.map(([key]) => key).join(", ")}`,
      hint,
    );
  }
  return found[1] as PolicySpec;
}

function isSpec(value: unknown, { tables }: Catalog): boolean {
  if (!isPlainObject(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length > 0 && entries.every(([name, policies]) => Object.hasOwn(tables, name) && isPlainObject(policies))
  );
}

/** The policies as they would be stored, and a finding for each that `sync` would refuse. */
export function storedSpec(catalog: Catalog, spec: PolicySpec): { stored: StoredSpec; findings: Finding[] } {
  const findings: Finding[] = [];
  const stored: Record<string, Policy[]> = {};
  for (const [table, policies] of Object.entries(spec)) {
    const path = `policies -> ${table}`;
    const known = Object.hasOwn(catalog.tables, table);
    if (!known || !isPlainObject(policies)) {
      const message = known ? "an object of policies is expected" : `the schema has no table "${table}"`;
      const error = { data: { message } };
      findings.push(
        refused("invalid-policy", known ? table : null, error, path, "Write { table: { name: { for: ... } } }."),
      );
      continue;
    }
    stored[table] = [];
    for (const [name, policy] of Object.entries(policies)) {
      try {
        stored[table].push(canonicalPolicy(table, name, encodePolicy(catalog, table, name, policy)));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        findings.push(refused("invalid-policy", table, error, `${path} -> ${name}`, "Mend the policy."));
      }
    }
  }
  return { stored, findings };
}

type Refusal = Parameters<typeof refused>[2];
const isRefusal = (error: unknown): error is Refusal =>
  typeof (error as { data?: { message?: unknown } } | null)?.data?.message === "string";
