export { callMutation, callQuery, type ComponentCaller } from "./component.js";
export {
  jobSettings,
  makeFunctions,
  type FunctionsHost,
  type FunctionsOptions,
  type HydrateArgs,
  type OrmFunctions,
} from "./functions.js";
export { Jobs } from "./jobs.js";
export { readSession, sessionText, startJob, workerHandle, workerMissing, type JobSession } from "./start.js";
export type { WorkerArgs, WorkerResult } from "./worker.js";
