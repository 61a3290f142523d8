import type { Catalog } from "../../client/schema/catalog.js";
import type { AnyRelations } from "../../client/schema/relations.js";
import { readDeclared } from "../declared.js";
import type { Finding, Severity } from "../findings.js";
import type { LoadedApp } from "../load/load.js";
import { filters } from "./filters.js";
import { redundantIndexes } from "./indexes.js";
import { policies } from "./policies.js";
import { references } from "./references.js";
import { setup } from "./setup.js";
import { findSpec, storedSpec } from "./spec.js";

/** What `doctor` found, and in how much. */
export interface Diagnosis {
  /** As given on the command line. */
  readonly file: string;
  readonly examined: {
    readonly tables: number;
    readonly relations: number;
    readonly foreignKeys: number;
    /** Null: no policies were given. */
    readonly policies: number | null;
  };
  readonly counts: Readonly<Record<"errors" | "warnings" | "notes", number>>;
  /** The app's own first, then by table in the schema's order, errors first. */
  readonly findings: readonly Finding[];
}

const severities: readonly Severity[] = ["error", "warning", "note"];

/** Examines an app. @throws CliError when its policies cannot be found. */
export function diagnose(app: LoadedApp, policiesFile: string | undefined): Diagnosis {
  const { catalog, findings: refusals } = readDeclared(app.recording);
  const written = (app.recording.options.relations?.definitions ?? {}) as AnyRelations;
  const spec =
    app.policies === null ? null : storedSpec(catalog, findSpec(policiesFile ?? app.name, app.policies, catalog));
  const findings = [
    ...refusals,
    ...setup(app, catalog),
    ...references(catalog, written),
    ...redundantIndexes(catalog),
    ...filters(catalog),
    ...(spec === null ? [] : [...spec.findings, ...policies(catalog, spec.stored)]),
  ];
  const tables = Object.values(catalog.tables);
  const of = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  return {
    file: app.name,
    examined: {
      tables: tables.length,
      relations: Object.values(written).reduce((sum, relations) => sum + Object.keys(relations).length, 0),
      foreignKeys: tables.reduce((sum, table) => sum + table.foreignKeys.length, 0),
      policies: spec === null ? null : Object.values(spec.stored).reduce((sum, list) => sum + list.length, 0),
    },
    counts: { errors: of("error"), warnings: of("warning"), notes: of("note") },
    findings: ordered(catalog, findings),
  };
}

function ordered({ tables }: Catalog, findings: readonly Finding[]): Finding[] {
  const names = Object.keys(tables);
  const rank = ({ table, severity }: Finding): number =>
    (table === null ? -1 : names.indexOf(table)) * severities.length + severities.indexOf(severity);
  return [...findings].sort((a, b) => rank(a) - rank(b));
}
