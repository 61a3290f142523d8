/** How the command writes: colours and progress are for terminals alone. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

type Stream = Pick<NodeJS.WriteStream, "isTTY">;

/** `NO_COLOR` (https://no-color.org) turns colours off, `FORCE_COLOR` on where there is no terminal. */
export function styleFor(stream: Stream, env: NodeJS.ProcessEnv = process.env): Style {
  const set = (name: string): boolean => env[name] !== undefined && env[name] !== "";
  const forced = set("FORCE_COLOR") && env["FORCE_COLOR"] !== "0";
  const on = !set("NO_COLOR") && (forced || (stream.isTTY === true && env["TERM"] !== "dumb"));
  const code = (open: number, close: number) => (text: string) =>
    on ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return { bold: code(1, 22), dim: code(2, 22), red: code(31, 39), yellow: code(33, 39), cyan: code(36, 39) };
}

/** Shows a line of progress on stderr while `work` runs, where that is a terminal. */
export async function withProgress<T>(text: string, work: () => Promise<T>): Promise<T> {
  const { stderr } = process;
  if (!stderr.isTTY) return await work();
  stderr.write(`${text} ...`);
  try {
    return await work();
  } finally {
    stderr.write("\r\u001b[K");
  }
}

/** Writes to stdout, to the end. A reader that has gone (`| head`) is no error. */
export async function print(text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => (error.code === "EPIPE" ? resolve() : reject(error));
    process.stdout.once("error", onError);
    process.stdout.write(text.endsWith("\n") ? text : `${text}\n`, () => resolve());
  });
}
