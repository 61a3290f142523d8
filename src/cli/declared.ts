import { OrmError, type OrmErrorData } from "../client/errors.js";
import { buildCatalog } from "../client/schema/build.js";
import { isPlainObject } from "../client/predicate/values.js";
import type { Catalog } from "../client/schema/catalog.js";
import type { AnyRelations, Relations } from "../client/schema/relations.js";
import type { AnySchema } from "../client/types/index.js";
import { CliError, messageOf } from "./errors.js";
import type { Finding, Rule } from "./findings.js";
import type { Recording } from "./load/recorder.js";

/** What an app declares, as far as it can be made sense of, and everything that `defineRelations` and `new Orm` refuse. */
export interface Declared {
  /** Without what was refused; indexes that are missing are there. */
  readonly catalog: Catalog;
  readonly findings: readonly Finding[];
}

const missing = "(missing) ";
/** An index that the schema lacks, and that the catalog has so that it can be looked at. */
export const isMissing = ({ name }: { readonly name: string }): boolean => name.startsWith(missing);

/** A step is taken for each refusal, and a refused declaration may be refused for several reasons. */
const maxSteps = 10_000;

/**
 * Builds the catalog by the client's own code, which stops at the first thing that it refuses. So whatever it refuses is
 * noted and mended or set aside, and it is asked again, until it refuses nothing.
 *
 * @throws CliError when the declarations are no schema at all.
 */
export function readDeclared({ options, error }: Recording): Declared {
  const declarations = new Declarations(options.schema, options.relations?.definitions ?? {}, options.tables ?? {});
  for (let step = 0; step < maxSteps; step++) {
    let catalog: Catalog;
    try {
      catalog = declarations.build();
    } catch (refusal) {
      if (!(refusal instanceof OrmError)) throw new CliError(`the schema cannot be read: ${messageOf(refusal)}`);
      declarations.refuse(refusal.data);
      continue;
    }
    if (declarations.restore()) continue;
    return { catalog, findings: [...declarations.findings, ...leftOver(declarations.findings, error)] };
  }
  throw new CliError("the declarations are refused again and again", "Please report this with your orm.ts.");
}

/** What the constructor alone refuses: its other options. */
function leftOver(found: readonly Finding[], error: unknown): Finding[] {
  if (error === null || found.length > 0) return [];
  const data = (error as { data?: Partial<OrmErrorData> }).data;
  return [
    {
      rule: "invalid-options",
      severity: "error",
      table: null,
      path: String(data?.["path"] ?? "new Orm"),
      message: String(data?.message ?? messageOf(error)),
      remedy: String(data?.["hint"] ?? "Mend the options of `new Orm`."),
    },
  ];
}

interface Table {
  readonly validator: unknown;
  readonly indexes: { indexDescriptor: string; fields: string[] }[];
}
type Tree = Record<string, Record<string, unknown>>;

/** Copies of what an app declares, from which what is refused can be taken away. */
class Declarations {
  readonly findings: Finding[] = [];
  readonly #schema: { readonly tables: Record<string, Table> };
  readonly #relations: Tree;
  readonly #tables: Tree;
  /** Relations that wait for an index, by their place. */
  #aside: { readonly table: string; readonly name: string; readonly relation: unknown }[] = [];
  #indexes: { readonly table: string; readonly fields: string[] }[] = [];
  /** What was taken away, in whose absence others are refused: relations by `table.name`, uniques by table and fields. */
  readonly #gone = new Set<string>();

