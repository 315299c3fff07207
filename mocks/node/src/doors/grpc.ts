/** The gRPC door. It takes messages as bytes and reads them itself: a broken one gets the error of the table. */
import type { Message } from "@bufbuild/protobuf";
import { toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type {
  Metadata,
  MethodDefinition,
  sendUnaryData,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedHandleCall,
} from "@grpc/grpc-js";
import { Refusal } from "../contract/errors.js";
import { LIBRARY_BYTES_MAX } from "../contract/limits.js";
import { readBinary } from "../contract/reading.js";
import type { Rpc } from "../contract/rpcs.js";
import { RPCS } from "../contract/rpcs.js";
import type { Stream } from "../streams/stream.js";
import type { Front, Header } from "./front.js";
import { addHealth } from "./health.js";
import { statusOf } from "./status.js";

/** How the server frees itself of connections whose other end is gone. */
const KEEPALIVE = { "grpc.keepalive_time_ms": 30_000, "grpc.keepalive_timeout_ms": 10_000 };

/** Opens the door and answers it with its address. */
export async function openGrpc(front: Front, address: string): Promise<{ server: Server; address: string }> {
  const size = { "grpc.max_receive_message_length": LIBRARY_BYTES_MAX, "grpc.max_send_message_length": -1 };
  const server = new Server({ ...size, ...KEEPALIVE });
  const services = new Map<string, Rpc[]>();
  for (const rpc of RPCS) {
    const service = rpc.method.parent.typeName;
    services.set(service, [...(services.get(service) ?? []), rpc]);
  }
  for (const rpcs of services.values()) {
    server.addService(
      Object.fromEntries(rpcs.map((rpc) => [rpc.method.name, definitionOf(rpc)])),
      Object.fromEntries(rpcs.map((rpc) => [rpc.method.name, handlerOf(front, rpc)])),
    );
  }
  addHealth(server, () => !front.surface.bridge.draining);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { server, address: address.replace(/:\d+$/, `:${port}`) };
}

function definitionOf(rpc: Rpc): MethodDefinition<Buffer, Buffer> {
  return {
    path: `/${rpc.method.parent.typeName}/${rpc.method.name}`,
    requestStream: rpc.method.methodKind === "bidi_streaming",
    responseStream: rpc.method.methodKind !== "unary",
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

function handlerOf(front: Front, rpc: Rpc): UntypedHandleCall {
  switch (rpc.method.methodKind) {
    case "unary":
      return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
        answerUnary(front, rpc, call).then(
          (answer) => callback(null, answer),
          (thrown: unknown) => callback(statusOf(Refusal.from(thrown))),
        );
      };
    case "server_streaming":
      return (call: ServerWritableStream<Buffer, Buffer>) => ending(call, answerStream(front, rpc, call));
    default:
      return (call: ServerDuplexStream<Buffer, Buffer>) => ending(call, serveDuplex(front, rpc, call));
  }
}

async function answerUnary(front: Front, rpc: Rpc, call: ServerUnaryCall<Buffer, Buffer>): Promise<Buffer> {
  const admitted = front.admit(rpc, headerOf(call.metadata));
  return wire(rpc, await front.answer(rpc, admitted, readBinary(rpc.input, call.request)));
}

async function answerStream(front: Front, rpc: Rpc, call: ServerWritableStream<Buffer, Buffer>): Promise<void> {
  const admitted = front.admit(rpc, headerOf(call.metadata));
  const gone = goneOf(call);
  for await (const message of front.stream(rpc, admitted, readBinary(rpc.input, call.request), gone)) {
    await write(call, wire(rpc, message), gone);
  }
}

async function serveDuplex(front: Front, rpc: Rpc, call: ServerDuplexStream<Buffer, Buffer>): Promise<void> {
  const admitted = front.admit(rpc, headerOf(call.metadata));
  const handler = front.surface.duplexes.get(rpc.name);
  if (handler === undefined) throw new Error(`nothing serves ${rpc.name}`);
  const gone = goneOf(call);
  const stream: Stream<Message, Message> = {
    frames: framesOf(rpc, call, gone),
    send: (message) => write(call, wire(rpc, message), gone),
    gone,
  };
  await handler(admitted, stream);
}

async function* framesOf(
  rpc: Rpc,
  call: ServerDuplexStream<Buffer, Buffer>,
  gone: AbortSignal,
): AsyncGenerator<Message> {
  // The iterator must leave the stream open when it ends: the answers go on after the caller's half-close.
  const chunks = call.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
  for (;;) {
    let next: IteratorResult<Buffer, unknown>;
    try {
      next = await chunks.next();
    } catch (error) {
      if (gone.aborted) return;
      throw error;
    }
    if (next.done) return;
    yield readBinary(rpc.input, next.value);
  }
}

/** Ends the stream with OK, or with the status of what was thrown; what was written before still leaves first. */
function ending(
  call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
  work: Promise<void>,
): void {
  work.then(
    () => call.end(),
    (thrown: unknown) => call.emit("error", statusOf(Refusal.from(thrown))),
  );
}

/** Writes a message and waits while the connection is full. */
async function write(
  call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
  message: Buffer,
  gone: AbortSignal,
): Promise<void> {
  if (gone.aborted || call.write(message)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      call.off("drain", done);
      gone.removeEventListener("abort", done);
      resolve();
    };
    call.once("drain", done);
    gone.addEventListener("abort", done);
  });
}

function goneOf(call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>): AbortSignal {
  const controller = new AbortController();
  call.on("cancelled", () => controller.abort());
  if (call.cancelled) controller.abort();
  return controller.signal;
}

function headerOf(metadata: Metadata): Header {
  return (name) => metadata.get(name)[0]?.toString();
}

function wire(rpc: Rpc, message: Message): Buffer {
  return Buffer.from(toBinary(rpc.output, message));
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
