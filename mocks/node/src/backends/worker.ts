/**
 * A process that serves a backend, seen from the bridge: how many batches it has, which items are leased to it, and
 * what becomes of them. It knows nothing of transports: a port takes what is sent to the process.
 */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ExecuteItem, ExecuteResponse, ItemResult } from "../../gen/qbridge_contract/v1/backend_pb.js";
import { ExecuteItemSchema, ExecuteResponseSchema } from "../../gen/qbridge_contract/v1/backend_pb.js";
import type { Error as WireError } from "../../gen/qbridge_contract/v1/errors_pb.js";
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import type { Job } from "../bridge/job.js";
import { RequestState } from "../../gen/qbridge_contract/v1/request_pb.js";
import { isListed, Refusal, rowOf } from "../contract/errors.js";
import { CRASHES_MAX_DEFAULT, ERRORS_MAX_DEFAULT } from "../contract/limits.js";
import type { Backend } from "./backend.js";
import { replyProblem } from "./replies.js";

/** The way to the process. */
export interface WorkerPort {
  send(message: ExecuteResponse): void;
  /** Ends the stream from our side. */
  end(): void;
}

interface Lease {
  readonly job: Job;
  readonly batch: Set<bigint>;
}

/** The fencing tokens: unique over all requests, so that one names one item. */
let epochs = 0n;

export class Worker {
  private readonly leases = new Map<bigint, Lease>();
  private readonly batches = new Set<Set<bigint>>();
  private leaving = false;

  constructor(
    private readonly backend: Backend,
    private readonly port: WorkerPort,
    private readonly window: number,
  ) {}

  get inFlight(): number {
    return this.batches.size;
  }

  /** How many more batches it takes. */
  get room(): number {
    return this.leaving ? 0 : this.window - this.batches.size;
  }

  /** Leases requests to it, as one batch. */
  give(jobs: Job[], reason: string): void {
    const batch = new Set<bigint>();
    this.batches.add(batch);
    const items = jobs.map((job) => {
      const epoch = ++epochs;
      batch.add(epoch);
      this.leases.set(epoch, { job, batch });
      job.stage("queue");
      job.attempts += 1;
      job.batchSize = jobs.length;
      job.dispatchReason = reason;
      job.move(RequestState.LEASED);
      return itemOf(job, epoch);
    });
    for (const job of jobs) job.move(RequestState.RUNNING);
    this.port.send(create(ExecuteResponseSchema, { kind: { case: "batch", value: { items } } }));
  }

  /** Takes the outcome of an item; one of an older lease, or of none, is ignored. */
  settle(result: ItemResult): void {
    const lease = this.leases.get(result.epoch);
    if (lease === undefined || lease.job.id !== result.requestId) return;
    this.release(result.epoch, lease);
    if (!lease.job.isFinal) lease.job.stage("execute");
    const { outcome } = result;
    if (outcome.case === "error") this.fail(lease.job, outcome.value);
    else if (outcome.case === "reply") {
      const problem = replyProblem(lease.job.request.operation, outcome.value);
      if (problem === "") lease.job.finish(RequestState.SUCCEEDED, { reply: outcome.value });
      else lease.job.finish(RequestState.FAILED, { refusal: new Refusal(ErrorCode.BACKEND_FAILED, problem) });
    }
    this.backend.dispatch();
    this.endIfDone();
  }

  /** No more batches: it asked for that, or its backend is gone. */
  dismiss(why: Refusal): void {
    if (this.leaving) return;
    this.leaving = true;
    this.port.send(create(ExecuteResponseSchema, { kind: { case: "goAway", value: { error: why.error } } }));
    this.endIfDone();
  }

  /** A process that leaves ends its stream itself; that of a deleted backend is ended once its results are in. */
  private endIfDone(): void {
    if (this.backend.gone && this.leases.size === 0) this.port.end();
  }

  /** Its stream has ended: what it still holds are lost attempts. */
  lose(): void {
    this.backend.workers.delete(this);
    const lost = [...this.leases];
    for (const [epoch, lease] of lost) this.release(epoch, lease);
    for (const [, { job }] of lost) {
      if (job.isFinal) continue;
      job.crashes += 1;
      const spent = job.crashes > (job.request.retry?.crashesMax ?? CRASHES_MAX_DEFAULT);
      if (spent || this.backend.gone) job.finish(RequestState.DEAD, { refusal: this.backend.lost() });
      else this.backend.put(job, true);
    }
    this.backend.dispatch();
  }

  private fail(job: Job, error: WireError): void {
    const refusal = backendError(error);
    if (!refusal.error.retryable) {
      job.finish(RequestState.FAILED, { refusal });
      return;
    }
    if (job.isFinal) return;
    job.errors += 1;
    const spent = job.errors > (job.request.retry?.errorsMax ?? ERRORS_MAX_DEFAULT);
    if (spent || this.backend.gone) job.finish(RequestState.DEAD, { refusal });
    else this.backend.put(job, true);
  }

  private release(epoch: bigint, lease: Lease): void {
    this.leases.delete(epoch);
    lease.batch.delete(epoch);
    if (lease.batch.size === 0) this.batches.delete(lease.batch);
  }
}

function itemOf(job: Job, epoch: bigint): ExecuteItem {
  const { operation, traceparent, labels } = job.request;
  return create(ExecuteItemSchema, {
    requestId: job.id,
    epoch,
    ...(operation && { operation }),
    traceparent,
    ...(job.deadlineMs !== Infinity && { deadline: timestampFromMs(Math.floor(job.deadlineMs)) }),
    attempt: job.attempts,
    effectKey: job.effectKey,
    labels,
  });
}

/** A backend's error in the words of the table: its own code where it has one, BACKEND_FAILED otherwise. */
function backendError(error: WireError): Refusal {
  const code = isListed(error.code) ? error.code : ErrorCode.BACKEND_FAILED;
  const { message, violations, retryAfterS, retryable } = error;
  return new Refusal(code, message || rowOf(code).title, { violations, retryAfterS, retryable });
}
