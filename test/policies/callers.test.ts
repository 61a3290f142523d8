/**
 * The functions that jobs and actions call back are internal, but other code of the app can call them: they lend it no
 * rights. Every test also shows what the rightful caller gets, else it would prove nothing.
 */
import { describe, expect, test } from "vitest";
import { hydrate, open, orm, thrown, worker } from "./app.js";

const names = (rows: readonly { name: string }[]) => rows.map((row) => row.name).toSorted();

describe("hydrate, called by other code", () => {
  const ask = (extra: object, args: object = {}) => ({
    request: JSON.stringify({
      table: "patients",
      method: "findMany",
      args: { allowFullScan: true, ...args },
      ...extra,
    }),
  });
  const forged = [
    {},
    { session: { nurse: "sue" } },
    { system: true },
    { access: { system: true } },
    { as: "sue", rls: false },
  ];

  test("gives what the caller's own identity may see, whatever the request says", async () => {
    const { t } = await open();
    for (const extra of forged) {
      const seen = await t
        .withIdentity({ subject: "mary" })
        .action((ctx) => ctx.runQuery(hydrate, ask(extra)) as Promise<{ name: string }[]>);
      expect(names(seen)).toEqual(["Ada"]);
      expect(await t.action((ctx) => ctx.runQuery(hydrate, ask(extra)) as Promise<unknown>)).toEqual([]);
    }
  });

  test("takes no other arguments, methods or tables", async () => {
    const { t } = await open();
    const mary = t.withIdentity({ subject: "mary" });
    const calls = [
      { ...ask({}), session: '{"system":true}' },
      ask({ method: "analyze" }),
      ask({ method: "constructor" }),
      ask({ table: "__proto__" }),
      ask({}, { session: { nurse: "sue" } }),
      ask({}, { rls: false }),
    ];
    for (const call of calls) {
      await expect(mary.action(async (ctx) => void (await ctx.runQuery(hydrate, call)))).rejects.toThrow();
    }
  });

  test("an action reads as its own identity, and not as the system", async () => {
    const { t } = await open();
    await t.withIdentity({ subject: "mary" }).action(async (ctx) => {
      expect(names(await orm.with(ctx).query.patients.findMany({ allowFullScan: true }))).toEqual(["Ada"]);
      expect(
        await thrown(() =>
          Promise.resolve().then(() => orm.system(ctx).query.patients.findMany({ allowFullScan: true })),
        ),
      ).toMatchObject({
        code: "POLICY_VIOLATION",
      });
    });
  });
});

describe("worker, called by other code", () => {
  const system = JSON.stringify({ system: true });
  const budget = { rows: 100, bytes: 1 << 20 };

  /** A background delete of every patient, as the system: its job's id and its one item, as the component holds them. */
  async function pendingDelete() {
    const app = await open();
    const id = await app.as(
      "mary",
      async (_db, all) => (await all.delete("patients").all({ allowFullScan: true }).hard().inBackground()).job,
    );
    const items = await app.itemsOfJobs();
    const call = {
      job: { id: id!, kind: "delete", table: "patients", attempt: 1 },
      session: system as string | null,
      items: items.map(({ _id, work }) => ({ id: _id, work })),
      budget,
    };
    const left = () => app.t.run((ctx) => ctx.db.query("patients").collect());
    const run = (args: typeof call) => app.t.mutation(async (ctx) => void (await ctx.runMutation(worker, args)));
    return { ...app, call, left, run };
  }

  test("borrows no rights: not a job's, not the system's, not another session's", async () => {
    const { call, run, left } = await pendingDelete();
    const [item] = call.items;
    const everyone = { ...item!, work: item!.work.replace("patients", "records") };
    const forged = [
      { ...call, job: { ...call.job, id: "" } },
      { ...call, job: { ...call.job, id: "not a job" } },
      { ...call, session: null },
      { ...call, session: JSON.stringify({ variables: { nurse: "sue", roles: [] } }) },
      { ...call, items: [everyone] },
      { ...call, items: [item!, { ...item!, id: "not an item" }] },
    ];
    for (const args of forged) expect(await thrown(() => run(args))).toMatchObject({ code: "POLICY_VIOLATION" });
    expect(await left()).toHaveLength(2);
  });

  test("nor a finished job's", async () => {
    const { call, run, t, left } = await pendingDelete();
    await t.mutation((ctx) => orm.jobs.cancel(ctx, call.job.id).then(() => null));
    expect(await thrown(() => run(call))).toMatchObject({ code: "POLICY_VIOLATION" });
    expect(await left()).toHaveLength(2);
  });

  test("and with nothing to do it does nothing", async () => {
    const { call, run, left } = await pendingDelete();
    await run({ ...call, items: [] });
    expect(await left()).toHaveLength(2);
  });
});
