export { OrmError, type OrmErrorCode, type OrmErrorData, type OrmErrorDetails } from "./errors.js";
export { Orm, type ModelOf } from "./orm.js";
export { session } from "./policies/index.js";
export { defineRelations } from "./schema/relations.js";
export type * from "./types/index.js";
