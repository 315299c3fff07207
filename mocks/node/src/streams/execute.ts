/** Execute: a process elsewhere says which backend it serves, gets leased batches, and sends what came of them. */
import { create } from "@bufbuild/protobuf";
import type { ExecuteRequest, ExecuteResponse } from "../../gen/qbridge_contract/v1/backend_pb.js";
import { ExecuteRequestSchema, ExecuteResponseSchema } from "../../gen/qbridge_contract/v1/backend_pb.js";
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import type { Registry } from "../backends/registry.js";
import type { Worker } from "../backends/worker.js";
import { invalid, Refusal } from "../contract/errors.js";
import { validate } from "../contract/validation.js";
import type { Stream } from "./stream.js";

/** Serves one process until its stream ends, from whichever side. */
export async function serveExecute(registry: Registry, stream: Stream<ExecuteRequest, ExecuteResponse>): Promise<void> {
  let worker: Worker | undefined;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const takeAll = async (): Promise<void> => {
    for await (const frame of stream.frames) {
      validate(ExecuteRequestSchema, frame);
      if (worker === undefined) worker = await attach(registry, stream, frame, end);
      else if (frame.attach !== undefined) {
        throw invalid("attach", "attach.once", "attach is in the first message, and only there");
      }
      for (const result of frame.results) worker.settle(result);
      if (frame.leaving) worker.dismiss(new Refusal(ErrorCode.UNAVAILABLE, "The process is leaving, as it said."));
    }
  };
  try {
    await Promise.race([takeAll(), ended]);
  } finally {
    worker?.lose();
  }
}

async function attach(
  registry: Registry,
  stream: Stream<ExecuteRequest, ExecuteResponse>,
  frame: ExecuteRequest,
  end: () => void,
): Promise<Worker> {
  if (frame.attach === undefined) {
    throw invalid("attach", "required", "the first message says which backend it is");
  }
  const backend = registry.remote(frame.attach.backend);
  const worker = backend.attach({ send: (message) => void stream.send(message), end }, frame.attach.window || 1);
  await stream.send(create(ExecuteResponseSchema, { kind: { case: "attached", value: { backend: backend.wire() } } }));
  backend.dispatch();
  return worker;
}
