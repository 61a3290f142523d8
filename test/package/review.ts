import ts from "typescript";

/** Files of a package by their path from its root: what the review looks at, so that a test can hand it a broken copy. */
export type Tree = Readonly<Record<string, string>>;

/** A function that a component registers. */
interface Registered {
  readonly place: string;
  readonly module: string;
  readonly name: string;
  readonly registrar: string;
  /** Keys of its one object argument; null for the old syntax, a bare handler. */
  readonly keys: readonly string[] | null;
}

const registrars = /^(internal)?(query|mutation|action)$/i;
const parse = (path: string, text: string) => ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);

/** The component's own files: neither generated ones nor tests. */
const componentFiles = (tree: Tree): [path: string, text: string][] =>
  Object.entries(tree).filter(([path]) => /^src\/component\/(?!_generated\/)(?!.*\.test\.ts$).*\.ts$/.test(path));

/** Every function that the component registers, read from the syntax. */
export function registeredFunctions(tree: Tree): Registered[] {
  return componentFiles(tree).flatMap(([path, text]) => {
    const source = parse(path, text);
    const found: Registered[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && registrars.test(node.expression.text)) {
        const [argument] = node.arguments;
        const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        found.push({
          place: `${path}:${line}`,
          module: path.replace("src/component/", "").replace(/\.ts$/, ""),
          name: ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : "",
          registrar: node.expression.text,
          keys:
            argument !== undefined && ts.isObjectLiteralExpression(argument)
              ? argument.properties.map((property) => property.name?.getText() ?? "")
              : null,
        });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

function looseFunctions(tree: Tree): string[] {
  return registeredFunctions(tree).flatMap(({ place, keys }) => {
    if (keys === null) return [`${place}: the old syntax; one object with args, returns and handler`];
    const missing = ["args", "returns", "handler"].filter((key) => !keys.includes(key));
    return missing.length > 0 ? [`${place}: lacks ${missing.join(", ")}`] : [];
  });
}

/** Public is what a host calls, by the client or by hand; what only the component itself calls is internal. */
function wronglyPublic(tree: Tree): string[] {
  const texts = Object.entries(tree);
  const hosts = texts.filter(([path]) => /^src\/client\/(?!.*\.test\.ts$)|^docs\/|\.md$/.test(path));
  const own = componentFiles(tree).map(([, text]) => text);
  return registeredFunctions(tree).flatMap(({ place, module, name, registrar }) => {
    const called = new RegExp(`\\b${module}\\.${name}\\b`);
    if (/^internal/i.test(registrar)) {
      return own.some((text) => text.includes(`internal.${module}.${name}`))
        ? []
        : [`${place}: ${module}.${name} is internal, and nothing in the component calls it`];
    }
    return hosts.some(([, text]) => called.test(text))
      ? []
      : [`${place}: ${module}.${name} is public, and no host calls it: make it internal`];
  });
}

/** What the backend refuses inside a component, or what has no meaning there. */
function forbiddenCalls(tree: Tree): string[] {
  const patterns: [pattern: RegExp, why: string][] = [
    [/\bctx\.auth\b/, "a component has no ctx.auth: take what it needs as an argument"],
    [/\.paginate\(/, "the backend refuses .paginate in a component"],
    [/\bprocess\.env\b/, "a component has no environment variables of the app"],
    [/\b(query|mutation|action|internalQuery|internalMutation|internalAction)Generic\b/, "builders are its own"],
    [/import \{[^}]*\b(query|mutation|action|internal\w+)\b[^}]*\} from "convex\/server"/, "builders are its own"],
  ];
  return componentFiles(tree).flatMap(([path, text]) =>
    patterns.flatMap(([pattern, why]) => (pattern.test(text) ? [`${path}: ${why}`] : [])),
  );
}

/** The component's definition: `convex.config.ts` has a default export that `defineComponent` made. */
function definition(tree: Tree): string[] {
  const text = tree["src/component/convex.config.ts"];
  if (text === undefined) return ["src/component/convex.config.ts is missing"];
  const defined =
    /import \{ defineComponent \} from "convex\/server"/.test(text) &&
    (/export default defineComponent\("\w+"\)/.test(text) ||
      (/const component = defineComponent\("\w+"\)/.test(text) && /export default component\b/.test(text)));
  return defined ? [] : ["src/component/convex.config.ts: no default export of defineComponent(name)"];
}

type Target = string | { readonly types?: string; readonly default?: string };
interface Manifest {
  readonly type?: string;
  readonly files?: readonly string[];
  readonly exports?: Readonly<Record<string, Target>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The source that an exported file is built from. */
const sourceOf = (target: string) =>
  target
    .replace(/^\.\//, "")
    .replace(/^dist\//, "src/")
    .replace(/\.d\.ts$|\.js$/, ".ts");

function packageExports(tree: Tree): string[] {
  const manifest = JSON.parse(tree["package.json"] ?? "{}") as Manifest;
  const wrong: string[] = [];
  const built: [name: string, code: boolean][] = [
    [".", true],
    ["./convex.config", true],
    ["./convex.config.js", true],
    ["./_generated/component", false],
    ["./_generated/component.js", false],
  ];
  for (const [name, code] of built) {
    const target = manifest.exports?.[name];
    if (target === undefined || typeof target === "string") {
      wrong.push(`package.json: exports["${name}"] needs types${code ? " and default" : ""}`);
      continue;
    }
    if (Object.keys(target)[0] !== "types") wrong.push(`package.json: exports["${name}"]: types come first`);
    for (const key of code ? (["types", "default"] as const) : (["types"] as const)) {
      const file = target[key];
      if (!file?.startsWith("./dist/")) wrong.push(`package.json: exports["${name}"].${key} is no built file`);
      else if (tree[sourceOf(file)] === undefined) wrong.push(`package.json: ${file} is built from no source`);
    }
  }
  if (manifest.exports?.["./test"] !== "./src/test.ts") wrong.push(`package.json: exports["./test"] is src/test.ts`);
  if (manifest.exports?.["./package.json"] === undefined) wrong.push(`package.json: exports["./package.json"]`);
  if (manifest.type !== "module") wrong.push(`package.json: "type" is "module"`);
  for (const folder of ["dist", "src"]) {
    if (manifest.files?.includes(folder) !== true) wrong.push(`package.json: files lacks "${folder}"`);
  }
  if (manifest.peerDependencies?.convex === undefined || manifest.dependencies?.convex !== undefined) {
    wrong.push("package.json: convex is a peer dependency");
  }
  return wrong;
}

function testHelper(tree: Tree): string[] {
  const text = tree["src/test.ts"] ?? "";
  const parts = [
    /export function register\(/,
    /registerComponent\(/,
    /import\.meta\.glob\(/,
    /\bschema\b.*\bmodules\b|\bmodules\b.*\bschema\b/,
  ];
  return parts.every((part) => part.test(text)) ? [] : ["src/test.ts: register(t, name), schema and modules"];
}

function generated(tree: Tree): string[] {
  return ["api", "component", "dataModel", "server"]
    .filter((name) => tree[`src/component/_generated/${name}.ts`] === undefined)
    .map((name) => `src/component/_generated/${name}.ts is not committed`);
}

/** The face that an app imports: a client made of `components.x`. */
function client(tree: Tree): string[] {
  const face = tree["src/client/index.ts"] ?? "";
  return /export \{ Orm\b/.test(face) ? [] : ["src/client/index.ts: exports no client class"];
}

/**
 * The rules of Convex's component directory, as far as a program can check them: what breaks them, one line each, and
 * nothing when all hold.
 */
export function reviewComponent(tree: Tree): string[] {
  return [
    ...definition(tree),
    ...packageExports(tree),
    ...generated(tree),
    ...testHelper(tree),
    ...client(tree),
    ...looseFunctions(tree),
    ...wronglyPublic(tree),
    ...forbiddenCalls(tree),
  ];
}
