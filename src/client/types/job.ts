/** What a job does. */
export type JobStatus = "pending" | "running" | "succeeded" | "failed" | "cancelled";

/** A durable job, as `orm.jobs.get` and `list` show it. */
export interface Job {
  readonly _id: string;
  readonly kind: string;
  readonly status: JobStatus;
  /** Every row that the statement changed, those changed inline included. */
  readonly rowsDone: number;
  /** Work items that wait. */
  readonly frontier: number;
  /** Steps committed. */
  readonly steps: number;
  /** Attempts of the current step. */
  readonly attempts: number;
  readonly error: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
}
