/** The requests: admitted, followed, cancelled, explained. Every door and every stream comes through here. */
import { clone, equals } from "@bufbuild/protobuf";
import type { InternalRequest, RequestState as State, Result } from "../../gen/qbridge_contract/v1/request_pb.js";
import {
  Durability,
  InternalRequestSchema,
  OperationSchema,
  RequestState,
} from "../../gen/qbridge_contract/v1/request_pb.js";
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import type { Registry } from "../backends/registry.js";
import { notFound, Refusal } from "../contract/errors.js";
import { TIMEOUT_S_DEFAULT } from "../contract/limits.js";
import type { Call, Caller } from "../platform/callers.js";
import type { Quotas } from "../platform/quotas.js";
import { newTraceparent, ulid } from "./ids.js";
import { Job, resultOf } from "./job.js";
import { Ledger } from "./ledger.js";
import { page } from "./pages.js";
import { operationName, route } from "./routing.js";
import type { Route } from "./routing.js";

/** A request in the ledger, and whether it was there before. */
export interface Admitted {
  readonly job: Job;
  readonly replayed: boolean;
}

export class Bridge {
  /** True once the deployment takes nothing new. */
  draining = false;
  private readonly ledger = new Ledger();

  constructor(
    private readonly registry: Registry,
    private readonly quotas: Quotas,
    private readonly routes: readonly Route[],
  ) {}

  /** Accepts a request that is valid by the contract, or refuses it. `timeoutS` bounds one without a deadline. */
  submit(call: Call, request: InternalRequest, timeoutS = 0): Admitted {
    const { tenant } = call.caller;
    if (this.draining) throw new Refusal(ErrorCode.UNAVAILABLE, "The deployment is draining.", { retryAfterS: 1 });
    this.quotas.spend(tenant);
    const before = this.before(tenant, request);
    if (before !== undefined) return { job: before, replayed: true };
    return { job: this.accept(call, request, timeoutS), replayed: false };
  }

  /** Accepts a request and waits for its result; the result's error is thrown. */
  async call(call: Call, request: InternalRequest): Promise<Result> {
    const { job, replayed } = this.submit(call, request, TIMEOUT_S_DEFAULT);
    const result = await finished(job, replayed ? waitSecondsOf(request) : undefined);
    if (result === undefined)
      throw new Refusal(ErrorCode.DEADLINE_EXCEEDED, "The request goes on, but the call's time is up.");
    if (result.error !== undefined) throw Refusal.of(result.error);
    return resultOf(result, { replayed });
  }

  /** A request of the caller's tenant. */
  get(caller: Caller, id: string): Job {
    const job = this.ledger.get(caller.tenant, id);
    if (job === undefined) throw notFound("request", id);
    return job;
  }

  /** A request of the caller's tenant, once it is final or the time is up. */
  async getWaiting(caller: Caller, id: string, waitS: number): Promise<Job> {
    const job = this.get(caller, id);
    if (waitS > 0) await finished(job, waitS);
    return job;
  }

  /** A page of the tenant's requests, newest first. */
  list(caller: Caller, asked: { backend: string; state: State; pageSize: number; pageToken: string }) {
    const { backend, state, pageSize: size, pageToken: token } = asked;
    const all = this.ledger
      .newestFirst(caller.tenant)
      .filter((job) => (!backend || job.request.backend === backend) && (!state || job.state === state));
    return page(all, {
      list: `requests of ${caller.tenant}`,
      size,
      token,
      cursorOf: (job) => String(job.number),
      isBehind: (job, cursor) => job.number < Number(cursor),
    });
  }

  /** Cancels a request; one that is final stays as it is. */
  cancel(caller: Caller, id: string): Job {
    const job = this.get(caller, id);
    const refusal = new Refusal(ErrorCode.CANCELLED, "The request was cancelled.");
    if (job.finish(RequestState.CANCELLED, { refusal })) this.leaveLane(job);
    return job;
  }

