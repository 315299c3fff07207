/** Watch over REST: server-sent events, each with its sequence as id, so that Last-Event-ID resumes. */
import type { ServerResponse } from "node:http";
import type { Message } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import type { WatchResponse } from "../../gen/qbridge_contract/v1/bridge_pb.js";
import { RequestEventSchema, RequestState } from "../../gen/qbridge_contract/v1/request_pb.js";

/** Sends the events until the last one, or until the caller hangs up. */
export async function sendEvents(
  response: ServerResponse,
  open: (gone: AbortSignal) => AsyncGenerator<Message>,
): Promise<void> {
  const controller = new AbortController();
  response.once("close", () => controller.abort());
  const events = open(controller.signal);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" }).flushHeaders();
  for await (const message of events) {
    const { event } = message as WatchResponse;
    if (event === undefined) continue;
    const data = JSON.stringify(toJson(RequestEventSchema, event));
    const text = `event: ${RequestState[event.state]}\nid: ${event.sequence}\ndata: ${data}\n\n`;
    if (!response.write(text)) await drained(response);
  }
  response.end();
}

async function drained(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    response.once("drain", resolve);
    response.once("close", resolve);
  });
}
