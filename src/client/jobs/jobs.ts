import type { GenericDataModel, GenericMutationCtx, GenericQueryCtx } from "convex/server";
import type { ComponentApi } from "../../component/_generated/component.js";
import { OrmError } from "../errors.js";
import type { Job, JobStatus } from "../types/job.js";
import { callMutation, callQuery } from "./component.js";
import { workerHandle } from "./start.js";

type QueryCtx = Pick<GenericQueryCtx<GenericDataModel>, "runQuery">;
type MutationCtx = Pick<GenericMutationCtx<GenericDataModel>, "runMutation">;

const statuses: readonly JobStatus[] = ["pending", "running", "succeeded", "failed", "cancelled"];

/** `orm.jobs`: the durable jobs. Not restricted by policies: call it from trusted code, or check who asks. */
export class Jobs {
  constructor(
    private readonly component: ComponentApi,
    private readonly module: string,
  ) {}

  private with<C>(ctx: C): { ctx: C; component: ComponentApi } {
    return { ctx, component: this.component };
  }

  /** A job's state; null when there is none of this id, or no longer. Reactive in a query. */
  async get(ctx: QueryCtx, id: string): Promise<Job | null> {
    return await callQuery(this.with(ctx), (api) => api.jobs.get, { id });
  }

  /** Jobs, newest first. `limit` defaults to 100, at most 1,000. */
  async list(ctx: QueryCtx, { status, limit }: { status?: JobStatus; limit?: number } = {}): Promise<Job[]> {
    if (status !== undefined && !statuses.includes(status)) {
      throw new OrmError("INVALID_VALUE", `there is no job status "${String(status)}"`, {
        path: "status",
        hint: `Statuses: ${statuses.join(", ")}.`,
      });
    }
    return await callQuery(this.with(ctx), (api) => api.jobs.list, {
      ...(status === undefined ? {} : { status }),
      ...(limit === undefined ? {} : { limit }),
    });
  }

  /** Stops a job between two steps: rows are whole, and what remains can be resumed. */
  async cancel(ctx: MutationCtx, id: string): Promise<null> {
    return await callMutation(this.with(ctx), (api) => api.jobs.cancel, { id });
  }

  /** Resumes a failed or cancelled job, with a fresh handle of the worker. */
  async retry(ctx: MutationCtx, id: string): Promise<null> {
    const handle = await workerHandle(this.module);
    return await callMutation(this.with(ctx), (api) => api.jobs.retry, { id, handle });
  }

  /** Deletes jobs that succeeded or were cancelled at least `olderThanMs` ago (default: all); returns how many at once. */
  async purge(ctx: MutationCtx, { olderThanMs }: { olderThanMs?: number } = {}): Promise<number> {
    return await callMutation(
      this.with(ctx),
      (api) => api.jobs.purge,
      olderThanMs === undefined ? {} : { olderThanMs },
    );
  }
}
