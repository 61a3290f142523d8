import type { Finding, Severity } from "../findings.js";
import type { Style } from "../terminal.js";
import type { Diagnosis } from "./doctor.js";

const width = 100;

/** For people: grouped by table, each finding with its place and its remedy. */
export function humanReport(diagnosis: Diagnosis, style: Style): string {
  const lines: string[] = [];
  let group: string | null | undefined;
  for (const finding of diagnosis.findings) {
    if (finding.table !== group) {
      if (lines.length > 0) lines.push("");
      lines.push(style.bold(finding.table ?? "the app"));
      group = finding.table;
    }
    lines.push(...describe(finding, style));
  }
  if (lines.length > 0) lines.push("");
  lines.push(summary(diagnosis));
  return lines.join("\n");
}

function describe({ severity, rule, path, message, remedy }: Finding, style: Style): string[] {
  const paint: Record<Severity, (text: string) => string> = {
    error: style.red,
    warning: style.yellow,
    note: style.cyan,
  };
  const indent = " ".repeat(10);
  return [
    `  ${paint[severity](severity.padEnd(7))} ${path}  ${style.dim(rule)}`,
    ...wrap(message, width - indent.length).map((line) => `${indent}${line}`),
    ...wrap(remedy, width - indent.length - 2).map((line, i) => `${indent}${i === 0 ? "→ " : "  "}${line}`),
  ];
}

function summary({ file, examined, counts }: Diagnosis): string {
  const { tables, relations, foreignKeys, policies } = examined;
  const looked = [
    count(tables, "table"),
    count(relations, "relation"),
    count(foreignKeys, "foreign key"),
    policies === null ? "no policies given (--policies)" : count(policies, "policy", "policies"),
  ];
  const found = [count(counts.errors, "error"), count(counts.warnings, "warning"), count(counts.notes, "note")];
  const nothing = counts.errors + counts.warnings + counts.notes === 0;
  return `${nothing ? "nothing found" : found.join(", ")} in ${file}: ${looked.join(", ")}`;
}

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** Breaks at spaces; what would not fit by itself, such as an `.index(...)` to copy, stays whole. */
function wrap(text: string, columns: number): string[] {
  const words = text.match(/\.index\([^)]*\)\S*|`[^`]*`\S*|\S+/g) ?? [];
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** For programs: one object, with a version for its shape. */
export function jsonReport(diagnosis: Diagnosis): string {
  return JSON.stringify({ version: 1, ...diagnosis }, null, 2);
}
