/** Session: frames of submits and cancels in, acceptances and results out. A frame is packing, never atomicity. */
import { create, toBinary } from "@bufbuild/protobuf";
import type { SessionRequest, SessionResponse } from "../../gen/qbridge_contract/v1/bridge_pb.js";
import { SessionRequestSchema, SessionResponseSchema } from "../../gen/qbridge_contract/v1/bridge_pb.js";
import type { FieldViolation } from "../../gen/qbridge_contract/v1/errors_pb.js";
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import type { InternalRequest } from "../../gen/qbridge_contract/v1/request_pb.js";
import {
  AcceptedSchema,
  Durability,
  InternalRequestSchema,
  RequestState,
  ResultSchema,
} from "../../gen/qbridge_contract/v1/request_pb.js";
import type { Bridge } from "../bridge/bridge.js";
import { traceIdOf } from "../bridge/ids.js";
import { resultOf } from "../bridge/job.js";
import { invalid, Refusal } from "../contract/errors.js";
import { FRAME_ITEMS_MAX, SESSION_BYTES_MAX, SESSION_ITEMS_MAX } from "../contract/limits.js";
import { refusalOf, violations } from "../contract/validation.js";
import type { Call } from "../platform/callers.js";
import { Outbox } from "./outbox.js";
import { aborted } from "./stream.js";
import type { Stream } from "./stream.js";

/** Serves one session to its end. */
export async function serveSession(
  bridge: Bridge,
  call: Call,
  stream: Stream<SessionRequest, SessionResponse>,
): Promise<void> {
  const session = new Session(bridge, call, stream);
  await stream.send(create(SessionResponseSchema, { credit: { items: SESSION_ITEMS_MAX, bytes: SESSION_BYTES_MAX } }));
  let broken: Refusal | undefined;
  try {
    for await (const frame of stream.frames) await session.take(frame);
  } catch (thrown) {
    broken = Refusal.from(thrown);
    await stream.send(create(SessionResponseSchema, { goAway: { error: broken.error } }));
  }
  // A stream that breaks cancels nothing: what was accepted goes on, unseen.
  await Promise.race([session.answered(), aborted(stream.gone)]);
  if (broken !== undefined) throw broken;
}

class Session {
  private readonly outbox: Outbox;
  private readonly open = new Set<Promise<void>>();
  private openBytes = 0;

  constructor(
    private readonly bridge: Bridge,
    private readonly call: Call,
    stream: Stream<SessionRequest, SessionResponse>,
  ) {
    this.outbox = new Outbox((frame) => stream.send(frame));
  }

  /** Takes one frame; throws where the frame itself breaks a rule, which ends the session. */
  async take(frame: SessionRequest): Promise<void> {
    if (frame.submits.length + frame.cancels.length > FRAME_ITEMS_MAX) {
      throw new Refusal(ErrorCode.TOO_LARGE, `A frame has at most ${FRAME_ITEMS_MAX} items.`);
    }
    const broken = brokenItems(frame);
    for (const [index, request] of frame.submits.entries()) this.submit(request, broken.get(index));
    for (const id of frame.cancels) this.cancel(id);
    await this.outbox.room();
  }

  /** Resolves once every submit has its result, and all of them have left. */
  async answered(): Promise<void> {
    while (this.open.size > 0) await Promise.all(this.open);
    await this.outbox.empty();
  }

  private submit(request: InternalRequest, found: FieldViolation[] | undefined): void {
    const bytes = toBinary(InternalRequestSchema, request).length;
    try {
      if (found !== undefined) throw refusalOf(found);
      if (!request.id) throw invalid("request.id", "required", "a submit of a session has its id from the caller");
      if (this.open.size >= SESSION_ITEMS_MAX || this.openBytes + bytes > SESSION_BYTES_MAX) {
        throw new Refusal(ErrorCode.QUEUE_FULL, "The window of the session is full.", { retryAfterS: 0.1 });
      }
      const { job, replayed } = this.bridge.submit(this.call, request);
      // The caller knows its own id only, even where an equal key was first used with another one.
      const requestId = request.id;
      const { traceId } = job;
      this.outbox.accept(create(AcceptedSchema, { requestId, durability: Durability.MEMORY, replayed, traceId }));
      this.openBytes += bytes;
      const answer = job.done.then((result) => {
        this.openBytes -= bytes;
        this.open.delete(answer);
        this.outbox.answer(resultOf(result, { replayed, requestId }));
      });
      this.open.add(answer);
    } catch (thrown) {
      const { error } = Refusal.from(thrown);
      error.traceId = traceIdOf(request.traceparent || this.call.traceparent);
      const { id: requestId } = request;
      const state = RequestState.REJECTED;
      this.outbox.answer(create(ResultSchema, { requestId, state, error, traceId: error.traceId }));
    }
  }

  /** A cancel has no answer of its own: that of its request says what came of it. */
  private cancel(id: string): void {
    try {
      this.bridge.cancel(this.call.caller, id);
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
    }
  }
}

/** The violations of each submit, by its place; those of the frame itself are thrown. */
function brokenItems(frame: SessionRequest): Map<number, FieldViolation[]> {
  const items = new Map<number, FieldViolation[]>();
  const whole: FieldViolation[] = [];
  for (const { path, violation } of violations(SessionRequestSchema, frame)) {
    const place = path[1];
    if (place?.kind !== "list_sub" || path.length < 3) {
      whole.push(violation);
      continue;
    }
    // The same name as at the other doors: there it is the field of a request.
    violation.field = violation.field.replace(/^submits\[\d+\]/, "request");
    items.set(place.index, [...(items.get(place.index) ?? []), violation]);
  }
  if (whole.length > 0) throw refusalOf(whole);
  return items;
}
