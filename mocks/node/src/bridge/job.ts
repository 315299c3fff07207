/** One request from its acceptance to its final state: its events, its result, and who waits for them. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { StageTime } from "../../gen/qbridge_contract/v1/bridge_pb.js";
import { StageTimeSchema } from "../../gen/qbridge_contract/v1/bridge_pb.js";
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import type {
  InternalRequest,
  Reply,
  RequestEvent,
  RequestRecord,
  Result,
} from "../../gen/qbridge_contract/v1/request_pb.js";
import {
  Durability,
  RequestEventSchema,
  RequestRecordSchema,
  RequestState,
  ResultSchema,
} from "../../gen/qbridge_contract/v1/request_pb.js";
import { Refusal } from "../contract/errors.js";
import { traceIdOf } from "./ids.js";

/** What ended a request. */
export type Outcome = { readonly reply: Reply } | { readonly refusal: Refusal };

/** The longest delay that a timer of Node takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class Job {
  readonly id: string;
  readonly traceId: string;
  readonly createdMs = Date.now();
  /** Resolves once the state is final. */
  readonly done: Promise<Result>;
  readonly events: RequestEvent[] = [];
  readonly stages: StageTime[] = [];
  state = RequestState.UNSPECIFIED;
  result: Result | undefined;
  attempts = 0;
  crashes = 0;
  errors = 0;
  /** Of its last batch. */
  batchSize = 0;
  dispatchReason = "";
  /** When it last entered its lane, or was given to its backend. */
  private stageMs = performance.now();
  private readonly watchers = new Set<() => void>();
  private resolveDone: (result: Result) => void = () => undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    /** The order of acceptance over all requests: 1, 2, 3, ... */
    readonly number: number,
    readonly tenant: string,
    /** The request as accepted: id, backend and trace context are filled. */
    readonly request: InternalRequest,
    /** The backend as the caller named it; empty where a route chose. */
    readonly backendAsked: string,
    /** Milliseconds since 1970; Infinity for none. */
    readonly deadlineMs: number,
  ) {
    this.id = request.id;
    this.traceId = traceIdOf(request.traceparent);
    this.done = new Promise((resolve) => (this.resolveDone = resolve));
    this.move(RequestState.SUBMITTED);
  }

  get priority(): number {
    return this.request.priority ?? 5;
  }

  get effectKey(): string {
    return `${this.tenant}/${this.request.idempotencyKey || this.id}`;
  }

  get isFinal(): boolean {
    return this.result !== undefined;
  }

  /** Notes a new state that is not final. */
  move(state: RequestState): void {
    this.state = state;
    const at = timestampFromMs(Date.now());
    this.events.push(create(RequestEventSchema, { requestId: this.id, sequence: this.events.length + 1, state, at }));
    this.wake();
  }

  /** Notes that a stage of the path is over and the next one begins. */
  stage(name: string): void {
    const now = performance.now();
    const startedAt = timestampFromMs(Math.round(performance.timeOrigin + this.stageMs));
    this.stages.push(create(StageTimeSchema, { stage: name, startedAt, durationUs: (now - this.stageMs) * 1000 }));
    this.stageMs = now;
  }

  /** Ends it; false where it has ended before, which nothing changes. */
  finish(state: RequestState, outcome: Outcome): boolean {
    if (this.isFinal) return false;
    clearTimeout(this.timer);
    const ends = "reply" in outcome ? { reply: outcome.reply } : { error: this.withTrace(outcome.refusal) };
    const { id: requestId, attempts, traceId } = this;
    this.result = create(ResultSchema, { requestId, state, attempts, traceId, ...ends });
    this.state = state;
    const at = timestampFromMs(Date.now());
    const sequence = this.events.length + 1;
    this.events.push(create(RequestEventSchema, { requestId, sequence, state, at, result: this.result }));
    this.resolveDone(this.result);
    this.wake();
    return true;
  }

  private withTrace(refusal: Refusal): Refusal["error"] {
    refusal.error.traceId = this.traceId;
    return refusal.error;
  }

  /** Ends it EXPIRED when its deadline passes; `expired` is told. */
  expireInTime(expired: () => void): void {
    if (this.deadlineMs === Infinity) return;
    const left = this.deadlineMs - Date.now();
    if (left > 0) {
      this.timer = setTimeout(() => this.expireInTime(expired), Math.min(Math.ceil(left), TIMER_MS_MAX));
      return;
    }
    const refusal = new Refusal(ErrorCode.DEADLINE_EXCEEDED, "The deadline passed before the request finished.");
    if (this.finish(RequestState.EXPIRED, { refusal })) expired();
  }

  /** Calls back with each change until the returned function is called. */
  watch(changed: () => void): () => void {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  }

  /** All that is known of it; a list leaves the reply out. */
  record(withReply = true): RequestRecord {
    const lastEvent = this.events.at(-1);
    return create(RequestRecordSchema, {
      request: this.request,
      state: this.state,
      ...(this.result && { result: withReply ? this.result : withoutReply(this.result) }),
      lane: this.request.backend,
      attempts: this.attempts,
      durability: Durability.MEMORY,
      createdAt: timestampFromMs(this.createdMs),
      ...(lastEvent?.at && { updatedAt: lastEvent.at }),
    });
  }

  private wake(): void {
    for (const changed of [...this.watchers]) changed();
  }
}

/** The result as it is given again, or under another id. */
export function resultOf(result: Result, members: { replayed: boolean; requestId?: string }): Result {
  return { ...result, replayed: members.replayed, requestId: members.requestId ?? result.requestId };
}

function withoutReply(result: Result): Result {
  const bare = { ...result };
  delete bare.reply;
  return bare;
}
