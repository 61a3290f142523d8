import type { WorkerArgs, WorkerResult } from "../../src/component/validators.js";

type Hook = (call: number, args: WorkerArgs) => void | Promise<void>;

/** What the tests tell the host's worker. It outlives rolled-back transactions, which is the point. */
export const control: {
  /** Every call so far, failed ones included. */
  calls: WorkerArgs[];
  before: Hook | undefined;
  after: Hook | undefined;
  /** Puts another answer in place of the right one. */
  answer: ((right: WorkerResult) => WorkerResult) | undefined;
  keysAnItem: number;
  /** Rows handled so far, by calls that were rolled back too. */
  rows: number;
  hold: boolean;
} = { calls: [], before: undefined, after: undefined, answer: undefined, keysAnItem: 50, rows: 0, hold: false };

export function resetControl(): void {
  Object.assign(control, {
    calls: [],
    before: undefined,
    after: undefined,
    answer: undefined,
    keysAnItem: 50,
    rows: 0,
    hold: false,
  });
}
