import fs from "node:fs";
import path from "node:path";
import { suggestion, type Values } from "../args.js";
import { readDeclared } from "../declared.js";
import { CliError, messageOf } from "../errors.js";
import { findSpec } from "../doctor/spec.js";
import { loadApp, type LoadedApp } from "../load/load.js";
import { print, withProgress } from "../terminal.js";
import { mermaid } from "./mermaid.js";
import { diagramOf, type Diagram } from "./model.js";
import { svg } from "./svg.js";

const formats = { mermaid, svg } as const;
type Format = keyof typeof formats;
const byExtension: Readonly<Record<string, Format>> = {
  ".svg": "svg",
  ".mmd": "mermaid",
  ".mermaid": "mermaid",
  ".md": "mermaid",
};

/** `convex-orm diagram`; the exit code. */
export async function diagram(file: string, values: Values): Promise<number> {
  const format = formatOf(values["format"] as string | undefined);
  const outs = (values["out"] ?? []) as readonly string[];
  const targets = outs.map((out) => ({ out, as: format ?? byExtension[path.extname(out).toLowerCase()] ?? "mermaid" }));
  const drawn = await withProgress(`Loading ${file}`, async () => {
    const policies = values["policies"] as string | undefined;
    return readDiagram(await loadApp(file, { policies, export: values["export"] as string | undefined }), policies);
  });
  if (targets.length === 0) await print(formats[format ?? "mermaid"](drawn));
  for (const { out, as } of targets) write(out, as, formats[as](drawn));
  return 0;
}

function readDiagram(app: LoadedApp, policiesFile: string | undefined): Diagram {
  const { catalog, findings } = readDeclared(app.recording);
  const [first] = findings;
  if (first !== undefined) {
    const more = findings.length === 1 ? "" : ` (and ${findings.length - 1} more)`;
    throw new CliError(`${first.message} (at ${first.path})${more}`, `For the remedies: convex-orm doctor ${app.name}`);
  }
  const spec = app.policies === null ? {} : findSpec(policiesFile ?? app.name, app.policies, catalog);
  return diagramOf(catalog, new Set(Object.keys(spec)));
}

function formatOf(given: string | undefined): Format | null {
  if (given === undefined) return null;
  if (Object.hasOwn(formats, given)) return given as Format;
  throw new CliError(
    `there is no format "${given}"`,
    suggestion(given, Object.keys(formats), "See convex-orm diagram --help."),
  );
}

function write(out: string, format: Format, text: string): void {
  const fenced = format === "mermaid" && path.extname(out).toLowerCase() === ".md";
  try {
    fs.writeFileSync(out, fenced ? `\`\`\`mermaid\n${text}\`\`\`\n` : text);
  } catch (error) {
    throw new CliError(`cannot write ${out}: ${messageOf(error)}`);
  }
}
