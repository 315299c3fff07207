/** The REST door: Node's own HTTP server. Watch is SSE here; a WebSocket begins as a request of this door. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { DescMessage, JsonValue, Message } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import { ErrorCode } from "../../gen/qbridge_contract/v1/errors_pb.js";
import { Refusal } from "../contract/errors.js";
import type { Rpc } from "../contract/rpcs.js";
import { readBody } from "./body.js";
import type { Front, Header } from "./front.js";
import { problemHeaders, problemOf, rawProblem } from "./problem.js";
import { messageOf } from "./request.js";
import { findRest, MethodRefusal } from "./routes.js";
import { sendEvents } from "./sse.js";

/** Longer than clients keep an idle connection, so that none is closed under a request. */
const KEEP_ALIVE_MS = 75_000;

/** Opens the door and answers it with its URL. */
export async function openRest(
  front: Front,
  address: string,
  openapi: string,
): Promise<{ server: Server; url: string }> {
  const document = readFileSync(openapi);
  const server = createServer((request, response) => {
    serve(front, request, response, document).catch((thrown: unknown) => refuse(response, Refusal.from(thrown)));
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on("clientError", (_, socket) => {
    if (!socket.writable) return;
    socket.end(rawProblem(new Refusal(ErrorCode.MALFORMED, "This is no HTTP request.")));
  });
  const { host, port } = split(address);
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  return { server, url: `http://${host}:${(server.address() as AddressInfo).port}` };
}

async function serve(front: Front, request: IncomingMessage, response: ServerResponse, openapi: Buffer): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://deployment");
  const method = request.method ?? "GET";
  if (pathname === "/openapi.json" && method === "GET") {
    response.writeHead(200, { "content-type": "application/json" }).end(openapi);
    return;
  }
  const found = findRest(method, pathname);
  const { rpc, binding } = found;
  const call = front.admit(rpc, headerOf(request));
  const bytes = await readBody(request, binding.body !== "");
  const message = messageOf(found, binding.body, bytes, searchParams, headerOf(request));
  if (rpc.method.methodKind === "server_streaming") {
    await sendEvents(response, (gone) => front.stream(rpc, call, message, gone));
    return;
  }
  const answer = await front.answer(rpc, call, message);
  const { body, headers } = bodyOf(rpc, binding.responseBody, answer);
  response
    .writeHead(binding.successStatus, { "content-type": "application/json", ...headers })
    .end(JSON.stringify(body));
}

/** The part of an answer that REST sends, and the version of a backend for If-Match. */
function bodyOf(rpc: Rpc, field: string, answer: Message): { body: JsonValue; headers: Record<string, string> } {
  let type: DescMessage = rpc.output;
  let part = answer;
  const found = rpc.output.fields.find((one) => one.name === field);
  if (found?.fieldKind === "message") {
    type = found.message;
    part = (answer as unknown as Record<string, Message>)[found.localName] ?? answer;
  }
  const version = type.name === "Backend" ? (part as Message & { version?: number }).version : undefined;
  return { body: toJson(type, part), headers: version === undefined ? {} : { etag: `"${version}"` } };
}

function refuse(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const problem = problemOf(refusal);
  const allow = refusal instanceof MethodRefusal ? { allow: refusal.allow } : {};
  response.writeHead(problem.status as number, { ...problemHeaders(refusal), ...allow }).end(JSON.stringify(problem));
}

/** The headers of a request. */
export function headerOf(request: IncomingMessage): Header {
  return (name) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
}

function split(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
