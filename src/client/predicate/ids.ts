/** Whether a text is an id of a table. */
export type IdTest = (table: string, text: string) => boolean;

/**
 * The test of a context's database, for every filter that is parsed where rows are judged: `where`, policies, checks
 * and the relation filters inside them. An `_id` operand that it refuses matches nothing. Undefined without a database
 * (in actions, and where filters are only validated); then such operands are compared as texts.
 */
export const idTest = (
  db: { normalizeId(table: string, id: string): string | null } | undefined,
): IdTest | undefined => (db === undefined ? undefined : (table, text) => db.normalizeId(table, text) !== null);
