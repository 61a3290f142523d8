/** An `erDiagram`, read as strictly as Mermaid's grammar is, for the parts of it that are written here. */
export interface ReadDiagram {
  readonly entities: ReadonlyMap<string, { readonly alias: string | null; readonly attributes: readonly string[] }>;
  readonly relationships: readonly {
    readonly from: string;
    readonly ends: string;
    readonly to: string;
    readonly label: string;
  }[];
}

const name = String.raw`(?:"[^"%\\]+"|[A-Za-z_]\w*)`;
const entity = new RegExp(String.raw`^(${name})(?:\["([^"]+)"\])? \{$`);
const attribute = /^[A-Za-z_][\w()[\]-]* [A-Za-z_][\w()[\]-]*(?: (?:PK|FK|UK)(?:, (?:PK|FK|UK))*)?(?: "[^"]*")?$/;
const relationship = new RegExp(
  String.raw`^(${name}) ((?:\|\||\|o|\}o|\}\|)(?:--|\.\.)(?:\|\||o\||o\{|\|\{)) (${name}) : "([^"]*)"$`,
);
/** Tokens of the grammar of their own: bare, they are no entities. */
const tokens =
  /^(accDescr|accTitle|class|classDef|direction|erDiagram|many|one|only|optionally|style|title|to|u|zero)$/;

/** @throws on a line that Mermaid would not take, and on a relationship of a table that is not there. */
export function readMermaid(text: string): ReadDiagram {
  const [head, ...lines] = text.trimEnd().split("\n");
  if (head !== "erDiagram") throw new Error(`no diagram: ${head}`);
  const entities = new Map<string, { alias: string | null; attributes: string[] }>();
  const relationships: ReadDiagram["relationships"][number][] = [];
  let open: string[] | null = null;
  for (const raw of lines) {
    const line = raw.trim();
    const bad = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    const found = entity.exec(line);
    const joined = relationship.exec(line);
    if (open !== null) {
      if (line === "}") open = null;
      else if (attribute.test(line)) open.push(line);
      else bad("no attribute");
    } else if (found !== null) {
      if (tokens.test(found[1]!)) bad("a token of the grammar");
      entities.set(found[1]!, { alias: found[2] ?? null, attributes: (open = []) });
    } else if (joined !== null) {
      const [, from, ends, to, label] = joined as unknown as [string, string, string, string, string];
      if (!entities.has(from) || !entities.has(to)) bad("not a table");
      relationships.push({ from, ends, to, label });
    } else bad("not understood");
  }
  return { entities, relationships };
}
