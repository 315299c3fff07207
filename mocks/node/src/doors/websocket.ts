/** The WebSocket door: the streams of the contract as JSON text frames. */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { Message } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import type { WebSocket } from "ws";
import { WebSocketServer } from "ws";
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import { Refusal, rowOf } from "../contract/errors.js";
import { LIBRARY_BYTES_MAX } from "../contract/limits.js";
import { malformed, parseJson, readJson } from "../contract/reading.js";
import type { Rpc } from "../contract/rpcs.js";
import type { Front } from "./front.js";
import { Inbox } from "./inbox.js";
import { problemOf, rawProblem } from "./problem.js";
import { messageOf } from "./request.js";
import { headerOf } from "./rest.js";
import type { Found } from "./routes.js";
import { findWebsocket } from "./routes.js";

const CLOSED_WELL = 1000;
const CLOSED_WITH_ERROR = 4000;

/** Takes the upgrades of a REST door. */
export function openWebsockets(front: Front, server: Server): WebSocketServer {
  // Text that is no UTF-8 is refused like any other that cannot be read, and not by the library.
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LIBRARY_BYTES_MAX, skipUTF8Validation: true });
  server.on("upgrade", (request, socket, head) => {
    const url = new URL(request.url ?? "/", "http://deployment");
    const found = lookUp(url.pathname);
    if (found === undefined) {
      refuseUpgrade(socket, url.pathname);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (websocket) => {
      serve(front, found, websocket, request, url.searchParams).then(
        () => websocket.close(CLOSED_WELL),
        (thrown: unknown) => closeWith(websocket, Refusal.from(thrown)),
      );
    });
  });
  return sockets;
}

async function serve(
  front: Front,
  found: Found,
  websocket: WebSocket,
  request: IncomingMessage,
  query: URLSearchParams,
): Promise<void> {
  const { rpc } = found;
  // Before anything is awaited: a frame that comes meanwhile must not be lost.
  const inbox = new Inbox(websocket);
  const gone = goneOf(websocket);
  const call = front.admit(rpc, headerOf(request));
  const send = (message: Message): Promise<void> => sendText(websocket, JSON.stringify(toJson(rpc.output, message)));
  if (rpc.method.methodKind === "server_streaming") {
    const message = messageOf(found, "", new Uint8Array(), query, () => undefined);
    for await (const answer of front.stream(rpc, call, message, gone)) await send(answer);
    return;
  }
  const handler = front.surface.duplexes.get(rpc.name);
  if (handler === undefined) throw new Error(`nothing serves ${rpc.name}`);
  await handler(call, { frames: framesOf(rpc, inbox), send, gone });
}

async function* framesOf(rpc: Rpc, inbox: Inbox): AsyncGenerator<Message> {
  for await (const { bytes, isBinary } of inbox) {
    if (isBinary) throw malformed("A frame is text, not binary.");
    yield readJson(rpc.input, parseJson(bytes));
  }
}

/** The last frame {error: problem}, and the close code that goes with it. */
function closeWith(websocket: WebSocket, refusal: Refusal): void {
  const { httpStatus, name } = rowOf(refusal.error.code);
  void sendText(websocket, JSON.stringify({ error: problemOf(refusal) }));
  websocket.close(CLOSED_WITH_ERROR + httpStatus, name);
}

/** Resolves once the frame has left; on a closed socket at once. */
async function sendText(websocket: WebSocket, text: string): Promise<void> {
  if (websocket.readyState !== websocket.OPEN) return;
  await new Promise<void>((resolve) => websocket.send(text, () => resolve()));
}

function goneOf(websocket: WebSocket): AbortSignal {
  const controller = new AbortController();
  websocket.once("close", () => controller.abort());
  // The library closes the socket after an error; nobody else needs to hear of it.
  websocket.on("error", () => undefined);
  return controller.signal;
}

function lookUp(path: string): Found | undefined {
  try {
    return findWebsocket(path);
  } catch {
    return undefined;
  }
}

function refuseUpgrade(socket: Duplex, path: string): void {
  socket.end(rawProblem(new Refusal(ErrorCode.NOT_FOUND, `There is no WebSocket at ${path}.`)));
}
