/** Every request that can still be asked for: by id, by effect key, by age. Tenants never meet. */
import { FINAL_ITEMS_MAX, RESULT_TTL_S } from "../contract/limits.js";
import type { Job } from "./job.js";

export class Ledger {
  private readonly byId = new Map<string, Job>();
  private readonly byKey = new Map<string, Job>();
  /** In order of acceptance. */
  private readonly accepted = new Map<number, Job>();
  /** In the order in which they ended, with the time. */
  private readonly ended: { job: Job; atMs: number }[] = [];
  private readonly open = new Map<string, number>();
  private count = 0;

  /** The number of the next request. */
  nextNumber(): number {
    return ++this.count;
  }

  add(job: Job): void {
    this.byId.set(scoped(job.tenant, job.id), job);
    if (job.request.idempotencyKey) this.byKey.set(scoped(job.tenant, job.request.idempotencyKey), job);
    this.accepted.set(job.number, job);
    this.open.set(job.tenant, this.openOf(job.tenant) + 1);
    void job.done.then(() => this.end(job));
  }

  get(tenant: string, id: string): Job | undefined {
    this.forget();
    return this.byId.get(scoped(tenant, id));
  }

  withKey(tenant: string, key: string): Job | undefined {
    this.forget();
    return this.byKey.get(scoped(tenant, key));
  }

  /** How many requests of a tenant are not final. */
  openOf(tenant: string): number {
    return this.open.get(tenant) ?? 0;
  }

  /** All that are not final. */
  openJobs(): Job[] {
    return [...this.accepted.values()].filter((job) => !job.isFinal);
  }

  /** A tenant's requests, newest first. */
  newestFirst(tenant: string): Job[] {
    this.forget();
    return [...this.accepted.values()].filter((job) => job.tenant === tenant).reverse();
  }

  private end(job: Job): void {
    this.open.set(job.tenant, this.openOf(job.tenant) - 1);
    this.ended.push({ job, atMs: Date.now() });
    this.forget();
  }

  /** Drops the oldest final requests: too many, or asked for too late. */
  private forget(): void {
    const horizonMs = Date.now() - RESULT_TTL_S * 1000;
    let gone = 0;
    for (const { job, atMs } of this.ended) {
      if (atMs > horizonMs && this.ended.length - gone <= FINAL_ITEMS_MAX) break;
      gone++;
      this.byId.delete(scoped(job.tenant, job.id));
      this.byKey.delete(scoped(job.tenant, job.request.idempotencyKey));
      this.accepted.delete(job.number);
    }
    if (gone > 0) this.ended.splice(0, gone);
  }
}

function scoped(tenant: string, name: string): string {
  return `${tenant}/${name}`;
}
