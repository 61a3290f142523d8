import { convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";
import { componentError } from "./errors.js";
import type { Policy, PolicyInput } from "./validators.js";

const COMMANDS = ["all", "select", "insert", "update", "delete"] as const;
const KINDS = ["permissive", "restrictive"] as const;

const oneOf = <T extends string>(allowed: readonly T[], text: string): T | undefined =>
  allowed.find((candidate) => candidate === text);

/**
 * The stored form of a policy: defaults filled in, roles as a sorted set, predicates as canonical text. Two policies
 * that mean the same by this form are equal texts. Checks what can be checked without the host's schema.
 *
 * @throws INVALID_POLICY naming the table, the policy and the mend.
 */
export function canonicalPolicy(table: string, name: string, input: PolicyInput): Policy {
  const refuse = (message: string, hint: string) =>
    componentError("INVALID_POLICY", `${policyPlace(table, name)}: ${message}`, { table, policy: name, hint });
  if (table === "") throw refuse("the table's name is empty", "Name a table of the schema.");
  if (name === "") throw refuse("the policy's name is empty", "Give the policy a name, unique in its table.");

  const as = oneOf(KINDS, input.as ?? "permissive");
  if (as === undefined) throw refuse(`unknown kind \`as: "${input.as}"\``, `Use one of ${KINDS.join(", ")}.`);
  const command = oneOf(COMMANDS, input.for);
  if (command === undefined)
    throw refuse(`unknown command \`for: "${input.for}"\``, `Use one of ${COMMANDS.join(", ")}.`);

  // PostgreSQL: CREATE POLICY, "USING" and "WITH CHECK".
  if (command === "insert" && input.using !== undefined) {
    throw refuse("an insert policy takes no `using`: there is no old row to test", "Say it as `withCheck`.");
  }
  if ((command === "select" || command === "delete") && input.withCheck !== undefined) {
    throw refuse(`a ${command} policy takes no \`withCheck\`: it writes no new row`, "Say it as `using`.");
  }
  if (input.to?.length === 0) {
    throw refuse("`to` is an empty list", 'Leave `to` out (everyone), or name roles; "public" is everyone.');
  }
  if (input.to?.some((role) => role === "")) throw refuse("`to` holds an empty role name", "Name the role.");

  const predicate = (clause: "using" | "withCheck"): string | undefined => {
    const given: unknown = input[clause];
    if (given === undefined) return undefined;
    const text = canonicalText(given);
    if (text === undefined) {
      throw refuse(
        `\`${clause}\` is not a filter`,
        'Give an object such as `{ ownerId: session("userId") }`, or its JSON text.',
      );
    }
    return text;
  };
  const using = predicate("using");
  const withCheck = predicate("withCheck");
  return {
    name,
    as,
    for: command,
    ...(input.to !== undefined && { to: [...new Set(input.to)].sort() }),
    ...(using !== undefined && { using }),
    ...(withCheck !== undefined && { withCheck }),
  };
}

/** `table.policy`, as results and messages name a policy. */
export const policyPlace = (table: string, name: string): string => `${table}.${name}`;

/** The text by which policies are compared and kept in the history. */
export const policyAsText = (policy: Policy): string => JSON.stringify(sorted(convexToJson(policy)));

/** The canonical text of a filter given as an object or as JSON text; undefined when it is no JSON object. */
function canonicalText(given: unknown): string | undefined {
  try {
    const json = typeof given === "string" ? (JSON.parse(given) as JSONValue) : convexToJson(given as Value);
    const value = jsonToConvex(json);
    const isObject =
      typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ArrayBuffer);
    return isObject ? JSON.stringify(sorted(convexToJson(value))) : undefined;
  } catch {
    return undefined;
  }
}

/** The same JSON with every object's keys in code-unit order. */
function sorted(json: JSONValue): JSONValue {
  if (Array.isArray(json)) return json.map(sorted);
  if (typeof json !== "object" || json === null) return json;
  const entries = Object.entries(json).filter((entry): entry is [string, JSONValue] => entry[1] !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, sorted(value)]));
}
