import path from "node:path";
import type { Catalog } from "../../client/schema/catalog.js";
import { defaultJobSettings } from "../../client/mutations/index.js";
import type { Finding } from "../findings.js";
import type { LoadedApp } from "../load/load.js";

/** What the options of `new Orm` and the exports of its module say together. */
export function setup({ recording, exports, file }: LoadedApp, catalog: Catalog): Finding[] {
  const { rls, module } = recording.options;
  const findings: Finding[] = [];
  const closed = Object.values(catalog.tables).filter((table) => table.rules.protected);
  if (rls === false && closed.length > 0) {
    findings.push({
      rule: "policies-not-in-force",
      severity: "warning",
      table: null,
      path: "new Orm -> rls",
      message: `rls: false looks no policy up: ${closed.map(({ name }) => name).join(", ")} are open, protected as they say they are`,
      remedy: "Leave `rls` out.",
    });
  }
  // Where another module is named, it is not loaded here.
  const expected = typeof module === "string" ? module : defaultJobSettings.module;
  const here = path.basename(file).replace(/\.[^.]+$/, "") === path.posix.basename(expected);
  const lacking = ["worker", "hydrate"].filter((name) => !Object.hasOwn(exports, name));
  if (here && lacking.length > 0) {
    findings.push({
      rule: "worker-not-exported",
      severity: "warning",
      table: null,
      path: path.basename(file),
      message: `${lacking.join(" and ")} not exported: large cascades and reads in actions fail with WORKER_MISSING`,
      remedy: "Write `export const { worker, hydrate } = orm.functions();`, or name the module that does as `module`.",
    });
  }
  return findings;
}
