import type { GenericValidator } from "convex/values";
import type { FieldInfo } from "../../client/schema/catalog.js";

/** A validator as it is at run time. */
interface Shape {
  readonly kind: string;
  readonly tableName?: string;
  readonly value?: unknown;
  readonly members?: readonly Shape[];
  readonly element?: Shape;
}

const names: Readonly<Record<string, string>> = { float64: "number", int64: "bigint" };

/** The type of a field, in a few words: `string`, `id(users)`, `"draft" | "live"`, `string[]`. */
export function typeText(field: FieldInfo): string {
  if (field.validators.length === 0) return "any";
  return [
    ...new Set(field.validators.map((validator: GenericValidator) => textOf(validator as unknown as Shape))),
  ].join(" | ");
}

function textOf({ kind, tableName, value, members, element }: Shape): string {
  if (kind === "id") return `id(${tableName ?? ""})`;
  if (kind === "literal") return typeof value === "bigint" ? `${value}n` : JSON.stringify(value);
  if (kind === "union") return (members ?? []).map(textOf).join(" | ") || "never";
  if (kind !== "array") return names[kind] ?? kind;
  const inner = element === undefined ? "any" : textOf(element);
  return inner.includes(" | ") ? `(${inner})[]` : `${inner}[]`;
}
