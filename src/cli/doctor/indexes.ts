import type { Catalog, IndexInfo, TableInfo } from "../../client/schema/catalog.js";
import { isMissing } from "../declared.js";
import type { Finding } from "../findings.js";

/**
 * Indexes whose fields another one begins with. That is a note: Convex ends every index in `_creationTime`, so the
 * shorter one alone lists the rows of a key in the order of their creation.
 */
export function redundantIndexes({ tables }: Catalog): Finding[] {
  return Object.values(tables).flatMap((table) => {
    const declared = table.indexes.filter((index) => index.declared > 0 && !isMissing(index));
    return declared.flatMap((index) => {
      const longer = declared.find((other) => other !== index && begins(other, index));
      return longer === undefined ? [] : [finding(table, index, longer)];
    });
  });
}

/** Whether `longer` begins with all declared fields of `index`. Of two equal ones the later is redundant. */
function begins(longer: IndexInfo, index: IndexInfo): boolean {
  const fields = declaredFields(index);
  return longer.declared > index.declared && fields.every((field, i) => longer.fields[i] === field);
}

const declaredFields = (index: IndexInfo): readonly string[] => index.fields.slice(0, index.declared);

function finding(table: TableInfo, index: IndexInfo, longer: IndexInfo): Finding {
  const fields = declaredFields(index).join(", ");
  return {
    rule: "redundant-index",
    severity: "note",
    table: table.name,
    path: `schema -> ${table.name} -> ${index.name}`,
    message: `"${longer.name}" (${declaredFields(longer).join(", ")}) begins with all fields of "${index.name}" (${fields})`,
    remedy:
      `Remove "${index.name}", unless rows of one ${fields} are read in the order of their creation: Convex ends each ` +
      "index in _creationTime, and only the shorter one has it there.",
  };
}
