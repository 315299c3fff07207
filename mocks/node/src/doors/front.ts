/** What all doors do alike around an RPC: who calls, may they, is the message allowed, how its answer reads. */
import type { Message, MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { headerTraceparent, traceIdOf } from "../bridge/ids.js";
import { Refusal } from "../contract/errors.js";
import type { Rpc } from "../contract/rpcs.js";
import { validate } from "../contract/validation.js";
import type { Call } from "../platform/callers.js";
import { ANYBODY, checkScope } from "../platform/callers.js";
import type { Surface } from "../surface.js";

/** A header, or metadata of the same name. */
export type Header = (name: string) => string | undefined;

export class Front {
  constructor(readonly surface: Surface) {}

  /** The call behind the headers, once it is allowed. An RPC without a scope asks nobody for a key. */
  admit(rpc: Rpc, header: Header): Call {
    const caller = rpc.scope === "" ? ANYBODY : this.surface.keys.caller(header("authorization"));
    checkScope(caller, rpc.scope);
    return { caller, traceparent: headerTraceparent(header("traceparent")) };
  }

  /** One RPC with one answer. */
  async answer(rpc: Rpc, call: Call, request: Message): Promise<Message> {
    const handler = this.surface.unary.get(rpc.name);
    if (handler === undefined) throw new Error(`nothing serves ${rpc.name}`);
    try {
      validate(rpc.input, request);
      return create(rpc.output, (await handler(call, request)) as MessageInitShape<typeof rpc.output>);
    } catch (thrown) {
      const refusal = Refusal.from(thrown);
      refusal.error.traceId ||= traceIdOf(traceparentIn(request) || call.traceparent);
      throw refusal;
    }
  }

  /** One RPC with a stream of answers; refuses before the first one. */
  stream(rpc: Rpc, call: Call, request: Message, gone: AbortSignal): AsyncGenerator<Message> {
    const handler = this.surface.serverStreams.get(rpc.name);
    if (handler === undefined) throw new Error(`nothing serves ${rpc.name}`);
    validate(rpc.input, request);
    return messages(rpc, handler(call, request, gone));
  }
}

async function* messages(rpc: Rpc, answers: AsyncGenerator<object>): AsyncGenerator<Message> {
  for await (const answer of answers) yield create(rpc.output, answer as MessageInitShape<typeof rpc.output>);
}

/** The trace context of the request inside a Submit or a Call. */
function traceparentIn(message: Message): string {
  const { request } = message as { request?: { traceparent?: string } };
  return request?.traceparent ?? "";
}
