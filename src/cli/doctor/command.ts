import type { Values } from "../args.js";
import { loadApp } from "../load/load.js";
import { print, styleFor, withProgress } from "../terminal.js";
import { diagnose } from "./doctor.js";
import { humanReport, jsonReport } from "./report.js";

/** `convex-orm doctor`; the exit code. */
export async function doctor(file: string, values: Values): Promise<number> {
  const policies = values["policies"] as string | undefined;
  const wanted = values["export"] as string | undefined;
  const app = await withProgress(`Loading ${file}`, () => loadApp(file, { policies, export: wanted }));
  const diagnosis = diagnose(app, policies);
  await print(values["json"] === true ? jsonReport(diagnosis) : humanReport(diagnosis, styleFor(process.stdout)));
  const { errors, warnings } = diagnosis.counts;
  return errors > 0 || (values["strict"] === true && warnings > 0) ? 1 : 0;
}
