import { OrmError } from "../errors.js";
import type { SessionVariable } from "../types/index.js";

/**
 * A session variable as an operand of a policy: `{ authorId: session("userId") }`. It stands wherever a value does,
 * inside `in` or as a whole list too. Its value is what the `session` function of the options returns under this name;
 * null or undefined there makes the comparison unknown, and a name that is not there `INVALID_POLICY`.
 *
 * @throws OrmError `INVALID_POLICY` when the name is no text.
 */
export function session<const Name extends string>(name: Name): SessionVariable<Name> {
  if (typeof name !== "string" || name === "") {
    throw new OrmError("INVALID_POLICY", "`session` takes the name of a session variable", {
      hint: 'Write session("userId").',
    });
  }
  return Object.freeze({ session: name });
}
