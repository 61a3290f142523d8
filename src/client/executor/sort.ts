import type { Document } from "./env.js";
import type { Compare } from "./order.js";

/**
 * Keeps the first `bound` rows of an order (all of them when null), whatever order they come in: a heap whose top is
 * the last row kept.
 */
export class FirstRows {
  private readonly heap: Document[] = [];

  constructor(
    private readonly compare: Compare,
    private readonly bound: number | null,
  ) {}

  get size(): number {
    return this.heap.length;
  }

  add(row: Document): void {
    const { heap, bound } = this;
    if (bound === null) {
      heap.push(row);
      return;
    }
    if (bound === 0) return;
    if (heap.length < bound) {
      heap.push(row);
      this.up(heap.length - 1);
    } else if (this.compare(row, heap[0]!) < 0) {
      heap[0] = row;
      this.down(0);
    }
  }

  /** The rows kept, in order. */
  sorted(): Document[] {
    return this.heap.sort(this.compare);
  }

  private up(start: number): void {
    const { heap } = this;
    for (let at = start; at > 0;) {
      const parent = (at - 1) >> 1;
      if (this.compare(heap[at]!, heap[parent]!) <= 0) return;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  private down(start: number): void {
    const { heap } = this;
    for (let at = start; ;) {
      let greatest = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && this.compare(heap[child]!, heap[greatest]!) > 0) greatest = child;
      }
      if (greatest === at) return;
      [heap[at], heap[greatest]] = [heap[greatest]!, heap[at]!];
      at = greatest;
    }
  }
}
