export { systemAccess, SessionAccess } from "./access.js";
export { Policies, type PolicyOptions, type RowReader } from "./policies.js";
export {
  PolicyStore,
  type ListedPolicy,
  type PolicyChangeOptions,
  type PolicyHistoryEntry,
  type PolicyMutationCtx,
  type PolicyQueryCtx,
  type PolicySyncResult,
  type ProtectedTable,
} from "./manage.js";
export type { RunCtx } from "./run.js";
export { session } from "./session.js";
export type { PolicyStep, PolicyTestResult, PolicyVerdict } from "./tester.js";
export { touchedTables } from "./touched.js";
