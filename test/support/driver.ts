import { vi } from "vitest";
import type { Job } from "../../src/client/types/job.js";
import { modules, schema } from "../../src/test.js";

/** Mounts the component so that its scheduled steps can die as whole transactions: nothing they did stays, nobody is told. */
export function mountMortal(t: unknown, dies: (step: number) => boolean): void {
  let runs = 0;
  const driver = async (): Promise<unknown> => {
    const real = (await modules["./component/driver.ts"]!()) as Record<string, any>;
    const step = Object.assign((...args: unknown[]) => real["step"](...args), real["step"]);
    step._handler = async (ctx: unknown, args: unknown) => {
      const isLast = dies(++runs);
      const result: unknown = await real["step"]._handler(ctx, args);
      if (isLast) throw new Error("died");
      return result;
    };
    return { ...real, step };
  };
  (t as any).registerComponent("orm", schema, { ...modules, "./component/driver.ts": driver });
}

interface JobApp {
  readonly t: { finishInProgressScheduledFunctions(): Promise<void> };
  job(id: string): Promise<Job | null>;
}

/** Runs scheduled functions until the job has made `count` steps more, has failed once more, or is at its end. Needs fake timers. */
export async function runSteps(app: JobApp, job: string, count = Infinity, untilFailure = false): Promise<void> {
  const state = async () => (await app.job(job))!;
  const from = await state();
  for (let turn = 0; turn < 2_000; turn++) {
    const now = await state();
    const isOver = now.steps >= from.steps + count || (untilFailure && now.attempts > from.attempts);
    if (isOver || !["pending", "running"].includes(now.status)) return;
    vi.advanceTimersToNextTimer();
    await app.t.finishInProgressScheduledFunctions();
  }
  throw new Error("the job never ended");
}
