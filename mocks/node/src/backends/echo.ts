/** The built-in backend: it has one operation, which answers with the payload that it is sent. */
import { create } from "@bufbuild/protobuf";
import type { ExecuteItem, ExecuteResponse } from "../../gen/qbridge_contract/v1/backend_pb.js";
import { BackendSchema, ItemResultSchema } from "../../gen/qbridge_contract/v1/backend_pb.js";
import { PayloadSchema } from "../../gen/qbridge_contract/v1/request_pb.js";
import { Backend } from "./backend.js";
import type { Worker } from "./worker.js";

/** How many batches it answers at once. */
const WINDOW = 64;

export function echoBackend(): Backend {
  const operations = [{ name: "invoke:echo", description: "Answers with what it is sent." }];
  const backend = new Backend(create(BackendSchema, { name: "echo", kind: "echo", operations }), true);
  const send = (message: ExecuteResponse): void => {
    if (message.kind.case !== "batch") return;
    const { items } = message.kind.value;
    // Not at once: whoever gave the batch is not done with its books.
    queueMicrotask(() => items.forEach((item) => answer(worker, item)));
  };
  const worker = backend.attach({ send, end: () => undefined }, WINDOW);
  return backend;
}

function answer(worker: Worker, item: ExecuteItem): void {
  const kind = item.operation?.kind;
  const payload = (kind?.case === "invoke" ? kind.value.payload : undefined) ?? create(PayloadSchema);
  const outcome = { case: "reply", value: { kind: { case: "payload", value: payload } } } as const;
  worker.settle(create(ItemResultSchema, { requestId: item.requestId, epoch: item.epoch, outcome }));
}