  constructor(schema: unknown, relations: object, tables: object) {
    const written = (schema as { tables?: Record<string, Table> } | undefined)?.tables;
    if (written === undefined) {
      throw new CliError("`schema` of the options is no Convex schema", "Pass what `defineSchema` returned.");
    }
    this.#schema = {
      tables: Object.fromEntries(
        Object.entries(written).map(([name, table]) => [name, { ...table, indexes: [...table.indexes] }]),
      ),
    };
    this.#relations = copy(relations);
    this.#tables = copy(tables);
  }

  build(): Catalog {
    // Another schema than the relations' own, so that they are resolved anew.
    const relations = { schema: {}, definitions: this.#relations as unknown as AnyRelations, tables: {}, resolved: {} };
    return buildCatalog(this.#schema as unknown as AnySchema, relations as unknown as Relations, this.#tables);
  }

  /** Notes a refusal, and mends it or takes its cause away. */
  refuse(data: OrmErrorData): void {
    const path = String(data["path"] ?? "");
    const remedy = String(data["hint"] ?? "");
    const [root, table = "", ...below] = path.split(" -> ").map((name) => name.replace(/\[\d+\]$/, ""));
    const index = /^Add \.index\("[^"]*", (\[[^\]]*\])\) to "([^"]+)" in the schema\.$/.exec(remedy);
    if (!this.#follows(data.message, table, path)) {
      const rule: Rule =
        index === null ? "invalid-schema" : root === "tables" ? "unique-without-index" : "missing-index";
      const about = Object.hasOwn(this.#schema.tables, table) ? table : null;
      this.findings.push({ rule, severity: "error", table: about, path, message: data.message, remedy });
    }
    const [, option] = /^there is no option "(.+)"$/.exec(data.message) ?? [];
    if (index !== null) {
      const lacking = { table: index[2]!, fields: JSON.parse(index[1]!) as string[] };
      // A relation waits for its index until nothing else is refused, so that all that lack the same one are noted.
      if (root === "tables") this.#addIndex(lacking);
      else {
        this.#indexes.push(lacking);
        this.#setAside(table, below[0]!);
      }
    } else if (option !== undefined && this.#without(path, option)) return;
    else if (root === "relations") this.#drop(this.#relations, table, below.slice(0, 1));
    else if (root === "tables") this.#drop(this.#tables, table, below.slice(0, 2));
    else throw new CliError(`${data.message} (${path})`, remedy);
  }

  /** Brings back the relations that waited for an index, with that index. False when none did. */
  restore(): boolean {
    if (this.#aside.length === 0) return false;
    for (const lacking of this.#indexes) this.#addIndex(lacking);
    this.#indexes = [];
    for (const { table, name, relation } of this.#aside) (this.#relations[table] ??= {})[name] = relation;
    this.#aside = [];
    return true;
  }

  /** Whether something is refused only because something else was taken away. */
  #follows(message: string, table: string, path: string): boolean {
    const [, field] = /has no field "([^"]+)"/.exec(message) ?? [];
    const waits = this.#aside.some((relation) => relation.table === table && relation.name === field);
    if (field !== undefined && / -> (checks|where)/.test(path) && (waits || this.#gone.has(`${table}.${field}`)))
      return true;
    const [, target, fields] = /must reference _id or a unique of "([^"]+)", not (.+)$/.exec(message) ?? [];
    return target !== undefined && this.#gone.has(`${target}(${fields!.split(", ").sort().join()})`);
  }

  /** Takes one key away from the object at a place. False when it is not there. */
  #without(path: string, key: string): boolean {
    const [root, ...names] = path.split(" -> ");
    let at: unknown = root === "relations" ? this.#relations : this.#tables;
    for (const name of names) at = isPlainObject(at) ? at[name] : undefined;
    return isPlainObject(at) && Object.hasOwn(at, key) && delete at[key];
  }

  #setAside(table: string, name: string): void {
    this.#aside.push({ table, name, relation: this.#relations[table]![name] });
    delete this.#relations[table]![name];
  }

  #drop(tree: Tree, table: string, below: readonly string[]): void {
    const rules = tree[table];
    const [first, second] = below;
    const inner = first === undefined ? undefined : rules?.[first];
    if (first === undefined || rules === undefined || !Object.hasOwn(rules, first)) delete tree[table];
    else if (second !== undefined && isPlainObject(inner) && Object.hasOwn(inner, second)) {
      if (first === "unique" && Array.isArray(inner[second]))
        this.#gone.add(`${table}(${[...(inner[second] as string[])].sort().join()})`);
      delete inner[second];
    } else {
      this.#gone.add(`${table}.${first}`);
      delete rules[first];
    }
  }

  #addIndex({ table, fields }: { readonly table: string; readonly fields: string[] }): void {
    this.#schema.tables[table]!.indexes.push({ indexDescriptor: `${missing}${fields.join(", ")}`, fields });
  }
}

/** Two levels of plain objects, copied: rules of rules are shared no more. Anything else stays what it is. */
function copy(tree: object): Tree {
  const inner = (value: unknown): unknown =>
    isPlainObject(value)
      ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, isPlainObject(v) ? { ...v } : v]))
      : value;
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, inner(value)])) as Tree;
}
