/**
 * The side under test: the whole ORM in convex-test, policies in the component. Refusals are caught inside the
 * mutation, which then commits: a statement that had written anything before it was refused would show.
 */
import { convexTest } from "convex-test";
import { componentsGeneric } from "convex/server";
import type { DataModelFromSchemaDefinition, GenericMutationCtx } from "convex/server";
import { Orm, OrmError } from "../../../src/client/index.js";
import type { PolicySpec, OrmModel } from "../../../src/client/types/index.js";
import type { ComponentApi } from "../../../src/component/_generated/component.js";
import { register } from "../../../src/test.js";
import { relations, schema, tables } from "./memory.js";
import { byKey, GROUPS } from "./program.js";
import type { Changes, Doc, Outcome, Program, Session, Side, Statement, Step } from "./program.js";

interface Variables {
  user: string | null;
  level: number | null;
  owners: (string | null)[] | null;
  roles: string[];
}
type Model = OrmModel<typeof schema, (typeof relations)["definitions"], typeof tables, Variables>;

/** The session of the next statement. */
let current: Session;
const { orm: component } = componentsGeneric() as unknown as { orm: ComponentApi };
export const orm = new Orm(component, {
  schema,
  relations,
  tables,
  session: (): Variables => ({
    ...current,
    owners: current.owners === null ? null : [...current.owners],
    roles: [...current.roles],
  }),
});

function startApp() {
  const t = convexTest({
    schema,
    modules: { "/convex/_generated/api.js": () => Promise.resolve({}) },
    transactionLimits: true,
  });
  register(t as never);
  return t;
}
type App = ReturnType<typeof startApp>;
type Ctx = GenericMutationCtx<DataModelFromSchemaDefinition<typeof schema>>;
const writerOf = (ctx: Ctx) => orm.with(ctx);
type Writer = ReturnType<typeof writerOf>;

/** Inserts, upserts. */
async function insert(
  db: Writer,
  { rows, conflict, returning }: Extract<Statement, { kind: "insert" }>,
): Promise<Outcome> {
  const statement = db.insert("docs").values(rows.map((row) => ({ ...row })) as never);
  const target = { target: "key" as const };
  const whole =
    conflict === null
      ? statement
      : conflict.do === "nothing"
        ? statement.onConflictDoNothing(target)
        : statement.onConflictDoUpdate({ ...target, set: conflict.set as never });
  if (!returning) return { count: ((await whole) as unknown as readonly unknown[]).length, rows: null };
  const given = (await whole.returning()) as unknown as readonly Doc[];
  return { count: given.length, rows: byKey(given) };
}

/** Updates and deletes; a filter that names nothing is written as `.all()`. */
async function change(db: Writer, statement: Exclude<Statement, { kind: "insert" | "select" }>): Promise<Outcome> {
  const scan = { allowFullScan: true };
  const builder =
    statement.kind === "update" ? db.update("docs").set(statement.set as Changes as never) : db.delete("docs");
  // A filter such as `AND: []` names nothing, and alone would be refused.
  const named = { key: { isNotNull: true }, AND: [statement.where] };
  const whole = Object.keys(statement.where).length === 0 ? builder.all(scan) : builder.where(named as never, scan);
  if (!statement.returning) return { count: (await whole).count, rows: null };
  const rows = await whole.returning();
  return { count: rows.length, rows: byKey(rows) };
}

async function perform(db: Writer, statement: Statement): Promise<Outcome> {
  if (statement.kind === "insert") return insert(db, statement);
  if (statement.kind !== "select") return change(db, statement);
  const rows = await db.query.docs.findMany({ where: statement.where as never, allowFullScan: true });
  return { count: rows.length, rows: byKey(rows) };
}

const REFUSALS: Readonly<Record<string, "policy" | "unique">> = {
  POLICY_VIOLATION: "policy",
  UNIQUE_VIOLATION: "unique",
};

export class OrmSide implements Side {
  private app: App = startApp();

  async begin(program: Program): Promise<void> {
    this.app = startApp();
    await this.app.mutation(async (ctx) => {
      for (const group of GROUPS) await ctx.db.insert("groups", { ...group });
      for (const row of program.rows) await ctx.db.insert("docs", { ...row });
      await orm.policies.sync(ctx, { docs: program.policies } as unknown as PolicySpec<Model>);
    });
  }

  async run({ session, statement }: Step): Promise<Outcome> {
    current = session;
    const outcome = await this.app.mutation(async (ctx) => {
      try {
        return JSON.stringify(await perform(writerOf(ctx), statement));
      } catch (error) {
        const refused = error instanceof OrmError ? REFUSALS[error.code] : undefined;
        if (refused === undefined) throw error;
        return JSON.stringify({ refused });
      }
    });
    return JSON.parse(outcome) as Outcome;
  }

  async contents(): Promise<Doc[]> {
    return byKey(await this.app.run((ctx) => ctx.db.query("docs").collect()));
  }
}
