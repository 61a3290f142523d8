import { parseArgs } from "node:util";
import { CliError, messageOf } from "./errors.js";

type Option = { readonly type: "string" | "boolean"; readonly short?: string; readonly multiple?: boolean };

const common = { help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "v" } } as const;
const app = { export: { type: "string" }, policies: { type: "string", short: "p" } } as const;

/** The commands with their options. */
export const commands = {
  diagram: {
    ...common,
    ...app,
    format: { type: "string", short: "f" },
    out: { type: "string", short: "o", multiple: true },
  },
  doctor: {
    ...common,
    ...app,
    json: { type: "boolean" },
    strict: { type: "boolean" },
  },
} as const satisfies Record<string, Record<string, Option>>;

export type CommandName = keyof typeof commands;
export type Values = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** What the command line says. `command` is null when only help or the version is asked for. */
export interface Invocation {
  readonly command: CommandName | null;
  readonly help: boolean;
  readonly version: boolean;
  readonly values: Values;
  readonly file: string | null;
}

/** @throws CliError for what is not understood, with the nearest name that is. */
export function readArguments(args: readonly string[]): Invocation {
  const at = args.findIndex((arg) => !arg.startsWith("-"));
  const name = at < 0 ? null : args[at]!;
  if (name === null) {
    const { values } = parse(args, common, "convex-orm");
    return { command: null, help: values["help"] === true, version: values["version"] === true, values, file: null };
  }
  // `convex-orm help doctor` is how some ask.
  if (name === "help") return readArguments([...args.slice(0, at), ...args.slice(at + 1), "--help"]);
  if (!Object.hasOwn(commands, name)) {
    throw new CliError(
      `there is no command "${name}"`,
      suggestion(name, Object.keys(commands), "See convex-orm --help."),
    );
  }
  const command = name as CommandName;
  const rest = [...args.slice(0, at), ...args.slice(at + 1)];
  const { values, positionals } = parse(rest, commands[command], `convex-orm ${command}`);
  if (positionals.length > 1) {
    throw new CliError(`one file is expected, not ${positionals.length}`, `See convex-orm ${command} --help.`);
  }
  const file = positionals[0] ?? null;
  return { command, help: values["help"] === true, version: values["version"] === true, values, file };
}

function parse(
  args: readonly string[],
  options: Record<string, Option>,
  called: string,
): { values: Values; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    return { values: values as Values, positionals };
  } catch (error) {
    const [, unknown] = /Unknown option '(-[^']*)'/.exec(messageOf(error)) ?? [];
    if (unknown === undefined) throw new CliError(misuse(messageOf(error)), `See ${called} --help.`);
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new CliError(`there is no option ${unknown}`, suggestion(unknown, known, `See ${called} --help.`));
  }
}

/** Node's own words for a wrong value, in those of the command. */
function misuse(message: string): string {
  const [, lacking] = /^Option '(?:-\w, )?(--[\w-]+) <value>' argument missing/.exec(message) ?? [];
  return lacking === undefined ? message.replace(/^Option /, "option ") : `${lacking} needs a value`;
}

/** The name that was meant, where one is near. */
export function suggestion(given: string, known: readonly string[], otherwise: string): string {
  const near = known
    .map((name) => ({ name, distance: name.startsWith(given) ? 0 : distance(given, name) }))
    .filter((candidate) => candidate.distance <= Math.max(2, Math.floor(candidate.name.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  return near === undefined ? `Known: ${known.join(", ")}. ${otherwise}` : `Did you mean ${near.name}?`;
}

/** Levenshtein's distance: single letters added, left out or changed. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
