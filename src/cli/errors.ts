/** What ends a command with exit code 2: wrong usage, or an app that cannot be loaded. Printed without a stack. */
export class CliError extends Error {
  override name = "CliError";

  /** `hint` is printed on a line of its own. */
  constructor(
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
