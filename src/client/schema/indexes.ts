import type { IndexInfo } from "./catalog.js";

/** The `.index(...)` call that a schema needs: the exact text that errors and suggestions print. */
export function indexCall(fields: readonly string[]): string {
  const name = `by_${fields.map((field) => field.replaceAll(".", "_")).join("_and_")}`;
  return `.index("${name}", [${fields.map((field) => `"${field}"`).join(", ")}])`;
}

/** The first index whose key begins with `fields`, in any order: an equality on each makes one range of it. */
export function leadingIndex(indexes: readonly IndexInfo[], fields: readonly string[]): IndexInfo | null {
  return indexes.find((index) => leads(index.fields, fields)) ?? null;
}

/** As {@link leadingIndex}, of declared fields alone. */
export function leadingDeclaredIndex(indexes: readonly IndexInfo[], fields: readonly string[]): IndexInfo | null {
  return indexes.find((index) => index.declared >= fields.length && leads(index.fields, fields)) ?? null;
}

function leads(key: readonly string[], fields: readonly string[]): boolean {
  return (
    fields.length <= key.length &&
    fields.every((field) => key.indexOf(field) >= 0 && key.indexOf(field) < fields.length)
  );
}

/** Whether two lists name the same fields, in any order. */
export function sameFields(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((field) => b.includes(field));
}
