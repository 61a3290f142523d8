import { actionsText } from "./actions.js";
import type { Cardinality } from "./edges.js";
import type { Diagram, FieldRow, TableBox } from "./model.js";

/** Words that the grammar of `erDiagram` reads as its own: a table of such a name is quoted. */
const reserved = new Set(
  "accDescr accTitle class classDef direction erDiagram many one only optionally style title to u zero".split(" "),
);
const left: Record<Cardinality, string> = { one: "||", "zero or one": "|o", "zero or more": "}o" };
const right: Record<Cardinality, string> = { one: "||", "zero or one": "o|", "zero or more": "o{" };

/**
 * A Mermaid `erDiagram` (https://mermaid.js.org/syntax/entityRelationshipDiagram.html). It has no place for indexes:
 * they are rows of their own below the fields. A solid line is a foreign key, a dotted one a relation that nothing
 * enforces.
 */
export function mermaid({ tables, edges, throughs }: Diagram): string {
  const lines = ["erDiagram"];
  for (const table of tables) lines.push(...entity(table));
  for (const edge of edges) {
    const names = [...edge.fromChild, ...edge.fromParent].join(" / ");
    const label = [names === "" ? edge.childFields.join(", ") : names, ...actionsText(edge.foreignKey)].join(", ");
    lines.push(relationship(edge.parent, edge.parents, edge.foreignKey !== null, edge.children, edge.child, label));
  }
  for (const { table, target, junction, names, inverse } of throughs) {
    const label = `${[...names, ...inverse].join(" / ")}, through ${junction}`;
    lines.push(relationship(table, "zero or more", false, "zero or more", target, label));
  }
  return `${lines.join("\n")}\n`;
}

function entity({ name, protected: closed, softDelete, fields, keys }: TableBox): string[] {
  const marks = [...(closed ? ["protected"] : []), ...(softDelete === null ? [] : [`soft delete: ${softDelete}`])];
  const alias = marks.length === 0 ? "" : `["${name} (${marks.join(", ")})"]`;
  return [
    `  ${entityName(name)}${alias} {`,
    ...fields.map((field) => `    ${attribute(field)}`),
    ...keys.map(({ kind, name: key, fields: spans }) => `    ${kind} ${word(key)} "${quoted(spans)}"`),
    "  }",
  ];
}

function attribute({ name, type, optional, keys }: FieldRow): string {
  // Only word characters, brackets and parentheses may stand in a type: what else it says goes into the comment.
  const plain = /^[A-Za-z][\w()[\]-]*$/.test(type);
  const comment = [...(plain ? [] : [type]), ...(optional ? ["optional"] : [])].join(", ");
  return [plain ? type : "union", word(name), keys.join(", "), comment === "" ? "" : `"${quoted(comment)}"`]
    .filter((part) => part !== "")
    .join(" ");
}

function relationship(
  from: string,
  leftEnd: Cardinality,
  solid: boolean,
  rightEnd: Cardinality,
  to: string,
  label: string,
): string {
  const line = `${left[leftEnd]}${solid ? "--" : ".."}${right[rightEnd]}`;
  return `  ${entityName(from)} ${line} ${entityName(to)} : "${quoted(label)}"`;
}

const entityName = (name: string): string => (reserved.has(name) ? `"${name}"` : name);
const word = (name: string): string => name.replace(/[^\w-]/g, "_");
/** Texts end at a double quote, and have no escape. */
const quoted = (text: string): string => text.replaceAll('"', "'");