  /** Waits until everything accepted is final, at most so long. */
  async drain(withinS: number): Promise<void> {
    this.draining = true;
    const all = Promise.all(this.ledger.openJobs().map(({ done }) => done));
    await inTime(all, withinS);
  }

  /** The same request, if it was accepted before: by its id or by its key. */
  private before(tenant: string, request: InternalRequest): Job | undefined {
    const sameId = request.id ? this.ledger.get(tenant, request.id) : undefined;
    const sameKey = request.idempotencyKey ? this.ledger.withKey(tenant, request.idempotencyKey) : undefined;
    for (const job of [sameId, sameKey]) {
      if (job === undefined || isSame(job, request)) continue;
      const name = job === sameId ? `id ${request.id}` : "idempotency key";
      throw new Refusal(ErrorCode.IDEMPOTENCY_CONFLICT, `The ${name} was used before with another body.`);
    }
    return sameKey ?? sameId;
  }

  private accept(call: Call, asked: InternalRequest, timeoutS: number): Job {
    const request = clone(InternalRequestSchema, asked);
    const deadlineMs = deadlineOf(request, timeoutS);
    if (deadlineMs <= Date.now()) {
      throw new Refusal(ErrorCode.DEADLINE_EXCEEDED, "The deadline passed before the request came.");
    }
    checkDurability(request.durability);
    const backend = this.registry.get(route(request, this.routes, this.registry));
    if (request.operation && !backend.offers(request.operation)) {
      const message = `The backend ${backend.name} does not offer ${operationName(request.operation)}.`;
      throw new Refusal(ErrorCode.UNIMPLEMENTED, message);
    }
    const { tenant } = call.caller;
    this.quotas.checkOpen(tenant, this.ledger.openOf(tenant));
    request.id ||= `req_${ulid()}`;
    request.backend = backend.name;
    request.traceparent ||= call.traceparent || newTraceparent();
    const job = new Job(this.ledger.nextNumber(), tenant, request, asked.backend, deadlineMs);
    job.stage("admit");
    backend.put(job);
    this.ledger.add(job);
    job.expireInTime(() => this.leaveLane(job));
    return job;
  }

  private leaveLane(job: Job): void {
    this.registry.find(job.request.backend)?.lane.remove(job);
  }
}

/** Same key, same body: the operation, and the backend as it was asked for. */
function isSame(job: Job, request: InternalRequest): boolean {
  const { operation } = job.request;
  if (operation === undefined || request.operation === undefined) return false;
  return job.backendAsked === request.backend && equals(OperationSchema, operation, request.operation);
}

/** The earlier of deadline and timeout_s, in milliseconds since 1970; Infinity for none. */
function deadlineOf({ deadline, timeoutS }: InternalRequest, timeoutDefaultS: number): number {
  const at = deadline === undefined ? Infinity : Number(deadline.seconds) * 1000 + deadline.nanos / 1e6;
  const asked = Math.min(at, timeoutS > 0 ? Date.now() + timeoutS * 1000 : Infinity);
  return asked === Infinity && timeoutDefaultS > 0 ? Date.now() + timeoutDefaultS * 1000 : asked;
}

/** How long a repeated call waits for the request that was there before. */
function waitSecondsOf(request: InternalRequest): number {
  return Math.max(0, (deadlineOf(request, TIMEOUT_S_DEFAULT) - Date.now()) / 1000);
}

/** Everything is in memory: the default becomes that, and a level asked for by name is kept or refused. */
function checkDurability(durability: Durability): void {
  if (durability === Durability.UNSPECIFIED || durability === Durability.MEMORY) return;
  const message = `This deployment keeps DURABILITY_MEMORY only, not DURABILITY_${Durability[durability]}.`;
  throw new Refusal(ErrorCode.FAILED_PRECONDITION, message);
}

/** The result once it is there; undefined where the time is up first. */
async function finished(job: Job, withinS: number | undefined): Promise<Result | undefined> {
  return withinS === undefined || job.isFinal ? job.done : inTime(job.done, withinS);
}

async function inTime<T>(promise: Promise<T>, withinS: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.min(withinS * 1000, 2 ** 31 - 1));
  });
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
