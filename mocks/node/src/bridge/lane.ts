/** The requests that wait for one backend: highest priority first, then the oldest. */
import type { Job } from "./job.js";

export class Lane {
  private readonly waiting: Job[] = [];

  get depth(): number {
    return this.waiting.length;
  }

  /** When the oldest of them was accepted, in milliseconds since 1970. */
  get oldestMs(): number {
    return this.waiting.reduce((oldest, job) => Math.min(oldest, job.createdMs), Infinity);
  }

  put(job: Job): void {
    let low = 0;
    let high = this.waiting.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.waiting[middle];
      if (other !== undefined && goesBefore(other, job)) low = middle + 1;
      else high = middle;
    }
    this.waiting.splice(low, 0, job);
  }

  take(count: number): Job[] {
    return this.waiting.splice(0, count);
  }

  remove(job: Job): void {
    const index = this.waiting.indexOf(job);
    if (index >= 0) this.waiting.splice(index, 1);
  }

  /** How many are ahead of it; -1 where it does not wait here. */
  ahead(job: Job): number {
    return this.waiting.indexOf(job);
  }
}

function goesBefore(one: Job, other: Job): boolean {
  return one.priority === other.priority ? one.number < other.number : one.priority > other.priority;
}
